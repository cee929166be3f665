#include "harness/stats/label_order.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <tuple>
#include <utility>

#include "harness/stats/proportions.h"

namespace qbench::stats {
namespace {

// Images by label and predicted class; most places are empty where there are many classes.
using Counts = std::map<std::pair<int32_t, int32_t>, int64_t>;

int64_t At(const Counts& counts, int32_t label, int32_t predicted) {
  const auto found = counts.find({label, predicted});
  return found == counts.end() ? 0 : found->second;
}

// Of each label the class that its images are predicted as, every class once: by the counts, the
// largest first, of equal ones those in order. Labels that are left over stay where they are, or
// take what is left.
std::vector<int32_t> Assign(const Counts& counts, int32_t classes) {
  std::vector<std::tuple<int64_t, bool, int32_t, int32_t>> pairs;
  for (const auto& [place, count] : counts) {
    pairs.emplace_back(-count, place.first != place.second, place.first, place.second);
  }
  std::ranges::sort(pairs);
  std::vector<int32_t> assigned(static_cast<size_t>(classes), -1);
  std::vector<bool> taken(static_cast<size_t>(classes), false);
  const auto take = [&](int32_t label, int32_t predicted) {
    if (assigned[static_cast<size_t>(label)] >= 0 || taken[static_cast<size_t>(predicted)]) return;
    assigned[static_cast<size_t>(label)] = predicted;
    taken[static_cast<size_t>(predicted)] = true;
  };
  for (const auto& [count, moved, label, predicted] : pairs) take(label, predicted);
  for (int32_t label = 0; label < classes; ++label) take(label, label);
  int32_t free = 0;
  for (int32_t label = 0; label < classes; ++label) {
    if (assigned[static_cast<size_t>(label)] >= 0) continue;
    while (taken[static_cast<size_t>(free)]) ++free;
    take(label, free);
  }
  return assigned;
}

std::vector<std::vector<int32_t>> CirclesOf(const std::vector<int32_t>& assigned) {
  std::vector<std::vector<int32_t>> circles;
  std::vector<bool> seen(assigned.size(), false);
  for (size_t first = 0; first < assigned.size(); ++first) {
    std::vector<int32_t> circle;
    for (size_t at = first; !seen[at]; at = static_cast<size_t>(assigned[at])) {
      seen[at] = true;
      circle.push_back(static_cast<int32_t>(at));
    }
    if (circle.size() > 1) circles.push_back(std::move(circle));
  }
  return circles;
}

// The circle with its figures; p stays 1.
LabelCycle Measure(const Counts& counts, std::vector<int32_t> circle) {
  LabelCycle cycle{.classes = std::move(circle)};
  for (size_t i = 0; i < cycle.classes.size(); ++i) {
    const int32_t label = cycle.classes[i];
    const int32_t next = cycle.classes[(i + 1) % cycle.classes.size()];
    cycle.right += At(counts, label, label);
    cycle.right_moved += At(counts, label, next);
    for (auto one = counts.lower_bound({label, 0}); one != counts.end(); ++one) {
      if (one->first.first != label) break;
      cycle.images += one->second;
    }
  }
  return cycle;
}

bool EachGains(const Counts& counts, const std::vector<int32_t>& circle) {
  for (size_t i = 0; i < circle.size(); ++i) {
    const int32_t next = circle[(i + 1) % circle.size()];
    if (At(counts, circle[i], next) < At(counts, circle[i], circle[i])) return false;
  }
  return true;
}

double SignTest(const LabelCycle& cycle) {
  return McNemarOneSidedP(cycle.right_moved, cycle.right);
}

// log(n! / ((n - k)! k) * k (k - 1))
double LogChoices(size_t classes, size_t length) {
  const auto n = static_cast<double>(classes);
  const auto k = static_cast<double>(length);
  return std::lgamma(n + 1) - std::lgamma(n - k + 1) + std::log(k - 1);
}

struct Halves {
  Counts all;
  Counts choosing;
  Counts testing;
};

Halves Count(std::span<const int32_t> labels, std::span<const int32_t> predicted, int32_t classes) {
  Halves halves;
  std::vector<bool> odd(static_cast<size_t>(classes), false);
  for (size_t i = 0; i < std::min(labels.size(), predicted.size()); ++i) {
    const auto known = [&](int32_t one) { return one >= 0 && one < classes; };
    if (!known(labels[i]) || !known(predicted[i])) continue;
    const std::pair place(labels[i], predicted[i]);
    const auto label = static_cast<size_t>(labels[i]);
    ++halves.all[place];
    ++(odd[label] ? halves.testing : halves.choosing)[place];
    odd[label] = !odd[label];
  }
  return halves;
}

}  // namespace

std::vector<LabelCycle> FindLabelCycles(std::span<const int32_t> labels,
                                        std::span<const int32_t> predicted, int32_t classes) {
  if (classes < 2) return {};
  const Halves halves = Count(labels, predicted, classes);
  const auto proposed = CirclesOf(Assign(halves.choosing, classes));
  std::vector<LabelCycle> found;
  for (std::vector<int32_t>& circle : CirclesOf(Assign(halves.all, classes))) {
    double p = 1;
    if (std::ranges::find(proposed, circle) != proposed.end()) {
      p = SignTest(Measure(halves.testing, circle)) * static_cast<double>(proposed.size());
    }
    const bool gains = EachGains(halves.all, circle);
    LabelCycle cycle = Measure(halves.all, std::move(circle));
    const double log_p =
        std::log(SignTest(cycle)) + LogChoices(static_cast<size_t>(classes), cycle.classes.size());
    cycle.p = std::min(1.0, 2 * std::min(p, std::exp(std::min(log_p, 0.0))));
    if (gains && 2 * cycle.right_moved >= cycle.images && cycle.p < kLabelOrderLevel) {
      found.push_back(std::move(cycle));
    }
  }
  std::ranges::stable_sort(found, std::ranges::greater(), &LabelCycle::images);
  return found;
}

}  // namespace qbench::stats
