#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "reports/html_sections.h"
#include "reports/prediction_groups.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using results::ClassAccuracy;
using results::ConfusionMatrix;

// More classes than this make no readable table: the worst are shown instead.
constexpr size_t kMaxClassColumns = 16;
constexpr size_t kMaxMatrixClasses = 24;
constexpr size_t kMaxPairs = 20;

std::optional<double> Share(const ClassAccuracy& one) {
  if (one.images == 0) return std::nullopt;
  return static_cast<double>(one.right) / static_cast<double>(one.images);
}

// The classes of a split that the table shows: all, or those with the lowest accuracy in any group.
std::vector<size_t> ClassesToShow(const std::vector<std::vector<ClassAccuracy>>& groups) {
  const size_t count = groups.front().size();
  std::vector<double> lowest(count, 1);
  for (const auto& classes : groups) {
    for (size_t i = 0; i < count; ++i)
      lowest[i] = std::min(lowest[i], Share(classes[i]).value_or(1));
  }
  std::vector<size_t> shown(count);
  for (size_t i = 0; i < count; ++i) shown[i] = i;
  if (count <= kMaxClassColumns) return shown;
  std::stable_sort(shown.begin(), shown.end(),
                   [&](size_t a, size_t b) { return lowest[a] < lowest[b]; });
  shown.resize(kMaxClassColumns);
  std::sort(shown.begin(), shown.end());
  return shown;
}

Data ClassTable(const std::vector<const PredictionGroup*>& groups) {
  std::vector<std::vector<ClassAccuracy>> accuracies;
  accuracies.reserve(groups.size());
  for (const PredictionGroup* group : groups) {
    accuracies.push_back(results::PerClassAccuracy(*group->first->cell, *group->first->split));
  }
  const std::vector<size_t> shown = ClassesToShow(accuracies);
  Data table;
  if (shown.size() < accuracies.front().size()) {
    table.set("remark", fmt::format("The {} classes with the lowest accuracy, of {}.", shown.size(),
                                    accuracies.front().size()));
  }
  Data titles(Data::type::list);
  for (size_t i : shown) {
    Data title;
    title.set("label", accuracies.front()[i].label);
    title.set("images", Count(accuracies.front()[i].images));
    titles.push_back(title);
  }
  table.set("classes", titles);
  Data rows(Data::type::list);
  for (size_t g = 0; g < groups.size(); ++g) {
    Data cells(Data::type::list);
    for (size_t i : shown) {
      const auto share = Share(accuracies[g][i]);
      Data cell;
      cell.set("text", Percent(share));
      // A tint for what is missing to 100 %, full at half of the images.
      cell.set("heat", fmt::format("{:.2f}", share ? std::min(1.0, 2 * (1 - *share)) * 0.6 : 0));
      cells.push_back(cell);
    }
    Data row;
    row.set("name", groups[g]->names);
    row.set("cells", cells);
    rows.push_back(row);
  }
  table.set("rows", rows);
  return table;
}

Data MatrixRows(const ConfusionMatrix& confusion, const std::vector<std::string>& labels) {
  Data rows(Data::type::list);
  for (size_t i = 0; i < confusion.size(); ++i) {
    int64_t images = 0;
    for (int64_t count : confusion[i]) images += count;
    Data cells(Data::type::list);
    for (size_t j = 0; j < confusion.size(); ++j) {
      const int64_t count = confusion[i][j];
      const double share =
          images > 0 ? static_cast<double>(count) / static_cast<double>(images) : 0;
      Data cell;
      cell.set("text", count == 0 ? std::string("·") : Count(count));
      // Square root: a confusion of a few per cent is what one looks for, and must be seen.
      cell.set("heat", fmt::format("{:.2f}", std::sqrt(share)));
      cell.set("hot", share > 0.3);
      cell.set("right", i == j);
      cells.push_back(cell);
    }
    Data row;
    row.set("label", labels[i]);
    row.set("images", Count(images));
    row.set("cells", cells);
    rows.push_back(row);
  }
  return rows;
}

// The most frequent confusions, where the matrix would be too large.
Data ConfusedPairs(const ConfusionMatrix& confusion, const std::vector<std::string>& labels) {
  struct Pair {
    int64_t count;
    size_t label;
    size_t predicted;
  };
  std::vector<Pair> pairs;
  for (size_t i = 0; i < confusion.size(); ++i) {
    for (size_t j = 0; j < confusion.size(); ++j) {
      if (i != j && confusion[i][j] > 0) pairs.push_back({confusion[i][j], i, j});
    }
  }
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const Pair& a, const Pair& b) { return a.count > b.count; });
  pairs.resize(std::min(pairs.size(), kMaxPairs));
  Data list(Data::type::list);
  for (const Pair& pair : pairs) {
    Data item;
    item.set("label", labels[pair.label]);
    item.set("predicted", labels[pair.predicted]);
    item.set("count", Count(pair.count));
    list.push_back(item);
  }
  return list;
}

Data ConfusionTable(const PredictionGroup& group) {
  const Variant& variant = *group.first;
  const std::vector<std::string>& labels = variant.split->labels;
  const ConfusionMatrix confusion = results::Confusion(*variant.cell, *variant.split);
  Data table;
  table.set("name", group.names);
  table.set("top1", Percent(variant.summary.top1));
  if (labels.size() > kMaxMatrixClasses) {
    table.set("has_pairs", true);
    table.set("pairs", ConfusedPairs(confusion, labels));
    return table;
  }
  Data titles(Data::type::list);
  for (const std::string& label : labels) {
    Data title;
    title.set("label", label);
    titles.push_back(title);
  }
  table.set("has_matrix", true);
  table.set("labels", titles);
  table.set("rows", MatrixRows(confusion, labels));
  return table;
}

}  // namespace

Data ClassTables(const RunView& run) {
  const std::vector<PredictionGroup> groups = GroupByPredictions(run);
  std::vector<const store::DatasetSplit*> splits;
  for (const PredictionGroup& group : groups) {
    if (std::find(splits.begin(), splits.end(), group.first->split) == splits.end()) {
      splits.push_back(group.first->split);
    }
  }
  Data tables(Data::type::list);
  for (const store::DatasetSplit* split : splits) {
    std::vector<const PredictionGroup*> of_split;
    for (const PredictionGroup& group : groups) {
      if (group.first->split == split) of_split.push_back(&group);
    }
    tables.push_back(ClassTable(of_split));
  }
  return tables;
}

Data ConfusionTables(const RunView& run) {
  const std::vector<PredictionGroup> groups = GroupByPredictions(run);
  const auto best = std::max_element(
      groups.begin(), groups.end(),
      [](const auto& a, const auto& b) { return a.first->summary.top1 < b.first->summary.top1; });
  Data tables(Data::type::list);
  for (auto group = groups.begin(); group != groups.end(); ++group) {
    Data table = ConfusionTable(*group);
    table.set("open", group == best);
    tables.push_back(table);
  }
  return tables;
}

}  // namespace qbench::reports
