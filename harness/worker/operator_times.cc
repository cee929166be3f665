#include "harness/worker/operator_times.h"

#include <algorithm>

#include "harness/stats/descriptive.h"

namespace qbench::worker {
namespace {

constexpr double kNsPerUs = 1000;

bool SameEvent(const host::ProfileEvent& a, const host::ProfileEvent& b) {
  return a.op == b.op && a.partition == b.partition && a.name == b.name;
}

// "Convert (NC) + Fully Connected (NC, QD8, F32, QC8W) GEMM".
void AddStep(const std::string& name, std::string& steps) {
  if (name.empty()) return;
  steps += (steps.empty() ? "" : " + ") + name;
}

void Describe(const graph::OpSummary& op, store::OperatorProfile& row) {
  row.name = op.name;
  row.macs = op.macs;
  row.bytes_read = op.bytes_read;
  row.bytes_written = op.bytes_written;
  row.output_type = graph::DataTypeName(op.output.type);
  if (!op.inputs.empty()) row.input_type = graph::DataTypeName(op.inputs.front().type);
  // Constants of type int32 are biases, axes, paddings and shapes.
  const auto weights = std::ranges::find_if(op.inputs, [](const graph::TensorSummary& input) {
    return input.is_constant && input.type != graph::DataType::kInt32;
  });
  if (weights != op.inputs.end()) row.weight_type = graph::DataTypeName(weights->type);
}

}  // namespace

Status OperatorTimes::SetEvents(const host::Profile& profile) {
  constexpr size_t kNoRow = SIZE_MAX;
  std::vector<size_t> row_of_op(kinds_.size(), kNoRow);
  for (const host::ProfileEvent& event : profile.events) {
    if (event.op >= static_cast<int32_t>(kinds_.size())) {
      return Error(StatusCode::kCorrupt, "the profile has operator {}, the model has {}", event.op,
                   kinds_.size());
    }
    size_t row = event.op < 0 ? kNoRow : row_of_op[static_cast<size_t>(event.op)];
    if (row == kNoRow) {
      row = rows_.size();
      store::OperatorProfile& added = rows_.emplace_back();
      added.op = event.op;
      added.partition = event.partition;
      added.name = event.op < 0 ? event.name : "";
      if (event.op >= 0) {
        added.kind = kinds_[static_cast<size_t>(event.op)];
        row_of_op[static_cast<size_t>(event.op)] = row;
      }
    }
    AddStep(event.name, rows_[row].steps);
    row_of_event_.push_back(row);
  }
  const auto missing = std::ranges::find(row_of_op, kNoRow);
  if (missing == row_of_op.end()) return OkStatus();
  const auto op = static_cast<size_t>(missing - row_of_op.begin());
  return Error(StatusCode::kCorrupt, "the profile has no event of operator {}, {}", op, kinds_[op]);
}

Status OperatorTimes::Add(const host::Profile& profile) {
  if (events_.empty()) {
    QB_RETURN_IF_ERROR(SetEvents(profile));
    events_ = profile.events;
    resolution_ns_ = static_cast<double>(profile.resolution_ns);
    times_ns_.resize(rows_.size());
  } else if (!std::ranges::equal(events_, profile.events, SameEvent)) {
    return Error(StatusCode::kCorrupt, "one invoke has {} events and another {}, or others",
                 events_.size(), profile.events.size());
  }
  for (std::vector<double>& times : times_ns_) times.push_back(0);
  for (size_t i = 0; i < events_.size(); ++i) {
    times_ns_[row_of_event_[i]].back() += static_cast<double>(profile.events[i].time_ns);
  }
  return OkStatus();
}

std::vector<store::OperatorProfile> OperatorTimes::Operators(
    const std::optional<graph::ModelSummary>& summary) const {
  std::vector<store::OperatorProfile> rows = rows_;
  for (size_t i = 0; i < rows.size(); ++i) {
    // A time of whole nanoseconds needs no correction.
    const double resolution = resolution_ns_ > 1 ? resolution_ns_ : 0;
    rows[i].median_us = stats::GroupedMedian(times_ns_[i], resolution) / kNsPerUs;
    if (rows[i].op >= 0 && summary) {
      Describe(summary->ops[static_cast<size_t>(rows[i].op)], rows[i]);
    }
  }
  return rows;
}

}  // namespace qbench::worker
