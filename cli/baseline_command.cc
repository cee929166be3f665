// `qbench baseline`: pin, list, show, drop.
#include <boost/program_options/value_semantic.hpp>

#include "base/json.h"
#include "base/paths.h"
#include "cli/baseline_folder.h"
#include "cli/command.h"
#include "cli/run_choice.h"
#include "cli/terminal.h"
#include "harness/baseline/baseline_manifest.h"
#include "harness/baseline/pin.h"
#include "harness/plan/pinned_runtime.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

using baseline::Baseline;
using baseline::PinnedCell;

constexpr std::string_view kStatuses = "Exit status: 0 done, 2 usage or environment error.";

po::options_description CommonOptions(bool json) {
  po::options_description options("Options", 100);
  if (json) options.add_options()("json", po::bool_switch(), "print the result as JSON");
  options.add_options()("data", po::value<std::string>()->value_name("DIR"),
                        "where baselines are kept, in baselines/ below it (default: "
                        "$XDG_DATA_HOME/qbench)");
  return options;
}

int64_t BytesOf(const Baseline& baseline) {
  int64_t bytes = 0;
  for (const baseline::PinnedFile& file : baseline.files) bytes += file.bytes;
  return bytes;
}

std::string Counted(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string TextOf(const Json& object, const char* key) {
  const Result<std::string> text = JsonGetOr<std::string>(object, key, "");
  return text.ok() ? *text : "";
}

// --- pin -----------------------------------------------------------------------------------------

constexpr Help kPinHelp = {
    "qbench baseline pin NAME [--run RUN] [options]",
    "Keeps in one folder what it takes to measure the cells of a run again on another night:\n"
    "the artifacts with their sidecars, the runtime plugins and the libraries of their engines,\n"
    "each by its hash, and which images and options they were measured with. Cells that failed\n"
    "are left out. `qbench run --baseline NAME --gate` then measures them beside a new build.",
    "qbench baseline pin release-1.2 --run 12", kStatuses};

Result<ExitStatus> Pin(const std::vector<std::string>& args) {
  po::options_description options("Options", 100);
  options.add_options()("run", po::value<std::string>()->value_name("RUN")->default_value("latest"),
                        "the run to pin: its number, its name, latest or previous; FILE#RUN is one "
                        "of another database");
  AddDatabaseOption(options);
  options.add(CommonOptions(/*json=*/false));
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kPinHelp, options, "name"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::string name, OnlyArgument(arguments, "name", "baseline"));
  QB_ASSIGN_OR_RETURN(const std::filesystem::path baselines, BaselinesOf(arguments));
  QB_RETURN_IF_ERROR(baseline::CheckName(name));
  RunChoice choice(DatabaseOf(arguments), store::OpenMode::kReadOnly);
  QB_ASSIGN_OR_RETURN(const RunChoice::Chosen chosen,
                      choice.Find(arguments.Get<std::string>("run")));
  QB_ASSIGN_OR_RETURN(const store::RunData run, chosen.store->LoadRun(chosen.id));
  const auto verify = [](const Baseline& made) -> Status {
    for (const baseline::PinnedRuntime& runtime : made.runtimes) {
      QB_RETURN_IF_ERROR(plan::TryPinnedRuntime(runtime, WorkerJobs()).status());
    }
    return OkStatus();
  };
  QB_ASSIGN_OR_RETURN(const baseline::Pinned pinned,
                      baseline::PinRun(run, chosen.store->path(), baselines, name, verify));
  const Baseline& made = pinned.baseline;
  for (const std::string& cell : pinned.left_out) PrintWarnings({"left out: " + cell});
  Print(fmt::format("Pinned {} of run {} as {}: {} in {}\n", Counted(made.cells.size(), "cell"),
                    chosen.id, name, FormatBytes(static_cast<uint64_t>(BytesOf(made))),
                    made.folder.string()));
  return kDone;
}

// --- list ----------------------------------------------------------------------------------------

constexpr Help kListHelp = {"qbench baseline list [options]",
                            "Shows the baselines that are pinned.", "qbench baseline list",
                            kStatuses};

Json ToJson(const Baseline& baseline) {
  Json json = baseline::ManifestOf(baseline);
  json["name"] = baseline.name;
  json["folder"] = baseline.folder.string();
  json["sha256"] = baseline.sha256;
  return json;
}

Result<ExitStatus> List(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments,
                      Arguments::Parse(args, kListHelp, CommonOptions(/*json=*/true)));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::filesystem::path baselines, BaselinesOf(arguments));
  Json json = Json::array();
  std::string text;
  for (const std::string& name : baseline::BaselineNames(baselines)) {
    const Result<Baseline> baseline = baseline::ReadBaseline(baselines, name);
    if (!baseline.ok()) {
      json.push_back({{"name", name}, {"error", baseline.status().message()}});
      text += fmt::format("{:<16} {}\n", name, baseline.status().message());
      continue;
    }
    json.push_back(ToJson(*baseline));
    text += fmt::format("{:<16} {}  {} of {}, qbench {}, {}\n", name, baseline->pinned_at,
                        Counted(baseline->cells.size(), "cell"), baseline->dataset,
                        TextOf(baseline->run, "qbench_version"),
                        FormatBytes(static_cast<uint64_t>(BytesOf(*baseline))));
  }
  if (text.empty()) {
    text = fmt::format("No baseline in {}: pin one with qbench baseline pin NAME --run RUN\n",
                       baselines.string());
  }
  Print(arguments.Get<bool>("json") ? DumpJson(json) + "\n" : text);
  return kDone;
}

// --- show ----------------------------------------------------------------------------------------

constexpr Help kShowHelp = {
    "qbench baseline show NAME [options]",
    "Shows what a baseline holds and where it comes from, and checks that every file of it is\n"
    "what was pinned, and that its runtimes still work here.",
    "qbench baseline show release-1.2", kStatuses};

std::string Describe(const Baseline& baseline) {
  const Json& run = baseline.run;
  std::string text = fmt::format(
      "{}: {} in {}\n  pinned {} from run {} of {}\n  measured {} by qbench {} {} on {}{}{}\n"
      "  {} images: {}, sha256 {}\n",
      baseline.name, FormatBytes(static_cast<uint64_t>(BytesOf(baseline))),
      baseline.folder.string(), baseline.pinned_at, run.value("id", Json()).dump(),
      TextOf(run, "database"), TextOf(run, "started_at"), TextOf(run, "qbench_version"),
      TextOf(run, "git_state"), TextOf(run, "board"), TextOf(run, "board").empty() ? "" : ", ",
      TextOf(run, "processor"), baseline.split, baseline.dataset, baseline.split_sha256);
  for (const baseline::PinnedRuntime& runtime : baseline.runtimes) {
    text += fmt::format("  runtime {} {}, sha256 {}\n", runtime.plugin.name, runtime.plugin.version,
                        runtime.plugin.sha256);
    if (runtime.library.empty()) continue;
    text += fmt::format("    engine {}, sha256 {}\n", runtime.library.filename().string(),
                        runtime.library_sha256);
  }
  for (const PinnedCell& cell : baseline.cells) {
    text += fmt::format("  {}: {} bytes, sha256 {}\n", NameOf(baseline, cell),
                        cell.artifact.file_bytes, cell.artifact.sha256);
  }
  return text;
}

Result<ExitStatus> Show(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments,
                      Arguments::Parse(args, kShowHelp, CommonOptions(/*json=*/true), "name"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::string name, OnlyArgument(arguments, "name", "baseline"));
  QB_ASSIGN_OR_RETURN(const std::filesystem::path baselines, BaselinesOf(arguments));
  QB_ASSIGN_OR_RETURN(const Baseline baseline, baseline::ReadBaseline(baselines, name));
  Print(arguments.Get<bool>("json") ? DumpJson(ToJson(baseline)) + "\n" : Describe(baseline));
  QB_RETURN_IF_ERROR(baseline::CheckFiles(baseline));
  for (const baseline::PinnedRuntime& runtime : baseline.runtimes) {
    QB_RETURN_IF_ERROR(plan::TryPinnedRuntime(runtime, WorkerJobs()).status().WithContext(name));
  }
  return kDone;
}

// --- drop ----------------------------------------------------------------------------------------

constexpr Help kDropHelp = {
    "qbench baseline drop NAME [options]",
    "Removes a baseline. The rows of the nights that were measured with it\n"
    "stay in their databases.",
    "qbench baseline drop release-1.2", kStatuses};

Result<ExitStatus> Drop(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments,
                      Arguments::Parse(args, kDropHelp, CommonOptions(/*json=*/false), "name"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::string name, OnlyArgument(arguments, "name", "baseline"));
  QB_ASSIGN_OR_RETURN(const std::filesystem::path baselines, BaselinesOf(arguments));
  QB_RETURN_IF_ERROR(baseline::DropBaseline(baselines, name));
  return kDone;
}

}  // namespace

Result<std::filesystem::path> BaselinesOf(const Arguments& arguments) {
  QB_ASSIGN_OR_RETURN(const std::filesystem::path data, DataHome(arguments.GetOr("data", "")));
  return data / "baselines";
}

Result<ExitStatus> BaselineCommand(const std::vector<std::string>& args) {
  return Dispatch("baseline",
                  {{"pin", "keep what it takes to measure a run again", Pin},
                   {"list", "show the baselines that are pinned", List},
                   {"show", "show what a baseline holds, and check it", Show},
                   {"drop", "remove a baseline", Drop}},
                  args);
}

}  // namespace qbench::cli
