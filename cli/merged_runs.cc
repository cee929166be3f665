#include "cli/merged_runs.h"

#include <algorithm>
#include <utility>

#include "base/one_line.h"
#include "cli/terminal.h"
#include "fmt/format.h"
#include "harness/run/space_check.h"

namespace qbench::cli {
namespace {

using What = store::MergedRun::What;

std::string LineOf(const store::MergedRun& run) {
  const std::string name = run.name.empty() ? "" : fmt::format(" (\"{}\")", SafeName(run.name));
  switch (run.what) {
    case What::kKnown:
      return fmt::format("  run {}{} was there already, as run {}\n", run.from, name, run.into);
    case What::kIncomplete:
      return fmt::format(
          "  run {}{} was there before it was complete, as run {}: delete that one (qbench runs\n"
          "  delete), and merge again\n",
          run.from, name, run.into);
    case What::kCopied:
      break;
  }
  return fmt::format("  run {}{} is run {} now{}\n", run.from, name, run.into,
                     run.name_is_taken ? ", without its name: another has it" : "");
}

std::string_view NameOf(What what) {
  switch (what) {
    case What::kKnown:
      return "known";
    case What::kIncomplete:
      return "incomplete";
    case What::kCopied:
      break;
  }
  return "copied";
}

}  // namespace

store::RoomCheck RoomOnDisk(std::string remedy) {
  return [remedy = std::move(remedy)](const std::vector<store::RoomNeed>& needs) -> Status {
    std::vector<run::SpaceNeed> space;
    for (const store::RoomNeed& need : needs) {
      const bool temporary = need.what == "temporary files";
      space.push_back({need.what, need.place, temporary ? "set TMPDIR to another place" : remedy,
                       need.at_least, need.at_most});
    }
    QB_ASSIGN_OR_RETURN(const std::vector<std::string> warnings, run::CheckSpace(space));
    PrintWarnings(warnings);
    return OkStatus();
  };
}

std::string MergedText(const std::string& from, const std::vector<store::MergedRun>& merged) {
  std::string text = from + (merged.empty() ? ": no runs\n" : ":\n");
  for (const store::MergedRun& run : merged) text += LineOf(run);
  return text;
}

Json MergedJson(const std::vector<store::MergedRun>& merged) {
  Json runs = Json::array();
  for (const store::MergedRun& run : merged) {
    runs.push_back({{"run", run.from},
                    {"name", run.name},
                    {"what", NameOf(run.what)},
                    {"into_run", run.into},
                    {"name_is_taken", run.name_is_taken}});
  }
  return runs;
}

size_t CountCopied(const std::vector<store::MergedRun>& merged) {
  return static_cast<size_t>(std::ranges::count(merged, What::kCopied, &store::MergedRun::what));
}

std::string RunsText(size_t count) { return fmt::format("{} run{}", count, count == 1 ? "" : "s"); }

}  // namespace qbench::cli
