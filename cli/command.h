// The commands of qbench, and what they share.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"
#include "cli/arguments.h"
#include "cli/exit_status.h"
#include "harness/plan/run_plan.h"

namespace qbench::cli {

// `args` are what follows the command's name. A failure is printed by main, which also turns it
// into the exit status.
using CommandFunction = Result<ExitStatus> (*)(const std::vector<std::string>& args);

Result<ExitStatus> RunCommand(const std::vector<std::string>& args);
Result<ExitStatus> CompareCommand(const std::vector<std::string>& args);
Result<ExitStatus> BaselineCommand(const std::vector<std::string>& args);
Result<ExitStatus> NightsCommand(const std::vector<std::string>& args);
Result<ExitStatus> ReportCommand(const std::vector<std::string>& args);
Result<ExitStatus> RunsCommand(const std::vector<std::string>& args);
Result<ExitStatus> MergeCommand(const std::vector<std::string>& args);
Result<ExitStatus> CacheCommand(const std::vector<std::string>& args);
Result<ExitStatus> InitCommand(const std::vector<std::string>& args);
Result<ExitStatus> QuantizeCommand(const std::vector<std::string>& args);
Result<ExitStatus> InspectCommand(const std::vector<std::string>& args);
Result<ExitStatus> DiffCommand(const std::vector<std::string>& args);
Result<ExitStatus> ProfileCommand(const std::vector<std::string>& args);
Result<ExitStatus> DatasetCommand(const std::vector<std::string>& args);
Result<ExitStatus> DbCommand(const std::vector<std::string>& args);
Result<ExitStatus> PluginCommand(const std::vector<std::string>& args);
Result<ExitStatus> PluginCheckCommand(const std::vector<std::string>& args);  // qbench plugin check
Result<ExitStatus> DoctorCommand(const std::vector<std::string>& args);

// One of the commands inside of `qbench dataset`, `qbench db` and `qbench plugin`.
struct Subcommand {
  std::string_view name;
  std::string_view summary;
  CommandFunction run;
};
// Runs args[0] with the rest; prints a list for --help.
Result<ExitStatus> Dispatch(std::string_view command, const std::vector<Subcommand>& subcommands,
                            const std::vector<std::string>& args);

// --cache and --data, and the folders they lead to.
void AddFolderOptions(boost::program_options::options_description& options);
Result<plan::Folders> FoldersOf(const Arguments& arguments);

// --calibration-runtime and --calibration-seed.
void AddCalibrationOptions(boost::program_options::options_description& options);

// --db, and the database: that option, else $QBENCH_DB, else qbench.sqlite here.
void AddDatabaseOption(boost::program_options::options_description& options);
std::filesystem::path DatabaseOf(const Arguments& arguments);

// jobs::RunJob, as the plan's functions take it.
plan::JobRunner WorkerJobs();

// Whether somebody asks for the images' classes. Where nobody does, a sidecar may name no labels.
enum class LabelUse { kNeeded, kNone };

// The images of a split as the model's inputs, decoded where they are not in the cache yet, the
// classes in turn; `seed` chooses the order within each. Prints a warning of broken images
// unless it is `quiet`. The errors of plan::LabelOutputs and of decoding; kNotFound: no such split.
Result<jobs::SamplesRef> SamplesOf(const datasets::Dataset& dataset, const std::string& split,
                                   const plan::PlannedModel& model, const plan::Folders& folders,
                                   bool quiet, uint64_t seed = 0, LabelUse use = LabelUse::kNeeded);

// The one positional argument that a command must have.
Result<std::string> OnlyArgument(const Arguments& arguments, const char* positional,
                                 std::string_view what);

// "1.2 MB", "628 kB": decimal, as file managers show it.
std::string FormatBytes(uint64_t bytes);

}  // namespace qbench::cli
