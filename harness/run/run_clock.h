// Measures how long the steps of a run take, for the estimate of the time left, and reports to the
// caller how far the run is.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/run/cell_state.h"
#include "harness/run/time_estimate.h"

namespace qbench::run {

struct RunProgress {
  double fraction = 0;  // of the estimated time that has passed
  std::string doing;    // "quantizing net with int8"
  std::string detail;   // what the worker or the plugin says: "calibrating 12 of 100"; or empty
  double seconds_left = 0;
};

// One thread.
class RunClock {
 public:
  using Listener = std::function<void(const RunProgress& progress)>;

  // `plan` outlives this object; `history` has seconds of an inference by cell; `listener` may be
  // empty.
  RunClock(const plan::Plan& plan, const std::vector<Step>& steps,
           const std::map<size_t, double>& history, Listener listener);

  TimeEstimate& estimate() { return estimate_; }

  void BeginDecoding(size_t images);
  void EndDecoding();
  void BeginStep(size_t step);
  // `worked`: it ran a job, which did its work.
  void EndStep(bool worked);
  // Steps of the cells that have stopped will have nothing to do.
  void DropStopped(const std::vector<CellState>& cells);

  // What is going on, and what it says of itself: `what` 12 of 100, or with a total of 0 just what.
  void Report(const std::string& doing);
  void Report(const std::string& doing, const std::string& what, uint64_t done, uint64_t total);
  double SecondsLeft() const;

 private:
  using Clock = std::chrono::steady_clock;

  TimeEstimate estimate_;
  Listener listener_;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point step_begun_ = begun_;
  std::string doing_;
  std::string detail_;
  std::set<size_t> dropped_;
};

}  // namespace qbench::run
