// Computes the time of each operator of a model from the profile events of many inferences.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/model_summary.h"
#include "harness/host/plugin_info.h"
#include "harness/store/records.h"

namespace qbench::worker {

// Gathers the profiles of several invokes of one object. One thread.
class OperatorTimes {
 public:
  // Operators as the file has them: "CONV_2D", ….
  explicit OperatorTimes(std::vector<std::string> kinds) : kinds_(std::move(kinds)) {}

  // kCorrupt, saying what is wrong: an operator that the model does not have, one without an event,
  // or other events than those of the first profile.
  Status Add(const host::Profile& profile);

  // One entry an operator, and one for each event that belongs to none, in the order in which they
  // first ran; the median over the profiles (stats::GroupedMedian at the clock's resolution) of the
  // sum of the operator's events. `summary` (of the same model; none where qbench cannot read it)
  // gives names, types, multiplications and bytes. At least one profile was added.
  std::vector<store::OperatorProfile> Operators(
      const std::optional<graph::ModelSummary>& summary) const;

 private:
  Status SetEvents(const host::Profile& profile);

  std::vector<std::string> kinds_;
  std::vector<host::ProfileEvent> events_;  // of the first profile
  std::vector<size_t> row_of_event_;
  std::vector<store::OperatorProfile> rows_;
  std::vector<std::vector<double>> times_ns_;  // [row][profile]
  double resolution_ns_ = 1;
};

}  // namespace qbench::worker
