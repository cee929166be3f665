#include "cli/arguments.h"

#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>
#include <cstdint>
#include <sstream>
#include <typeinfo>
#include <utility>

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr size_t kWidth = 80;

// One line of words as several that fit into kWidth columns: each but the last ends in `end`, each
// but the first begins with `indent` spaces. The first has room for what stands before it, `used`.
std::string Wrapped(std::string_view line, size_t used, size_t indent, std::string_view end = "") {
  std::istringstream words{std::string(line)};
  std::string text;
  size_t column = used;
  for (std::string word; words >> word; column += word.size()) {
    if (!text.empty() && column + 1 + word.size() + end.size() > kWidth) {
      text.append(end).append("\n").append(indent, ' ');
      column = indent;
    } else if (!text.empty()) {
      text += ' ';
      ++column;
    }
    text += word;
  }
  return text;
}

std::string Example(std::string_view lines) {
  std::string text;
  std::istringstream stream{std::string(lines)};
  for (std::string line; std::getline(stream, line);) {
    text += "  " + Wrapped(line, 2, 4, " \\") + "\n";
  }
  return text;
}

// Lines that end within a sentence go on in the next; those that end with one are kept apart.
std::string Paragraphs(std::string_view lines) {
  std::string text;
  std::string sentence;
  std::istringstream stream{std::string(lines)};
  const auto flush = [&] {
    if (!sentence.empty()) text += Wrapped(std::exchange(sentence, ""), 0, 0) + "\n";
  };
  for (std::string line; std::getline(stream, line);) {
    if (line.empty()) {
      flush();
      text += "\n";
    } else {
      sentence += " " + line;
      if (line.ends_with('.')) flush();
    }
  }
  flush();
  return text;
}

std::string HelpText(const Help& help, const po::options_description& options) {
  po::options_description narrow("Options", kWidth);
  for (const auto& option : options.options()) narrow.add(option);
  constexpr std::string_view kUsage = "Usage: ";
  std::ostringstream text;
  text << kUsage << Wrapped(help.usage, kUsage.size(), kUsage.size()) << "\n\n"
       << Paragraphs(help.description) << "\n"
       << narrow;
  if (!help.example.empty()) text << "\nExample:\n" << Example(help.example);
  if (!help.notes.empty()) text << "\n" << Paragraphs(help.notes);
  return text.str();
}

// "qbench run", of "qbench run [MODEL...] --plugins …".
std::string CommandOf(std::string_view usage) {
  const size_t end = usage.find_first_of("[-");
  size_t length = usage.find(' ', usage.find(' ') + 1);
  length = std::min(length, end == 0 ? length : end - 1);
  return std::string(usage.substr(0, length));
}

// The stream that Boost reads numbers with turns "-1" into the largest unsigned number.
Status RefuseNegative(const po::parsed_options& parsed, const po::variables_map& values) {
  for (const po::option& option : parsed.options) {
    if (option.value.empty() || !option.value[0].starts_with('-')) continue;
    const auto found = values.find(option.string_key);
    if (found == values.end()) continue;
    const std::type_info& type = found->second.value().type();
    if (type != typeid(uint64_t) && type != typeid(uint32_t)) continue;
    return Error(StatusCode::kInvalidArgument,
                 "--{} is a whole number from 0 on, not \"{}\"; leave it out for the default",
                 option.string_key, option.value[0]);
  }
  return OkStatus();
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
    const po::parsed_options parsed =
        po::command_line_parser(args).options(options).positional(positions).run();
    po::store(parsed, arguments.values_);
    if (arguments.values_.count("help") > 0) {
      arguments.help_ = HelpText(help, visible);
      return arguments;
    }
    QB_RETURN_IF_ERROR(RefuseNegative(parsed, arguments.values_));
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
