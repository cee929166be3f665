#include "harness/run/run_clock.h"

#include <algorithm>

#include "base/cores.h"
#include "fmt/format.h"

namespace qbench::run {
namespace {

double SecondsSince(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// The images of a baseline's model are mostly those of the model itself.
size_t OwnModels(const plan::Plan& plan) {
  return static_cast<size_t>(std::ranges::count(plan.models, false, &plan::PlannedModel::pinned));
}

}  // namespace

RunClock::RunClock(const plan::Plan& plan, const std::vector<Step>& steps,
                   const std::map<size_t, double>& history, Listener listener)
    : estimate_(plan, steps, AvailableCores()), listener_(std::move(listener)) {
  for (const auto& [cell, seconds] : history) estimate_.LearnInference(cell, seconds);
  // That anything looks worse is not expected.
  for (size_t i = 0; i < steps.size(); ++i) {
    if (IsRepeat(plan, steps[i])) estimate_.MarkDone(i);
  }
  const bool calibrates = plan.calibration_runtime || plan.diff_runtime;
  for (const datasets::Split& split : plan.dataset.splits) {
    const bool decoded = split.name == "test" || (calibrates && split.name == "calibration");
    if (decoded) estimate_.ExpectDecoding(split.images.size() * OwnModels(plan));
  }
}

void RunClock::BeginDecoding(size_t images) {
  estimate_.BeginDecoding(images);
  step_begun_ = Clock::now();
}

void RunClock::EndDecoding() { estimate_.EndDecoding(SecondsSince(step_begun_)); }

void RunClock::BeginStep(size_t step) {
  estimate_.Begin(step);
  step_begun_ = Clock::now();
}

void RunClock::EndStep(bool worked) {
  if (worked) {
    estimate_.End(SecondsSince(step_begun_));
  } else {
    estimate_.EndWithoutWork();
  }
}

void RunClock::DropStopped(const std::vector<CellState>& cells) {
  for (size_t cell = 0; cell < cells.size(); ++cell) {
    if (cells[cell].stopped && dropped_.insert(cell).second) estimate_.DropCell(cell);
  }
}

double RunClock::SecondsLeft() const { return estimate_.SecondsLeft(SecondsSince(step_begun_)); }

void RunClock::Report(const std::string& doing) {
  if (!listener_) return;
  if (doing != doing_) detail_.clear();
  doing_ = doing;
  const double left = SecondsLeft();
  const double passed = SecondsSince(begun_);
  listener_({passed / std::max(1e-9, passed + left), doing_, detail_, left});
}

void RunClock::Report(const std::string& doing, const std::string& what, uint64_t done,
                      uint64_t total) {
  estimate_.Progress(done, total);
  if (doing != doing_) doing_ = doing;
  detail_ =
      total == 0 ? what : fmt::format("{}{}{} of {}", what, what.empty() ? "" : " ", done, total);
  Report(doing);
}

}  // namespace qbench::run
