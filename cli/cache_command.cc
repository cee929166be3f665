// `qbench cache`: list, clean.
#include <boost/program_options/value_semantic.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "base/interrupt.h"
#include "base/json.h"
#include "base/one_line.h"
#include "base/paths.h"
#include "cli/command.h"
#include "cli/terminal.h"
#include "cli/units.h"
#include "harness/run/cache_contents.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

using std::chrono::system_clock;

constexpr std::string_view kStatuses = "Exit status: 0 done, 2 usage or environment error.";

po::options_description CommonOptions() {
  po::options_description options("Options", 100);
  options.add_options()("json", po::bool_switch(), "print the result as JSON")(
      "cache", po::value<std::string>()->value_name("DIR"),
      "the folder (default: $XDG_CACHE_HOME/qbench)");
  return options;
}

Result<uint64_t> ParseBytes(const std::string& text) {
  const auto bytes = ParseWithUnit(text, {{"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}});
  if (bytes) return static_cast<uint64_t>(*bytes);
  return Error(StatusCode::kInvalidArgument,
               "--max-size takes a number with B, kB, MB or GB behind it, as in 1GB; not \"{}\"",
               SafeName(text));
}

int64_t DaysSince(system_clock::time_point time, system_clock::time_point now) {
  return std::max<int64_t>(0,
                           std::chrono::duration_cast<std::chrono::hours>(now - time).count() / 24);
}

Json ToJson(const run::CacheEntry& entry, system_clock::time_point now) {
  return {{"kind", run::FolderOf(entry.kind)},
          {"path", entry.path.string()},
          {"bytes", entry.bytes},
          {"days_unused", DaysSince(entry.last_use, now)}};
}

uint64_t BytesOf(const std::vector<run::CacheEntry>& entries) {
  uint64_t bytes = 0;
  for (const run::CacheEntry& entry : entries) bytes += entry.bytes;
  return bytes;
}

std::string ListText(const std::filesystem::path& cache,
                     const std::vector<run::CacheEntry>& entries, system_clock::time_point now) {
  if (entries.empty()) return fmt::format("{} is empty\n", cache.string());
  struct Sum {
    size_t count = 0;
    uint64_t bytes = 0;
    int64_t oldest = 0;
  };
  std::map<run::CacheKind, Sum> sums;
  for (const run::CacheEntry& entry : entries) {
    Sum& sum = sums[entry.kind];
    ++sum.count;
    sum.bytes += entry.bytes;
    sum.oldest = std::max(sum.oldest, DaysSince(entry.last_use, now));
  }
  std::string text = fmt::format("{}\n{:<10} {:>7} {:>10}  {}\n", cache.string(), "", "entries",
                                 "size", "unused for at most");
  for (const auto& [kind, sum] : sums) {
    text += fmt::format("{:<10} {:>7} {:>10}  {} days\n", run::FolderOf(kind), sum.count,
                        FormatBytes(sum.bytes), sum.oldest);
  }
  return text +
         fmt::format("{:<10} {:>7} {:>10}\n", "all", entries.size(), FormatBytes(BytesOf(entries)));
}

Result<std::filesystem::path> CacheOf(const Arguments& arguments) {
  return CacheHome(arguments.GetOr("cache", ""));
}

Result<ExitStatus> List(const std::vector<std::string>& args) {
  const Help help = {"qbench cache list [options]",
                     "Shows what the cache holds: artifacts, imported models, decoded images and\n"
                     "hashes of data sets. All of it is made again where it is missing.",
                     "qbench cache list", kStatuses};
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, help, CommonOptions()));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  QB_ASSIGN_OR_RETURN(const std::filesystem::path cache, CacheOf(arguments));
  QB_ASSIGN_OR_RETURN(const std::vector<run::CacheEntry> entries, run::ListCache(cache));
  const auto now = system_clock::now();
  if (!arguments.Get<bool>("json")) {
    Print(ListText(cache, entries, now));
    return kDone;
  }
  Json json = {{"folder", cache.string()}, {"bytes", BytesOf(entries)}, {"entries", Json::array()}};
  for (const run::CacheEntry& entry : entries) json["entries"].push_back(ToJson(entry, now));
  Print(DumpJson(json) + "\n");
  return kDone;
}

Result<ExitStatus> Clean(const std::vector<std::string>& args) {
  const Help help = {
      "qbench cache clean [--older AGE] [--max-size SIZE] [options]",
      "Removes from the cache what was not used for AGE, and then what was not used for\n"
      "the longest time until SIZE is left. What was used within a day may be in use, and\n"
      "stays. Databases are not touched: rows keep their figures, and an artifact that one\n"
      "of them names is made again when it is needed.",
      "qbench cache clean --older 30d --max-size 1GB", kStatuses};
  po::options_description options = CommonOptions();
  options.add_options()("older", po::value<std::string>()->value_name("AGE"),
                        "hours, days or weeks: 36h, 30d, 8w")(
      "max-size", po::value<std::string>()->value_name("SIZE"), "500MB, 1GB")(
      "dry-run", po::bool_switch(), "only say what would go");
  QB_ASSIGN_OR_RETURN(const Arguments arguments, Arguments::Parse(args, help, options));
  if (arguments.help().has_value()) {
    Print(*arguments.help());
    return kDone;
  }
  run::CleaningRules rules;
  if (arguments.Has("older")) {
    QB_ASSIGN_OR_RETURN(rules.older, ParseAge("--older", arguments.Get<std::string>("older")));
  }
  if (arguments.Has("max-size")) {
    QB_ASSIGN_OR_RETURN(rules.max_bytes, ParseBytes(arguments.Get<std::string>("max-size")));
  }
  if (!rules.older && !rules.max_bytes) {
    return Error(StatusCode::kInvalidArgument,
                 "say what may go: --older 30d, --max-size 1GB, or both");
  }
  QB_ASSIGN_OR_RETURN(const std::filesystem::path cache, CacheOf(arguments));
  QB_ASSIGN_OR_RETURN(const std::vector<run::CacheEntry> entries, run::ListCache(cache));
  const auto now = system_clock::now();
  const bool dry_run = arguments.Get<bool>("dry-run");
  uint64_t removed_bytes = 0;
  Json removed = Json::array();
  for (const size_t index : run::ChooseForRemoval(entries, rules, now)) {
    if (Interrupted()) return InterruptStatus("cleaning the cache");
    if (!dry_run) QB_RETURN_IF_ERROR(run::RemoveEntry(entries[index]));
    removed_bytes += entries[index].bytes;
    removed.push_back(ToJson(entries[index], now));
  }
  const uint64_t left = BytesOf(entries) - removed_bytes;
  if (arguments.Get<bool>("json")) {
    Print(DumpJson({{"folder", cache.string()},
                    {"dry_run", dry_run},
                    {"removed", removed},
                    {"removed_bytes", removed_bytes},
                    {"left_bytes", left}}) +
          "\n");
    return kDone;
  }
  Print(fmt::format("{} {} of {} entries, {}; {} left in {}\n",
                    dry_run ? "would remove" : "removed", removed.size(), entries.size(),
                    FormatBytes(removed_bytes), FormatBytes(left), cache.string()));
  if (rules.max_bytes && left > *rules.max_bytes) {
    PrintWarnings({"more than --max-size is left: the rest was used within a day"});
  }
  return kDone;
}

}  // namespace

Result<ExitStatus> CacheCommand(const std::vector<std::string>& args) {
  return Dispatch("cache",
                  {{"list", "what the cache holds", List},
                   {"clean", "remove what was not used for long", Clean}},
                  args);
}

}  // namespace qbench::cli
