#include "harness/run/run_steps.h"

#include <algorithm>

namespace qbench::run {
namespace {

// A step for the first cell of those that share an artifact.
void AddArtifactSteps(const plan::Plan& plan, StepKind kind, std::vector<Step>& steps) {
  for (size_t i = 0; i < plan.OwnCells(); ++i) {
    const auto before = plan.cells.begin() + static_cast<std::ptrdiff_t>(i);
    const bool first = std::none_of(plan.cells.begin(), before, [&](const plan::PlannedCell& cell) {
      return SameArtifact(cell, plan.cells[i]);
    });
    if (first) steps.push_back({kind, i, 0});
  }
}

// One round of latency: every cell of the run once, from `start` on; where the baseline has it too,
// both right after one another, and which of them is first changes from cell to cell and from round
// to round.
void AddLatencyRound(const plan::Plan& plan, int round, size_t start, bool pairs_alone,
                     std::vector<Step>& steps) {
  const size_t count = plan.OwnCells();
  for (size_t i = 0; i < count; ++i) {
    const size_t cell = (start + i) % count;
    const std::optional<size_t> baseline = plan.BaselineOf(cell);
    const bool baseline_first = (static_cast<size_t>(round) + cell) % 2 == 0;
    if (baseline && baseline_first) steps.push_back({StepKind::kLatency, *baseline, round});
    if (baseline || !pairs_alone) steps.push_back({StepKind::kLatency, cell, round});
    if (baseline && !baseline_first) steps.push_back({StepKind::kLatency, *baseline, round});
  }
}

}  // namespace

std::optional<store::MeasurementKind> MeasurementOf(StepKind kind) {
  switch (kind) {
    case StepKind::kQuantize:
      return store::MeasurementKind::kQuantize;
    case StepKind::kAccuracy:
      return store::MeasurementKind::kAccuracy;
    case StepKind::kLatency:
      return store::MeasurementKind::kLatency;
    case StepKind::kProfile:
      return store::MeasurementKind::kProfile;
    case StepKind::kLook:
    case StepKind::kDiff:
    case StepKind::kPeak:
      return std::nullopt;
  }
  return std::nullopt;
}

std::vector<Step> PlanSteps(const plan::Plan& plan) {
  std::vector<Step> steps;
  const size_t count = plan.OwnCells();
  AddArtifactSteps(plan, StepKind::kQuantize, steps);
  for (size_t i = 0; i < count; ++i) steps.push_back({StepKind::kLook, i, 0});
  for (size_t i = 0; i < plan.cells.size(); ++i) steps.push_back({StepKind::kAccuracy, i, 0});
  if (plan.diff_runtime) AddArtifactSteps(plan, StepKind::kDiff, steps);
  const int rounds = plan.measure.repetitions;
  for (int round = 0; round < (plan.baseline ? 2 : 1) * rounds; ++round) {
    // Rounds of r repetitions start 1/r of the cells apart.
    const size_t start = static_cast<size_t>(round % rounds) * count / static_cast<size_t>(rounds);
    AddLatencyRound(plan, round, start, /*pairs_alone=*/round >= rounds, steps);
  }
  if (plan.measure.profile) steps.push_back({StepKind::kPeak, 0, 0});
  for (size_t i = 0; i < count; ++i) {
    const plan::SelectedPlugin& runtime = plan.selection.runtimes[plan.cells[i].runtime];
    if (!plan.measure.profile && runtime.plugin.descriptor.oracle) continue;
    steps.push_back({StepKind::kProfile, i, 0});
  }
  return steps;
}

bool IsRepeat(const plan::Plan& plan, const Step& step) {
  return step.kind == StepKind::kLatency && step.repetition >= plan.measure.repetitions;
}

}  // namespace qbench::run
