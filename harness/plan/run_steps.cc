#include "harness/plan/run_steps.h"

#include <algorithm>
#include <thread>

namespace qbench::plan {
namespace {

// For estimates alone: multiply-adds a second of one core, in thousand millions. A fast runtime on
// a Raspberry Pi 4 reaches 4 to 8; reference kernels some hundred times less.
constexpr double kFastGmacs = 6;
constexpr double kOracleGmacs = 0.3;
// Starting a worker and loading a model.
constexpr double kStartSeconds = 0.2;
constexpr double kCalibrationImages = 100;

double InferenceSeconds(const PlannedModel& model, const SelectedPlugin& runtime) {
  return model.gmacs / (runtime.plugin.descriptor.oracle ? kOracleGmacs : kFastGmacs);
}

double Cores() { return std::max(1U, std::thread::hardware_concurrency()); }

double QuantizeSeconds(const Plan& plan, const PlannedCell& cell) {
  if (!plan.selection.quantizers[cell.quantizer].plugin.descriptor.needs_samples) {
    return kStartSeconds;
  }
  const double inference = InferenceSeconds(plan.models[cell.model], *plan.calibration_runtime);
  return kStartSeconds + kCalibrationImages * inference / Cores();
}

double AccuracySeconds(const Plan& plan, const PlannedCell& cell) {
  const double inference =
      InferenceSeconds(plan.models[cell.model], plan.selection.runtimes[cell.runtime]);
  return kStartSeconds + static_cast<double>(plan.Test().images.size()) * inference / Cores();
}

double LatencySeconds(const Plan& plan, const PlannedCell& cell) {
  const double inference =
      InferenceSeconds(plan.models[cell.model], plan.selection.runtimes[cell.runtime]);
  const measure::LatencySettings& settings = plan.measure.latency;
  const double warmup =
      std::max(settings.warmup_seconds, static_cast<double>(settings.warmup_runs) * inference);
  const double timed =
      std::max(settings.min_seconds, static_cast<double>(settings.min_samples) * inference);
  return kStartSeconds + warmup + std::min(timed, settings.max_seconds);
}

double ProfileSeconds(const Plan& plan, const PlannedCell& cell) {
  const worker::ProfileJob job;
  const double inference =
      InferenceSeconds(plan.models[cell.model], plan.selection.runtimes[cell.runtime]);
  if (!plan.measure.profile) return kStartSeconds + inference;
  return kStartSeconds + std::min(static_cast<double>(job.runs) * inference, job.max_seconds);
}

double DiffSeconds(const Plan& plan, const PlannedCell& cell) {
  constexpr double kModels = 3;  // float, quantized, and quantized with its layers apart
  const double inference = InferenceSeconds(plan.models[cell.model], *plan.diff_runtime);
  return kStartSeconds + kModels * static_cast<double>(kDiffImages) * inference;
}

// A step for the first cell of those that share an artifact.
template <typename Seconds>
void AddArtifactSteps(const Plan& plan, StepKind kind, Seconds&& seconds,
                      std::vector<Step>& steps) {
  for (size_t i = 0; i < plan.cells.size(); ++i) {
    const auto before = plan.cells.begin() + static_cast<std::ptrdiff_t>(i);
    const bool first = std::none_of(plan.cells.begin(), before, [&](const PlannedCell& cell) {
      return SameArtifact(cell, plan.cells[i]);
    });
    if (first) steps.push_back({kind, i, 0, seconds(plan, plan.cells[i])});
  }
}

}  // namespace

std::vector<Step> PlanSteps(const Plan& plan) {
  std::vector<Step> steps;
  AddArtifactSteps(plan, StepKind::kQuantize, QuantizeSeconds, steps);
  for (size_t i = 0; i < plan.cells.size(); ++i) {
    steps.push_back({StepKind::kAccuracy, i, 0, AccuracySeconds(plan, plan.cells[i])});
  }
  if (plan.diff_runtime) AddArtifactSteps(plan, StepKind::kDiff, DiffSeconds, steps);
  const size_t count = plan.cells.size();
  for (int round = 0; round < plan.measure.repetitions; ++round) {
    // Rounds of r repetitions start 1/r of the cells apart.
    const size_t start =
        static_cast<size_t>(round) * count / static_cast<size_t>(plan.measure.repetitions);
    for (size_t i = 0; i < count; ++i) {
      const size_t cell = (start + i) % count;
      steps.push_back({StepKind::kLatency, cell, round, LatencySeconds(plan, plan.cells[cell])});
    }
  }
  if (plan.measure.profile) {
    steps.push_back({StepKind::kPeak, 0, 0, kStartSeconds + worker::PeakJob().seconds});
  }
  for (size_t i = 0; i < count; ++i) {
    const SelectedPlugin& runtime = plan.selection.runtimes[plan.cells[i].runtime];
    if (!plan.measure.profile && runtime.plugin.descriptor.oracle) continue;
    steps.push_back({StepKind::kProfile, i, 0, ProfileSeconds(plan, plan.cells[i])});
  }
  return steps;
}

}  // namespace qbench::plan
