#include "reports/prediction_groups.h"

#include <algorithm>

namespace qbench::reports {

std::vector<PredictionGroup> GroupByPredictions(const RunView& run) {
  std::vector<PredictionGroup> groups;
  std::vector<std::vector<std::string>> members;
  for (const Variant& variant : run.variants) {
    const store::Measurement* accuracy = results::AccuracyOf(*variant.cell);
    if (accuracy == nullptr) continue;
    size_t i = 0;
    for (; i < groups.size(); ++i) {
      const store::CellData& other = *groups[i].first->cell;
      if (other.cell.model_id == variant.cell->cell.model_id &&
          other.cell.split_id == variant.cell->cell.split_id &&
          results::AccuracyOf(other)->predictions == accuracy->predictions) {
        break;
      }
    }
    if (i == groups.size()) {
      groups.push_back({"", &variant});
      members.emplace_back();
    }
    auto& names = members[i];
    if (std::find(names.begin(), names.end(), variant.algorithm) != names.end()) continue;
    names.push_back(variant.algorithm);
    groups[i].names += (groups[i].names.empty() ? "" : ", ") + variant.algorithm;
  }
  return groups;
}

}  // namespace qbench::reports
