#include "harness/stats/step_detector.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <queue>

#include "harness/stats/descriptive.h"

namespace qbench::stats {
namespace {

// The sum of absolute deviations from the median, of values that come one after the other: the
// lower half in one heap, the upper in another.
class RunningDeviation {
 public:
  void Add(double value) {
    if (lower_.empty() || value <= lower_.top()) {
      lower_.push(value);
      lower_sum_ += value;
    } else {
      upper_.push(value);
      upper_sum_ += value;
    }
    if (lower_.size() > upper_.size() + 1) {
      Move(&lower_, &lower_sum_, &upper_, &upper_sum_);
    } else if (upper_.size() > lower_.size()) {
      Move(&upper_, &upper_sum_, &lower_, &lower_sum_);
    }
  }
  double Sum() const {
    const double median = lower_.top();
    const auto below = static_cast<double>(lower_.size());
    const auto above = static_cast<double>(upper_.size());
    return std::max(0.0, median * below - lower_sum_ + upper_sum_ - median * above);
  }

 private:
  template <typename From, typename To>
  static void Move(From* from, double* from_sum, To* to, double* to_sum) {
    const double value = from->top();
    from->pop();
    *from_sum -= value;
    to->push(value);
    *to_sum += value;
  }

  std::priority_queue<double> lower_;
  std::priority_queue<double, std::vector<double>, std::greater<>> upper_;
  double lower_sum_ = 0;
  double upper_sum_ = 0;
};

double NoiseOf(const std::vector<double>& values) {
  std::vector<double> differences;
  for (size_t i = 1; i < values.size(); ++i) differences.push_back(values[i] - values[i - 1]);
  return 1.4826 / std::sqrt(2) * MedianAbsoluteDeviation(differences);
}

// The first value of every level but the first, of the best fit.
std::vector<size_t> Fit(const std::vector<double>& values, double gamma, size_t min_length) {
  const size_t count = values.size();
  std::vector<double> best(count + 1, std::numeric_limits<double>::infinity());
  std::vector<size_t> begin_of_last(count + 1, 0);
  best[0] = -gamma;  // the first level costs nothing
  for (size_t begin = 0; begin + min_length <= count; ++begin) {
    if (!std::isfinite(best[begin])) continue;
    RunningDeviation deviation;
    for (size_t end = begin + 1; end <= count; ++end) {
      deviation.Add(values[end - 1]);
      if (end - begin < min_length) continue;
      const double sum = best[begin] + gamma + deviation.Sum();
      if (sum >= best[end]) continue;
      best[end] = sum;
      begin_of_last[end] = begin;
    }
  }
  std::vector<size_t> begins;
  for (size_t end = count; begin_of_last[end] > 0; end = begin_of_last[end]) {
    begins.push_back(begin_of_last[end]);
  }
  std::ranges::reverse(begins);
  return begins;
}

std::vector<Step> StepsAt(const std::vector<size_t>& begins, const std::vector<double>& values) {
  const auto level = [&](size_t i) {  // the one before begins[i]
    const size_t from = i == 0 ? 0 : begins[i - 1];
    const size_t to = i == begins.size() ? values.size() : begins[i];
    return Median(std::span(values).subspan(from, to - from));
  };
  std::vector<Step> steps;
  for (size_t i = 0; i < begins.size(); ++i) steps.push_back({begins[i], level(i), level(i + 1)});
  return steps;
}

double SizeOf(const Step& step) { return std::abs(step.after - step.before); }

// Joins the levels that lie closest together, until all that are left lie `min_size` apart.
std::vector<Step> Joined(std::vector<size_t> begins, const std::vector<double>& values,
                         double min_size) {
  while (true) {
    std::vector<Step> steps = StepsAt(begins, values);
    const auto least = std::ranges::min_element(steps, {}, SizeOf);
    if (least == steps.end() || SizeOf(*least) >= min_size) return steps;
    begins.erase(begins.begin() + (least - steps.begin()));
  }
}

}  // namespace

StepFit FindSteps(std::span<const std::optional<double>> values, const StepRules& rules) {
  std::vector<double> measured;
  std::vector<size_t> places;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i] || !std::isfinite(*values[i])) continue;
    measured.push_back(*values[i]);
    places.push_back(i);
  }
  const size_t min_length = std::max<size_t>(1, rules.min_length);
  StepFit fit;
  if (measured.size() < 2 * min_length) return fit;
  fit.noise = std::max(rules.noise, NoiseOf(measured));
  // Of values without noise, what a double rounds away is no step.
  const double rounding = 1e-12 * (1 + std::abs(Median(measured)));
  fit.gamma =
      std::max(fit.noise * (3.2 + std::log(static_cast<double>(measured.size()))), rounding);
  fit.steps = Joined(Fit(measured, fit.gamma, min_length), measured, rules.min_size);
  for (Step& step : fit.steps) step.at = places[step.at];
  return fit;
}

}  // namespace qbench::stats
