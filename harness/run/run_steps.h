// The steps of a run, in their order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/plan/run_plan.h"
#include "harness/store/records.h"

namespace qbench::run {

enum class StepKind { kQuantize, kLook, kAccuracy, kDiff, kLatency, kPeak, kProfile };

// Images on which the layers of an artifact are compared.
inline constexpr uint64_t kDiffImages = 100;
// Inferences of a look at a cell, the first of them not timed.
inline constexpr int kLookRuns = 4;

struct Step {
  StepKind kind = StepKind::kQuantize;
  size_t cell = 0;  // of Plan::cells; kQuantize, kDiff: the first of those that share the artifact
  int repetition = 0;
};

// The steps in the order in which they run: every artifact, a look at every cell (how long an
// inference takes, so that the time left can be told), every accuracy, the comparisons of
// layers where the plan has them, then latency with one round a repetition, the machine's peak
// where times are asked for, and last a profile each: of every operator's time where that was asked
// for, else of what a delegate took alone, but not of oracles, which have none. Each round of
// latency begins with another cell, so that what warms up or wears off hits all cells alike.
// With a baseline, its cells are classified behind the others, and timed in pairs with those that
// they belong to; then there are as many rounds again, of the pairs alone, for the cells that
// looked worse (IsRepeat): the others have nothing to do in them.
std::vector<Step> PlanSteps(const plan::Plan& plan);

// Is this a step of the repeat that a run with a baseline has for cells that looked worse?
bool IsRepeat(const plan::Plan& plan, const Step& step);

// What a step of this kind is stored as; none where it is no measurement of a cell.
std::optional<store::MeasurementKind> MeasurementOf(StepKind kind);

// Do these cells run the same artifact?
inline bool SameArtifact(const plan::PlannedCell& a, const plan::PlannedCell& b) {
  return a.model == b.model && a.quantizer == b.quantizer;
}

}  // namespace qbench::run
