// `qbench db`: check; cli/db_file_commands.cc has the others.
#include <boost/program_options/value_semantic.hpp>

#include "base/json.h"
#include "cli/command.h"
#include "cli/db_file_commands.h"
#include "cli/terminal.h"
#include "fmt/ranges.h"
#include "harness/store/check_database.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr Help kHelp = {
    "qbench db check [FILE] [options]",
    "Says whether a database is whole: its file and log, SQLite's own check of the pages, the\n"
    "tables, what rows refer to, and every value as the reports read it; and which runs never\n"
    "finished. FILE is only read; without it, it is $QBENCH_DB, else qbench.sqlite here.\n"
    "With --save, all rows that can still be read are copied into a new database, which is\n"
    "whole, and what was lost is counted.",
    "qbench db check runs.sqlite\n"
    "qbench db check runs.sqlite --save saved.sqlite",
    "Exit status: 0 whole, 2 damaged (whatever was saved), or usage or environment error, 130\n"
    "interrupted."};

po::options_description Options() {
  po::options_description options("Options", 100);
  options.add_options()("save", po::value<std::string>()->value_name("FILE"),
                        "copy what can be read into this new database")("json", po::bool_switch(),
                                                                        "print the result as JSON");
  return options;
}

using Saved = std::vector<store::SavedTable>;

bool LostAnything(const Saved& saved) {
  return std::ranges::any_of(
      saved, [](const store::SavedTable& table) { return table.lost > 0 || table.and_more; });
}

Json ToJson(const std::filesystem::path& file, const store::DatabaseCheck& check) {
  Json tables = Json::object();
  for (const store::DatabaseCheck::Table& table : check.tables) {
    tables[table.name] = table.rows < 0 ? Json() : Json(table.rows);
  }
  return {{"database", file.string()},
          {"whole", check.whole()},
          {"version", check.version},
          {"file_bytes", check.file_bytes},
          {"log_bytes", check.log_bytes},
          {"flaws", check.flaws},
          {"remarks", check.remarks},
          {"unfinished_runs", check.unfinished},
          {"rows", tables}};
}

Json ToJson(const std::filesystem::path& file, const Saved& saved) {
  Json tables = Json::object();
  for (const store::SavedTable& table : saved) {
    tables[table.name] = {
        {"saved", table.saved}, {"lost", table.lost}, {"and_more", table.and_more}};
  }
  return {{"database", file.string()}, {"tables", tables}};
}

// Tables that hold something, in one paragraph.
std::string FormatRows(const store::DatabaseCheck& check) {
  std::vector<std::string> tables;
  for (const store::DatabaseCheck::Table& table : check.tables) {
    if (table.rows == 0) continue;
    tables.push_back(table.rows < 0 ? fmt::format("{} cannot be counted", table.name)
                                    : fmt::format("{} {}", table.rows, table.name));
  }
  return tables.empty() ? "no rows" : fmt::format("{}", fmt::join(tables, ", "));
}

std::string Format(const std::filesystem::path& file, const store::DatabaseCheck& check) {
  std::string text = fmt::format("{}: {}\n", file.string(), check.whole() ? "whole" : "damaged");
  for (const std::string& flaw : check.flaws) text += fmt::format("  damage: {}\n", flaw);
  text += fmt::format("  version {}{}, {}{}\n", check.version,
                      check.old ? " (older; it is brought up to date when it is next opened)" : "",
                      FormatBytes(check.file_bytes),
                      check.log_bytes > 0
                          ? fmt::format(" and a log of {}", FormatBytes(check.log_bytes))
                          : std::string());
  text += fmt::format("  {}\n", FormatRows(check));
  if (!check.unfinished.empty()) {
    text += fmt::format("  never finished: run {} (`qbench run … --resume` continues it)\n",
                        fmt::join(check.unfinished, ", "));
  }
  for (const std::string& remark : check.remarks) text += fmt::format("  {}\n", remark);
  return text;
}

std::string FormatLost(const store::SavedTable& table) {
  if (table.lost == 0 && !table.and_more) return "";
  if (table.lost == 0) return ", lost an unknown number";
  return fmt::format(", lost {}{}", table.lost,
                     table.and_more ? " and an unknown number more" : "");
}

std::string Format(const std::filesystem::path& file, const Saved& saved) {
  std::string text = fmt::format("{}: {}\n", file.string(),
                                 LostAnything(saved) ? "what could be saved" : "all was saved");
  for (const store::SavedTable& table : saved) {
    const std::string lost = FormatLost(table);
    if (table.saved == 0 && lost.empty()) continue;
    text += fmt::format("  {:<18}{:>8} saved{}\n", table.name, table.saved, lost);
  }
  return text;
}

Result<ExitStatus> Check(const std::vector<std::string>& args) {
  QB_ASSIGN_OR_RETURN(const Arguments arguments,
                      Arguments::Parse(args, kHelp, Options(), "file", 1));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  const std::vector<std::string> named = arguments.List("file");
  const std::filesystem::path file =
      named.empty() ? DatabaseOf(arguments) : std::filesystem::path(named[0]);
  const bool json = arguments.Get<bool>("json");
  QB_ASSIGN_OR_RETURN(const store::DatabaseCheck check, store::CheckDatabase(file));
  Json answer = ToJson(file, check);
  if (!json) Print(Format(file, check));
  if (arguments.Has("save")) {
    const std::filesystem::path destination = arguments.Get<std::string>("save");
    QB_ASSIGN_OR_RETURN(const Saved saved, store::SaveDatabase(file, destination));
    answer["saved"] = ToJson(destination, saved);
    if (!json) Print(Format(destination, saved));
  } else if (!check.whole() && !json) {
    Print(fmt::format("Save what can be read: qbench db check {} --save NEW.sqlite\n",
                      file.string()));
  }
  if (json) Print(DumpJson(answer) + "\n");
  return check.whole() ? kDone : kUsageError;
}

}  // namespace

Result<ExitStatus> DbCommand(const std::vector<std::string>& args) {
  return Dispatch("db",
                  {{"check", "say whether a database is whole, and save what can be read", Check},
                   {"export", "copy some runs into a new database", ExportCommand},
                   {"vacuum", "give back what is free in a database's file", VacuumCommand}},
                  args);
}

}  // namespace qbench::cli
