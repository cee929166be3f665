#include "cli/db_file_commands.h"

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>

#include "cli/command.h"
#include "cli/merged_runs.h"
#include "cli/run_choice.h"
#include "cli/terminal.h"
#include "harness/store/export_runs.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr std::string_view kStatuses =
    "Exit status: 0 done, 2 usage or environment error, 130 interrupted.";

po::options_description ExportOptions() {
  po::options_description options("Options", 100);
  options.add_options()(
      "run", po::value<std::vector<std::string>>()->value_name("RUN")->multitoken(),
      "these runs (default: the latest)")("all", po::bool_switch(), "every run of the database")(
      "json", po::bool_switch(), "print the result as JSON");
  AddDatabaseOption(options);
  return options;
}

// The numbers of the runs, all of one database.
Result<std::vector<int64_t>> RunsToExport(const Arguments& arguments, RunChoice* choice,
                                          store::Store** store) {
  std::vector<std::string> names = arguments.List("run");
  if (arguments.Get<bool>("all")) {
    if (!names.empty()) {
      return Error(StatusCode::kInvalidArgument, "--run and --all: give one of them");
    }
    QB_ASSIGN_OR_RETURN(*store, choice->Open());
    return std::vector<int64_t>{};
  }
  if (names.empty()) names = {"latest"};
  std::vector<int64_t> ids;
  for (const std::string& name : names) {
    QB_ASSIGN_OR_RETURN(const RunChoice::Chosen chosen, choice->Find(name));
    if (*store != nullptr && *store != chosen.store) {
      return Error(StatusCode::kInvalidArgument,
                   "the runs are of several databases: qbench merge puts them into one");
    }
    *store = chosen.store;
    ids.push_back(chosen.id);
  }
  return ids;
}

}  // namespace

Result<ExitStatus> ExportCommand(const std::vector<std::string>& args) {
  const std::string notes = fmt::format("{}\n{}", kRunNames, kStatuses);
  const Help help = {
      "qbench db export NEW.sqlite [--run RUN...] [options]",
      "Copies runs, with all that belongs to them, into a new database: for a colleague, or for\n"
      "an archive. There it is complete or not at all; a file that is there already stays.",
      "qbench db export for-anna.sqlite --run 12 \"before the new converter\"", notes};
  QB_ASSIGN_OR_RETURN(const Arguments arguments,
                      Arguments::Parse(args, help, ExportOptions(), "file"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::string file, OnlyArgument(arguments, "file", "new database"));
  RunChoice choice(DatabaseOf(arguments), store::OpenMode::kReadOnly);
  store::Store* store = nullptr;
  store::MergeOptions options{.room = RoomOnDisk("name another place")};
  QB_ASSIGN_OR_RETURN(options.runs, RunsToExport(arguments, &choice, &store));
  QB_ASSIGN_OR_RETURN(const std::vector<store::MergedRun> copied,
                      store::ExportRuns(*store, file, options));
  if (arguments.Get<bool>("json")) {
    Print(DumpJson({{"from", store->path().string()},
                    {"into", file},
                    {"copied", CountCopied(copied)},
                    {"runs", MergedJson(copied)}}) +
          "\n");
    return kDone;
  }
  Print(MergedText(store->path().string(), copied) +
        fmt::format("{} copied into {}\n", RunsText(CountCopied(copied)), file));
  return kDone;
}

Result<ExitStatus> VacuumCommand(const std::vector<std::string>& args) {
  const Help help = {
      "qbench db vacuum [FILE] [options]",
      "Writes a database's file anew, without the room that deleted runs left in it, and says how\n"
      "large it was and is. Nothing of what is in it changes. FILE is, where it is not named,\n"
      "$QBENCH_DB, else qbench.sqlite here.",
      "qbench db vacuum runs.sqlite", kStatuses};
  po::options_description options("Options", 100);
  options.add_options()("json", po::bool_switch(), "print the result as JSON");
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, help, options, "file", 1));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  const std::vector<std::string> named = arguments.List("file");
  const std::filesystem::path file =
      named.empty() ? DatabaseOf(arguments) : std::filesystem::path(named[0]);
  RunChoice choice(file, store::OpenMode::kReadWrite);
  QB_ASSIGN_OR_RETURN(store::Store * store, choice.Open());
  QB_ASSIGN_OR_RETURN(const store::Vacuumed vacuumed,
                      store->Vacuum(RoomOnDisk("move the database to another disk")));
  if (arguments.Get<bool>("json")) {
    Print(DumpJson({{"database", file.string()},
                    {"bytes_before", vacuumed.bytes_before},
                    {"bytes_after", vacuumed.bytes_after},
                    {"is_read", vacuumed.is_read}}) +
          "\n");
    return kDone;
  }
  Print(fmt::format(
      "{}: {} bytes before, {} bytes now ({} given back)\n", file.string(), vacuumed.bytes_before,
      vacuumed.bytes_after,
      FormatBytes(vacuumed.bytes_before - std::min(vacuumed.bytes_before, vacuumed.bytes_after))));
  if (vacuumed.is_read) {
    PrintWarnings({"another program reads the database: the file gets smaller when that ends"});
  }
  return kDone;
}

}  // namespace qbench::cli
