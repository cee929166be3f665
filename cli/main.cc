// qbench: the command line. Every failure of every command is printed here, in one line.
#include <sys/stat.h>

#include <exception>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/terminal.h"

namespace qbench::cli {
namespace {

constexpr std::string_view kIntroduction =
    "qbench measures quantized image classifiers on this machine: size, latency and\n"
    "accuracy of every combination of model, quantizer and runtime, over labelled\n"
    "images.\n";

const std::vector<Subcommand>& Commands() {
  static const std::vector<Subcommand> commands = {
      {"run", "measure a matrix of models, quantizers and runtimes", RunCommand},
      {"init", "write a model's sidecar: what is known, and what images show", InitCommand},
      {"report", "make a report (HTML, CSV, Markdown, JSON) from what was measured", ReportCommand},
      {"compare", "say whether a run, a database or a file is worse than another", CompareCommand},
      {"baseline", "pin a run, to measure it again beside a new build", BaselineCommand},
      {"nights", "show the nights beside a baseline: verdicts, trends, gaps", NightsCommand},
      {"runs", "list, show, rename and delete the runs of a database", RunsCommand},
      {"merge", "copy the runs of other databases into one", MergeCommand},
      {"quantize", "make one quantized model, to deploy it", QuantizeCommand},
      {"inspect", "show a model's layers, shapes and costs", InspectCommand},
      {"diff", "compare a quantized model with its float model, layer by layer", DiffCommand},
      {"profile", "say where a .tflite file's time goes, operator by operator", ProfileCommand},
      {"dataset", "list, import, verify and export data sets", DatasetCommand},
      {"db", "check a database, export runs of it, give free space back", DbCommand},
      {"plugin", "list the plugins that are installed, and check one", PluginCommand},
      {"cache", "list and clean what is kept to be used again", CacheCommand},
      {"doctor", "say whether this machine is fit to measure on", DoctorCommand},
  };
  return commands;
}

std::string HelpText() {
  std::string text = fmt::format("{}\nUsage: qbench COMMAND [options]\n\n", kIntroduction);
  for (const Subcommand& command : Commands()) {
    text += fmt::format("  {:<12}{}\n", command.name, command.summary);
  }
  text +=
      "\nExample:\n  qbench run --plugins int8,fp16,float --dataset scenes\n\n"
      "`qbench COMMAND --help` shows a command's options, qbench --version the version.\n"
      "Exit status: 0 done, 2 usage or environment error, 3 every cell failed (with\n"
      "--strict: any), 130 interrupted; of compare and run --gate 1 regression, 4\n"
      "cannot tell.\n";
  return text;
}

int Main(const std::vector<std::string>& args) {
  if (args.empty() || args[0] == "--help" || args[0] == "-h" || args[0] == "help") {
    (args.empty() ? PrintError : Print)(HelpText());
    return args.empty() ? kUsageError : kDone;
  }
  if (args[0] == "--version") {
    Print(fmt::format("qbench {}\n", QBENCH_VERSION));
    return kDone;
  }
  for (const Subcommand& command : Commands()) {
    if (command.name != args[0]) continue;
    const Result<ExitStatus> result = command.run({args.begin() + 1, args.end()});
    if (result.ok()) return *result;
    PrintError(fmt::format("qbench {}: {}\n", args[0], result.status().message()));
    return ExitStatusOf(result.status());
  }
  PrintError(fmt::format("qbench: no command \"{}\"; see qbench --help\n", args[0]));
  return kUsageError;
}

// What did not arrive is a failure, however well the command itself went.
int Finish(const std::vector<std::string>& args, int status) {
  const Status printed = FinishOutput();
  if (printed.ok()) return status;
  const bool named = !args.empty() && !args[0].starts_with('-');
  PrintError(
      fmt::format("qbench{}{}: {}\n", named ? " " : "", named ? args[0] : "", printed.message()));
  return status == kInterrupted ? status : ExitStatusOf(printed);
}

}  // namespace
}  // namespace qbench::cli

// Every library reports through Status; what still arrives here is a lack of memory or a bug.
int main(int argc, char** argv) {
  umask(umask(0) | 022);  // as strict as the user's, and nothing is writable by others
  qbench::cli::TakeStandardStreams();
  qbench::cli::HandleSignals();
  try {
    const std::vector<std::string> args(argv + 1, argv + argc);
    return qbench::cli::Finish(args, qbench::cli::Main(args));
  } catch (const std::exception& error) {
    qbench::cli::PrintError("qbench: internal error: ");
    qbench::cli::PrintError(error.what());
    qbench::cli::PrintError("\n");
    return qbench::cli::kUsageError;
  }
}
