// `qbench runs`: list, show, rename, delete.
#include <boost/program_options/value_semantic.hpp>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/one_line.h"
#include "cli/command.h"
#include "cli/run_choice.h"
#include "cli/terminal.h"
#include "fmt/ranges.h"
#include "harness/store/store.h"
#include "reports/reports.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr std::string_view kStatuses = "Exit status: 0 done, 2 usage or environment error.";

po::options_description CommonOptions() {
  po::options_description options("Options", 100);
  options.add_options()("json", po::bool_switch(), "print the result as JSON");
  AddDatabaseOption(options);
  return options;
}

std::string StateOf(const store::RunOverview& overview) {
  if (!overview.run.finished_at.has_value()) {
    return fmt::format("unfinished, {} of {}", overview.reached, overview.cells);
  }
  return overview.failed == 0 ? "done" : fmt::format("done, {} failed", overview.failed);
}

// "2026-11-30T03:09:12Z" to the minute.
std::string ToTheMinute(const std::string& time) {
  std::string text = time.substr(0, 16);
  if (text.size() > 10 && text[10] == 'T') text[10] = ' ';
  return text;
}

Json ToJson(const store::RunOverview& overview) {
  const store::Run& run = overview.run;
  return {{"run", run.id},
          {"name", run.name},
          {"started_at", run.started_at},
          {"finished_at", run.finished_at.has_value() ? Json(*run.finished_at) : Json()},
          {"cells", overview.cells},
          {"cells_reached", overview.reached},
          {"cells_failed", overview.failed},
          {"models", overview.models},
          {"datasets", overview.datasets},
          {"qbench_version", run.qbench_version},
          {"host_id", run.host_id}};
}

// Two lines a run: names may be long, and 80 columns are what there is.
std::string ListText(const std::vector<store::RunOverview>& overviews) {
  std::string text =
      fmt::format("{:>5}  {:<16}  {:>5}  {}\n", "run", "started (UTC)", "cells", "state");
  for (const store::RunOverview& overview : overviews) {
    text += fmt::format("{:>5}  {:<16}  {:>5}  {}\n", overview.run.id,
                        ToTheMinute(overview.run.started_at), overview.cells, StateOf(overview));
    std::string what = fmt::format("{} on {}", fmt::join(overview.models, ", "),
                                   fmt::join(overview.datasets, ", "));
    if (overview.models.empty()) what = "no cells";
    if (!overview.run.name.empty()) what = fmt::format("{}: {}", overview.run.name, what);
    text += fmt::format("       {}\n", Shortened(what, 73));
  }
  return text;
}

Result<ExitStatus> List(const std::vector<std::string>& args) {
  const Help help = {"qbench runs list [options]",
                     "Shows the runs of a database, the newest first: when each began, how many\n"
                     "cells it has, and how it ended.",
                     "qbench runs list --db nightly.sqlite", kStatuses};
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, help, CommonOptions()));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(store::Store store,
                      store::Store::Open(DatabaseOf(arguments), store::OpenMode::kReadOnly));
  QB_ASSIGN_OR_RETURN(const std::vector<store::RunOverview> overviews, store.Overviews());
  if (arguments.Get<bool>("json")) {
    Json json = Json::array();
    for (const store::RunOverview& overview : overviews) json.push_back(ToJson(overview));
    Print(DumpJson(json) + "\n");
  } else if (overviews.empty()) {
    Print(fmt::format("{} holds no runs yet: make one with qbench run\n", store.path().string()));
  } else {
    Print(ListText(overviews));
  }
  return kDone;
}

std::string ShowText(const store::RunData& data) {
  const store::Run& run = data.run;
  std::string text = fmt::format("run {}{}\n", run.id, run.name.empty() ? "" : ": " + run.name);
  const auto fact = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) text += fmt::format("  {:<10}{}\n", name, value);
  };
  fact("started", run.started_at);
  fact("finished", run.finished_at.value_or("no: interrupted, or still running"));
  fact("qbench", run.git_state.empty() ? run.qbench_version
                                       : fmt::format("{} ({})", run.qbench_version, run.git_state));
  fact("command", fmt::format("qbench {}", fmt::join(run.command_line, " ")));
  const Result<std::string> cpu = JsonGetOr<std::string>(run.host, "cpu.name", "");
  const Result<std::string> board = JsonGetOr<std::string>(run.host, "board.model", "");
  fact("board", board.ok() ? *board : "");
  fact("processor", cpu.ok() ? *cpu : "");
  for (const store::Note& note : data.notes) {
    fact(note.severity == store::NoteSeverity::kWarning ? "warning" : "note", note.text);
  }
  return text + "\n" + reports::TerminalTable(data);
}

Result<ExitStatus> Show(const std::vector<std::string>& args) {
  const std::string notes = fmt::format("{}\n{}", kRunNames, kStatuses);
  const Help help = {"qbench runs show [RUN] [options]",
                     "Shows one run (without RUN: the latest): where and how it was measured, its\n"
                     "notes, and the table that closed it.",
                     "qbench runs show previous", notes};
  QB_ASSIGN_OR_RETURN(const Arguments arguments,
                      Arguments::Parse(args, help, CommonOptions(), "run", 1));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  const std::vector<std::string> names = arguments.List("run");
  RunChoice choice(DatabaseOf(arguments), store::OpenMode::kReadOnly);
  QB_ASSIGN_OR_RETURN(const RunChoice::Chosen run,
                      choice.Find(names.empty() ? "latest" : names[0]));
  QB_ASSIGN_OR_RETURN(store::RunData data, run.store->LoadRun(run.id));
  if (arguments.Get<bool>("json")) {
    Print(reports::JsonReport({std::move(data)}));
  } else {
    Print(ShowText(data));
  }
  return kDone;
}

Result<ExitStatus> Rename(const std::vector<std::string>& args) {
  const std::string notes = fmt::format("{}\n{}", kRunNames, kStatuses);
  const Help help = {
      "qbench runs rename RUN NAME [options]",
      "Gives a run a name, which every command takes in place of its number; an empty NAME\n"
      "takes it away.",
      "qbench runs rename 12 \"before the new converter\"", notes};
  QB_ASSIGN_OR_RETURN(const Arguments arguments,
                      Arguments::Parse(args, help, CommonOptions(), "run", 2));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  const std::vector<std::string> given = arguments.List("run");
  if (given.size() != 2) {
    return Error(StatusCode::kInvalidArgument,
                 "name a run and its new name: qbench runs rename RUN NAME");
  }
  RunChoice choice(DatabaseOf(arguments), store::OpenMode::kReadWrite);
  QB_ASSIGN_OR_RETURN(const RunChoice::Chosen run, choice.Find(given[0]));
  const int64_t id = run.id;
  QB_RETURN_IF_ERROR(run.store->RenameRun(id, given[1]));
  if (arguments.Get<bool>("json")) {
    Print(DumpJson({{"run", id}, {"name", given[1]}}) + "\n");
  } else if (given[1].empty()) {
    Print(fmt::format("run {} has no name now\n", id));
  } else {
    Print(fmt::format("run {} is called \"{}\" now\n", id, given[1]));
  }
  return kDone;
}

struct RunToDelete {
  store::Store* store = nullptr;
  store::RunOverview overview;
};

// All are looked up before the first is deleted.
Result<std::vector<RunToDelete>> FindRuns(const std::vector<std::string>& names,
                                          RunChoice* choice) {
  std::vector<RunToDelete> runs;
  for (const std::string& name : names) {
    QB_ASSIGN_OR_RETURN(const RunChoice::Chosen chosen, choice->Find(name));
    const bool twice = std::ranges::any_of(runs, [&](const RunToDelete& run) {
      return run.store == chosen.store && run.overview.run.id == chosen.id;
    });
    if (twice) continue;
    QB_ASSIGN_OR_RETURN(const std::vector<store::RunOverview> overviews, chosen.store->Overviews());
    const auto found = std::ranges::find(
        overviews, chosen.id, [](const store::RunOverview& overview) { return overview.run.id; });
    runs.push_back({chosen.store, *found});
  }
  return runs;
}

Result<ExitStatus> Delete(const std::vector<std::string>& args) {
  const std::string notes = fmt::format("{}\n{}", kRunNames, kStatuses);
  const Help help = {
      "qbench runs delete RUN... [options]",
      "Removes runs and all that was measured in them from the database, for good.\n"
      "Without --yes it only says what would go. Artifacts in the cache stay (qbench cache\n"
      "clean). The file gets no smaller (qbench db vacuum): what becomes free is used again.",
      "qbench runs delete 3 4 --yes", notes};
  po::options_description options = CommonOptions();
  options.add_options()("yes", po::bool_switch(), "delete them");
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, help, options, "run"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  const std::vector<std::string> names = arguments.List("run");
  if (names.empty()) {
    return Error(StatusCode::kInvalidArgument, "name the runs: qbench runs delete RUN...");
  }
  const bool yes = arguments.Get<bool>("yes");
  RunChoice choice(DatabaseOf(arguments),
                   yes ? store::OpenMode::kReadWrite : store::OpenMode::kReadOnly);
  std::vector<RunToDelete> runs;
  QB_ASSIGN_OR_RETURN(runs, FindRuns(names, &choice));
  Json deleted = Json::array();
  std::string text;
  for (const RunToDelete& run : runs) {
    if (Interrupted()) return InterruptStatus("deleting runs");
    if (yes) QB_RETURN_IF_ERROR(run.store->DeleteRun(run.overview.run.id));
    deleted.push_back(ToJson(run.overview));
    text += fmt::format("{} run {} of {} with {} cells\n", yes ? "deleted" : "would delete",
                        run.overview.run.id, ToTheMinute(run.overview.run.started_at),
                        run.overview.cells);
  }
  if (!yes) text += "nothing was deleted: add --yes to do it\n";
  Print(arguments.Get<bool>("json") ? DumpJson({{"deleted", yes}, {"runs", deleted}}) + "\n"
                                    : text);
  return kDone;
}

}  // namespace

Result<ExitStatus> RunsCommand(const std::vector<std::string>& args) {
  return Dispatch("runs",
                  {{"list", "the runs of a database", List},
                   {"show", "one run: conditions, notes and results", Show},
                   {"rename", "give a run a name", Rename},
                   {"delete", "remove runs from the database", Delete}},
                  args);
}

}  // namespace qbench::cli
