// The timing loop, on Google Benchmark.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/status.h"

namespace qbench::measure {

struct LatencySettings {
  int64_t min_samples = 64;     // enough for a p90
  double min_seconds = 2.0;     // of timed work; at most 200,000 samples
  int64_t warmup_runs = 3;      // at least so many
  double warmup_seconds = 0.5;  // and at least so long
  // Slow models: where min_samples runs would take longer than this, there are as many as fit, at
  // least one, and `cut_short` says so.
  double max_seconds = 600.0;
};

// What is measured. Neither function may be called concurrently.
struct LatencySubject {
  std::function<Status()> prepare;  // before each run, not timed: sets the input
  std::function<Status()> invoke;   // timed
};

struct LatencySamples {
  int64_t first_ns = 0;  // the first run in this object's life, the first of the warm-up
  int64_t warmup_runs = 0;
  double warmup_seconds = 0;  // what the warm-up took, with setting the inputs
  std::vector<int64_t> ns;    // each timed run, in order
  bool cut_short = false;     // fewer than min_samples, because of max_seconds
};

// The number of timed iterations for a subject whose warm-up took `warmup_ns` (not empty): enough
// for min_samples and, at the speed of the fastest run after the first, for min_seconds; at most a
// million; fewer where max_seconds is too short for the median run, which sets `cut_short` if there
// are then fewer than min_samples.
int64_t PlanIterations(const std::vector<int64_t>& warmup_ns, const LatencySettings& settings,
                       bool& cut_short);

// Warms up, finds a number of iterations that makes at least min_samples samples and min_seconds
// (from the fastest warm-up run, so that it is enough), and runs one registered benchmark of that
// fixed number of iterations with manual time. Each sample is a pair of CLOCK_MONOTONIC_RAW
// readings around invoke alone. Fails with the first failure of `prepare` or `invoke`. Not
// reentrant: Google Benchmark's registry is the process's; calls are serialized.
// `before_timed` and `after_timed` (may be empty) run right around the timed region.
Result<LatencySamples> MeasureLatency(const LatencySubject& subject,
                                      const LatencySettings& settings,
                                      const std::function<void()>& before_timed = {},
                                      const std::function<void()>& after_timed = {});

}  // namespace qbench::measure
