#include "harness/cli/arguments.h"

#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>
#include <sstream>

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

std::string Indented(std::string_view lines) {
  std::string text;
  std::istringstream stream{std::string(lines)};
  for (std::string line; std::getline(stream, line);) text += "  " + line + "\n";
  return text;
}

std::string HelpText(const Help& help, const po::options_description& options) {
  std::ostringstream text;
  text << "Usage: " << help.usage << "\n\n" << help.description << "\n\n" << options;
  if (!help.example.empty()) text << "\nExample:\n" << Indented(help.example);
  if (!help.notes.empty()) text << "\n" << help.notes << "\n";
  return text.str();
}

// "qbench run", of "qbench run [MODEL...] --plugins …".
std::string CommandOf(std::string_view usage) {
  const size_t end = usage.find_first_of("[-");
  size_t length = usage.find(' ', usage.find(' ') + 1);
  length = std::min(length, end == 0 ? length : end - 1);
  return std::string(usage.substr(0, length));
}

}  // namespace

Result<Arguments> Arguments::Parse(const std::vector<std::string>& args, const Help& help,
                                   const po::options_description& visible, const char* positional,
                                   int max_positional) {
  po::options_description options;
  options.add(visible).add_options()("help,h", "");
  po::positional_options_description positions;
  if (positional != nullptr) {
    // Not among the visible options: the usage line shows it.
    options.add_options()(positional, po::value<std::vector<std::string>>());
    positions.add(positional, max_positional);
  }
  Arguments arguments;
  try {
    po::store(po::command_line_parser(args).options(options).positional(positions).run(),
              arguments.values_);
    if (arguments.values_.count("help") > 0) {
      arguments.help_ = HelpText(help, visible);
      return arguments;
    }
    po::notify(arguments.values_);
  } catch (const po::too_many_positional_options_error&) {
    return Error(StatusCode::kInvalidArgument, "too many arguments; see {} --help",
                 CommandOf(help.usage));
  } catch (const po::error& error) {
    return Error(StatusCode::kInvalidArgument, "{}; see {} --help", error.what(),
                 CommandOf(help.usage));
  }
  return arguments;
}

}  // namespace qbench::cli
