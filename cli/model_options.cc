#include "cli/model_options.h"

#include <boost/program_options/value_semantic.hpp>
#include <string_view>

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

// "a,b" -> {"a", "b"}.
Result<std::vector<std::string>> NamesOf(const Arguments& arguments, const char* option) {
  std::vector<std::string> names;
  if (!arguments.Has(option)) return names;
  std::string_view rest = arguments.Get<std::string>(option);
  while (true) {
    const size_t comma = rest.find(',');
    names.emplace_back(rest.substr(0, comma));
    if (names.back().empty()) {
      return Error(StatusCode::kInvalidArgument,
                   "--{} \"{}\": write names separated by commas, as in a,b", option,
                   arguments.Get<std::string>(option));
    }
    if (comma == std::string_view::npos) return names;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace

void AddModelOptions(po::options_description& options) {
  options.add_options()("signature", po::value<std::string>()->value_name("NAME"),
                        "of a SavedModel: which signature (default: serving_default)")(
      "inputs", po::value<std::string>()->value_name("A,B"),
      "of a frozen graph: the nodes that are its inputs (default: its placeholders)")(
      "outputs", po::value<std::string>()->value_name("C"),
      "of a frozen graph: the nodes that are its outputs (default: its one end); of a\n"
      "SavedModel: outputs of the signature (default: all of floats)");
}

Result<jobs::ImportChoice> ChoiceOf(const Arguments& arguments) {
  jobs::ImportChoice choice{.signature = arguments.GetOr("signature", "")};
  QB_ASSIGN_OR_RETURN(choice.inputs, NamesOf(arguments, "inputs"));
  QB_ASSIGN_OR_RETURN(choice.outputs, NamesOf(arguments, "outputs"));
  return choice;
}

}  // namespace qbench::cli
