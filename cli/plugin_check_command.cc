// `qbench plugin check`.
#include <boost/program_options/value_semantic.hpp>

#include "base/json.h"
#include "cli/command.h"
#include "cli/litert_option.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "harness/conformance/report_text.h"
#include "harness/host/plugin_paths.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

namespace fs = std::filesystem;

po::options_description CheckOptions() {
  po::options_description options("Options", 100);
  auto add = options.add_options();
  add("seed", po::value<uint32_t>()->value_name("N")->default_value(1),
      "of models, inputs and damages; the report names it");
  add("models", po::value<uint32_t>()->value_name("N")->default_value(3),
      "models for each operator and type");
  add("operator", po::value<std::string>()->value_name("NAME"),
      "only this operator's row of the table (CONV_2D)");
  add("check", po::value<std::string>()->value_name("NAME"),
      "only this check (docs/conformance.md lists them)");
  add("name", po::value<std::string>()->value_name("NAME"),
      "only this one of the file's quantizers and runtimes");
  add("option", po::value<std::vector<std::string>>()->value_name("NAME=VALUE")->composing(),
      "an option of the plugin; may be repeated");
  add("timeout", po::value<uint32_t>()->value_name("S")->default_value(20),
      "seconds that a check may take");
  add("quiet", po::bool_switch(), "no progress");
  add("json", po::bool_switch(), "print the result as JSON");
  AddLitertOption(options);
  return options;
}

// The reference runtime's file, which the host would use too.
Result<fs::path> ReferencePlugin() {
  QB_ASSIGN_OR_RETURN(const std::vector<fs::path> folders, host::PluginFolders());
  QB_ASSIGN_OR_RETURN(const std::vector<fs::path> files, host::PluginFiles(folders));
  for (const fs::path& file : files) {
    if (file.filename() == "reference.so") return file;
  }
  std::vector<std::string> names;
  names.reserve(folders.size());
  for (const fs::path& folder : folders) names.push_back(folder.string());
  return Error(StatusCode::kNotFound,
               "the runtime reference, which plugins are compared with, is in none of the plugin "
               "folders ({})",
               fmt::join(names, ", "));
}

Result<std::vector<host::Option>> PluginOptions(const Arguments& arguments) {
  std::vector<host::Option> options;
  for (const std::string& text : arguments.List("option")) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return Error(StatusCode::kInvalidArgument, "--option {}: it must be NAME=VALUE", text);
    }
    options.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  return options;
}

Result<conformance::CheckSettings> SettingsOf(const Arguments& arguments) {
  conformance::CheckSettings settings;
  QB_ASSIGN_OR_RETURN(const std::string file, OnlyArgument(arguments, "file", "plugin file"));
  settings.plugin = fs::absolute(file);
  QB_ASSIGN_OR_RETURN(settings.reference, ReferencePlugin());
  QB_ASSIGN_OR_RETURN(settings.options, PluginOptions(arguments));
  settings.id = arguments.GetOr("name", "");
  settings.seed = arguments.Get<uint32_t>("seed");
  settings.models = static_cast<int>(arguments.Get<uint32_t>("models"));
  settings.op = arguments.GetOr("operator", "");
  settings.check = arguments.GetOr("check", "");
  settings.time_limit = std::chrono::seconds(arguments.Get<uint32_t>("timeout"));
  if (settings.models < 1 || settings.models > 1000 || settings.time_limit.count() < 1) {
    return Error(StatusCode::kInvalidArgument,
                 "--models must be 1 to 1000 and --timeout at least 1");
  }
  return settings;
}

}  // namespace

Result<ExitStatus> PluginCheckCommand(const std::vector<std::string>& args) {
  const Help help = {
      "qbench plugin check FILE [options]",
      "Holds every quantizer and runtime of a plugin file against the plugin ABI: life cycle, "
      "wrong\n"
      "sizes, damaged models, unknown options, several objects at once, no memory, cancelling. "
      "Each\n"
      "check runs in a process of its own. A runtime is also compared with the runtime reference "
      "on\n"
      "random models of every operator and type, in a table.",
      "qbench plugin check build/release/lib/qbench/plugins/int8.so\n"
      "qbench plugin check my_runtime.so --operator CONV_2D --seed 7 --models 50",
      "Exit status: 0 the plugin conforms, 3 it does not, 2 it cannot be loaded or does not work\n"
      "here, or usage or environment error."};
  QB_ASSIGN_OR_RETURN(const Arguments arguments,
                      Arguments::Parse(args, help, CheckOptions(), "file"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_RETURN_IF_ERROR(SetLitertLibrary(arguments));
  QB_ASSIGN_OR_RETURN(conformance::CheckSettings settings, SettingsOf(arguments));
  ProgressDisplay display(arguments.Get<bool>("quiet") || !ErrorIsTerminal()
                              ? ProgressDisplay::Style::kQuiet
                              : ProgressDisplay::Style::kBar);
  settings.progress = [&](const std::string& doing, uint64_t done, uint64_t total) {
    display.Update(static_cast<double>(done) / static_cast<double>(total), doing, -1);
  };
  settings.cancelled = Interrupted;
  QB_ASSIGN_OR_RETURN(const std::vector<conformance::PluginReport> reports,
                      conformance::CheckPlugin(settings));
  display.Clear();
  Json json = Json::array();
  std::string text;
  ExitStatus status = kDone;
  for (const conformance::PluginReport& report : reports) {
    json.push_back(conformance::ReportToJson(report));
    text += (text.empty() ? "" : "\n") + conformance::FormatReport(report);
    if (!report.conforms()) {
      status = kCellFailed;
    } else if (!report.available && status == kDone) {
      status = kUsageError;
    }
  }
  Print(arguments.Get<bool>("json") ? DumpJson(json) + "\n" : text);
  return status;
}

}  // namespace qbench::cli
