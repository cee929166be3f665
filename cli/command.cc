#include "cli/command.h"

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cstdlib>

#include "base/paths.h"
#include "cli/terminal.h"
#include "datasets/import/importers.h"
#include "datasets/tensor_cache.h"
#include "harness/jobs/run_job.h"
#include "harness/jobs/samples_ref.h"
#include "harness/plan/plan_checks.h"

namespace qbench::cli {
namespace po = boost::program_options;

Result<ExitStatus> Dispatch(std::string_view command, const std::vector<Subcommand>& subcommands,
                            const std::vector<std::string>& args) {
  if (args.empty() || args[0] == "--help" || args[0] == "-h") {
    std::string text = fmt::format("Usage: qbench {} COMMAND [options]\n\n", command);
    for (const Subcommand& subcommand : subcommands) {
      text += fmt::format("  {:<16}{}\n", subcommand.name, subcommand.summary);
    }
    text += fmt::format("\n`qbench {} COMMAND --help` shows a command's options.\n", command);
    (args.empty() ? PrintError : Print)(text);
    return args.empty() ? kUsageError : kDone;
  }
  const auto found = std::ranges::find(subcommands, args[0], &Subcommand::name);
  if (found == subcommands.end()) {
    return Error(StatusCode::kInvalidArgument, "no command \"{}\"; see qbench {} --help", args[0],
                 command);
  }
  return found->run({args.begin() + 1, args.end()});
}

void AddFolderOptions(po::options_description& options) {
  options.add_options()("cache", po::value<std::string>()->value_name("DIR"),
                        "where decoded images and artifacts are kept (default: "
                        "$XDG_CACHE_HOME/qbench)")(
      "data", po::value<std::string>()->value_name("DIR"),
      "where imported data sets are (default: $XDG_DATA_HOME/qbench)");
}

void AddCalibrationOptions(po::options_description& options) {
  options.add_options()(
      "calibration-runtime", po::value<std::string>()->value_name("NAME")->default_value(""),
      "the runtime that runs the float model for calibration (default: litert, or what works)")(
      "calibration-seed", po::value<uint64_t>()->value_name("N")->default_value(0),
      "another choice of calibration images, the same on every machine");
}

Result<plan::Folders> FoldersOf(const Arguments& arguments) {
  const std::string cache = arguments.GetOr("cache", "");
  plan::Folders folders;
  QB_ASSIGN_OR_RETURN(folders.cache, CacheHome(cache));
  QB_ASSIGN_OR_RETURN(folders.share, ShareDir());
  QB_ASSIGN_OR_RETURN(folders.datasets,
                      datasets::DefaultSearchPath(arguments.GetOr("data", ""), cache));
  folders.datasets.importable = datasets::ImportableDatasets();
  return folders;
}

void AddDatabaseOption(po::options_description& options) {
  options.add_options()("db", po::value<std::string>()->value_name("FILE"),
                        "the database (default: $QBENCH_DB, else qbench.sqlite here)");
}

std::filesystem::path DatabaseOf(const Arguments& arguments) {
  if (arguments.Has("db")) return arguments.Get<std::string>("db");
  const char* named = std::getenv("QBENCH_DB");
  return named != nullptr && *named != '\0' ? named : "qbench.sqlite";
}

plan::JobRunner WorkerJobs() {
  return [](const jobs::Job& job, const jobs::JobSettings& settings,
            const jobs::JobCallbacks& callbacks) { return jobs::RunJob(job, settings, callbacks); };
}

Result<jobs::SamplesRef> SamplesOf(const datasets::Dataset& dataset, const std::string& split_name,
                                   const plan::PlannedModel& model, const plan::Folders& folders,
                                   bool quiet, uint64_t seed, LabelUse use) {
  QB_ASSIGN_OR_RETURN(const datasets::Split* split, dataset.FindSplit(split_name));
  std::vector<int> outputs;
  if (use == LabelUse::kNone && model.sidecar.labels.empty()) {
    QB_RETURN_IF_ERROR(plan::CheckInput(model));
  } else {
    QB_ASSIGN_OR_RETURN(outputs, plan::LabelOutputs(model, dataset));
  }
  datasets::DecodeOptions decode;
  decode.progress = [](size_t, size_t) { return !Interrupted(); };
  QB_ASSIGN_OR_RETURN(const datasets::TensorCache tensors,
                      datasets::EnsureTensors(*split, model.sidecar.input, folders.cache, decode));
  if (const std::string broken = datasets::DescribeBroken(*split, tensors);
      !quiet && !broken.empty()) {
    PrintWarnings({broken});
  }
  return jobs::MakeSamplesRef(*split, tensors, model.sidecar.input, outputs, seed);
}

Result<std::string> OnlyArgument(const Arguments& arguments, const char* positional,
                                 std::string_view what) {
  const std::vector<std::string> given = arguments.List(positional);
  if (given.size() == 1) return given[0];
  return Error(StatusCode::kInvalidArgument, "name one {}{}; see --help", what,
               given.empty() ? "" : ", not several");
}

std::string FormatBytes(uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes < 1000) return fmt::format("{} B", bytes);
  if (bytes < 1'000'000) return fmt::format("{:.0f} kB", value / 1e3);
  if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", value / 1e6);
  return fmt::format("{:.1f} GB", value / 1e9);
}

}  // namespace qbench::cli
