// `qbench merge`: runs of several databases in one.
#include <boost/program_options/value_semantic.hpp>

#include "base/interrupt.h"
#include "cli/command.h"
#include "cli/merged_runs.h"
#include "cli/run_choice.h"
#include "cli/terminal.h"
#include "harness/store/find_run.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr Help kHelp = {
    "qbench merge FROM... [--into FILE] [options]",
    "Copies the runs of other databases into one, with all that belongs to them, under numbers\n"
    "of that database. FROM is a database, or one run of it: FILE#12, FILE#latest, FILE#NAME.\n"
    "A run that is there already is not copied twice. Of each FROM all is copied or, where that\n"
    "fails, nothing. FROM itself stays as it is, but for an older version, which is brought up\n"
    "to date as by every command that opens it.",
    "qbench merge pi4.sqlite pi5.sqlite --into boards.sqlite\n"
    "qbench merge colleague.sqlite#latest",
    "Exit status: 0 done, 2 usage or environment error, 130 interrupted."};

po::options_description Options() {
  po::options_description options("Options", 100);
  options.add_options()("into", po::value<std::string>()->value_name("FILE"),
                        "the database that they are copied into, made where it does not exist "
                        "(default: $QBENCH_DB, else qbench.sqlite here)")(
      "json", po::bool_switch(), "print the result as JSON");
  return options;
}

// A database, and which of its runs; none: all.
struct Source {
  std::filesystem::path database;
  std::string run;
};

Source SourceOf(const std::string& text) {
  std::error_code ignored;
  if (text.find('#') == std::string::npos || std::filesystem::exists(text, ignored)) {
    return {text, ""};
  }
  store::RunName name = store::ParseRunName(text, {});
  return {std::move(name.database), std::move(name.run)};
}

Result<std::vector<store::MergedRun>> MergeOne(const Source& source, store::Store& into) {
  RunChoice choice(source.database, store::OpenMode::kReadOnly);
  store::MergeOptions options{.room = RoomOnDisk("name another database with --into")};
  QB_ASSIGN_OR_RETURN(store::Store * from, choice.Open());
  if (!source.run.empty()) {
    QB_ASSIGN_OR_RETURN(const int64_t id, store::FindRun(source.run, *from));
    options.runs = {id};
  }
  return into.Merge(*from, options);
}

}  // namespace

Result<ExitStatus> MergeCommand(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, kHelp, Options(), "from"));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  const std::vector<std::string> names = arguments.List("from");
  if (names.empty()) {
    return Error(StatusCode::kInvalidArgument,
                 "name the databases to copy runs from: qbench merge FROM... --into FILE");
  }
  // Before the one that is written is made: a name that is misspelt shall leave no empty file.
  for (const std::string& name : names) {
    const Source source = SourceOf(name);
    QB_RETURN_IF_ERROR(store::Store::Open(source.database, store::OpenMode::kReadOnly).status());
  }
  const std::filesystem::path file =
      arguments.Has("into") ? arguments.Get<std::string>("into") : DatabaseOf(arguments).string();
  QB_ASSIGN_OR_RETURN(store::Store into, store::Store::Open(file, store::OpenMode::kReadWrite));
  const bool json = arguments.Get<bool>("json");
  Json sources = Json::array();
  size_t copied = 0;
  for (const std::string& name : names) {
    if (Interrupted()) return InterruptStatus("merging");
    Result<std::vector<store::MergedRun>> merged = MergeOne(SourceOf(name), into);
    if (!merged.ok()) {
      return merged.status().WithContext(fmt::format("nothing of {} was copied", name));
    }
    copied += CountCopied(*merged);
    sources.push_back({{"from", name}, {"runs", MergedJson(*merged)}});
    if (!json) Print(MergedText(name, *merged));
  }
  Print(json ? DumpJson({{"into", file.string()}, {"copied", copied}, {"sources", sources}}) + "\n"
             : fmt::format("{} copied into {}\n", RunsText(copied), file.string()));
  return kDone;
}

}  // namespace qbench::cli
