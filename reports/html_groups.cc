#include "reports/html_groups.h"

#include <algorithm>
#include <map>

#include "fmt/format.h"
#include "harness/stats/descriptive.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

constexpr size_t kMostGroups = 1000;
constexpr size_t kMostTexts = 50;

struct Group {
  std::string quantizer;
  std::string runtime;
  std::vector<const Variant*> cells;
};

// In the order of their first cells. Where they are too many, options do not part them.
std::vector<Group> GroupsOf(const RunView& run, bool options) {
  std::vector<Group> groups;
  std::map<std::pair<std::string, std::string>, size_t> places;
  for (const Variant& cell : run.variants) {
    const std::pair key(options ? cell.quantizer : cell.summary.quantizer,
                        options ? cell.runtime : cell.summary.runtime);
    const auto [place, is_new] = places.emplace(key, groups.size());
    if (is_new) groups.push_back({key.first, key.second, {}});
    groups[place->second].cells.push_back(&cell);
  }
  return groups;
}

bool OptionsPart(const RunView& run) { return GroupsOf(run, true).size() <= kMostGroups; }

using Figure = std::optional<double> results::CellSummary::*;

// Of the cells that have it.
std::vector<double> Values(const Group& group, Figure figure, bool latency) {
  std::vector<double> values;
  for (const Variant* cell : group.cells) {
    const std::optional<double>& value = cell->summary.*figure;
    if (value && (!latency || cell->latency_valid())) values.push_back(*value);
  }
  return values;
}

std::optional<double> MedianOf(const std::vector<double>& values) {
  return values.empty() ? std::nullopt : std::optional(stats::Median(values));
}
std::optional<double> LeastOf(const std::vector<double>& values) {
  return values.empty() ? std::nullopt : std::optional(*std::ranges::min_element(values));
}
std::optional<double> MostOf(const std::vector<double>& values) {
  return values.empty() ? std::nullopt : std::optional(*std::ranges::max_element(values));
}

struct GroupColumn {
  const char* title;
  const char* explanation;
  bool is_number;
  std::string (*text)(const Group& group);
};

std::string TimeRatios(const Group& group,
                       std::optional<double> (*of)(const std::vector<double>&)) {
  return Ratio(of(Values(group, &results::CellSummary::median_ratio_to_float, true)));
}

constexpr GroupColumn kColumns[] = {
    {"quantizer", "Quantizer", false, [](const Group& group) { return group.quantizer; }},
    {"runtime", "Runtime", false, [](const Group& group) { return group.runtime; }},
    {"cells", "Cells of the group", true,
     [](const Group& group) { return Count(static_cast<int64_t>(group.cells.size())); }},
    {"not ok", "Cells that failed, are invalid or were not reached", true,
     [](const Group& group) {
       return Count(
           std::ranges::count_if(group.cells, [](const Variant* cell) { return !cell->ok(); }));
     }},
    {"× float", "Median over the cells of their latency's ratio to float's", true,
     [](const Group& group) { return TimeRatios(group, MedianOf); }},
    {"best", "The least of these ratios", true,
     [](const Group& group) { return TimeRatios(group, LeastOf); }},
    {"worst", "The largest of these ratios", true,
     [](const Group& group) { return TimeRatios(group, MostOf); }},
    {"size", "Median over the cells of their size's ratio to float's", true,
     [](const Group& group) {
       return Ratio(MedianOf(Values(group, &results::CellSummary::size_ratio_to_float, false)));
     }},
    {"vs float", "Median over the cells of top-1 minus float's, percentage points", true,
     [](const Group& group) {
       return Points(
           MedianOf(Values(group, &results::CellSummary::top1_difference_to_float, false)));
     }},
    {"worst vs float", "The lowest of these differences", true,
     [](const Group& group) {
       return Points(
           LeastOf(Values(group, &results::CellSummary::top1_difference_to_float, false)));
     }},
};

}  // namespace

Data GroupTable(const RunView& run) {
  Data columns(Data::type::list);
  for (const GroupColumn& column : kColumns) {
    Data item("title", column.title);
    item.set("explanation", column.explanation);
    item.set("number", column.is_number);
    columns.push_back(item);
  }
  std::vector<Group> groups = GroupsOf(run, OptionsPart(run));
  if (groups.size() > kMostGroups) groups.resize(kMostGroups);
  Data rows(Data::type::list);
  for (const Group& group : groups) {
    Data cells(Data::type::list);
    for (const GroupColumn& column : kColumns) {
      Data cell("text", column.text(group));
      cell.set("number", column.is_number);
      cells.push_back(cell);
    }
    Data row("cells", cells);
    row.set("problem", std::ranges::none_of(group.cells, [](const Variant* c) { return c->ok(); }));
    row.set("new_model", false);
    rows.push_back(row);
  }
  Data data("columns", columns);
  data.set("rows", rows);
  return data;
}

std::string GroupRemark(const RunView& run) {
  const bool options = OptionsPart(run);
  const size_t groups = GroupsOf(run, options).size();
  std::string text = fmt::format(
      "This run has {} cells, more than a page can show: the table has {} groups of them, by "
      "quantizer and runtime{}, over all models, data sets and numbers of threads. qbench report "
      "--format csv has a row for each cell.",
      Count(static_cast<int64_t>(run.variants.size())), Count(static_cast<int64_t>(groups)),
      options ? " with their options" : "");
  if (groups > kMostGroups) text += fmt::format(" The first {} groups are shown.", kMostGroups);
  return text;
}

std::vector<std::string> Capped(std::vector<std::string> texts) {
  if (texts.size() <= kMostTexts) return texts;
  const size_t more = texts.size() - kMostTexts;
  texts.resize(kMostTexts);
  texts.push_back(fmt::format("… and {} more: qbench report --format csv has all.",
                              Count(static_cast<int64_t>(more))));
  return texts;
}

}  // namespace qbench::reports
