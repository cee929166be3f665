// What the images say of a model's preprocessing.
#include <algorithm>

#include "harness/plan/preprocessing_check.h"
#include "harness/stats/proportions.h"

namespace qbench::plan {
namespace {

constexpr double kOverrules = 0.01;
constexpr double kStandsOut = 0.05;

struct Candidate {
  size_t tried = 0;
  size_t order = 0;
  bool operator==(const Candidate&) const = default;
};

// In how many images the one is better than the other.
struct Wins {
  int64_t a = 0;
  int64_t b = 0;
};

Wins CompareRight(const CheckedInputs& checked, Candidate a, Candidate b) {
  Wins wins;
  for (size_t i = 0; i < checked.image_label.size(); ++i) {
    const bool right_a = checked.IsRight(i, a.tried, a.order);
    const bool right_b = checked.IsRight(i, b.tried, b.order);
    wins.a += right_a && !right_b ? 1 : 0;
    wins.b += right_b && !right_a ? 1 : 0;
  }
  return wins;
}

// Whether they differ in the order of colours alone: then they can be told by how sure the model
// is.
bool AreColoursTurned(const CheckedInputs& checked, Candidate a, Candidate b) {
  return a.order == b.order && a.tried != b.tried &&
         checked.tried[a.tried].normalization == checked.tried[b.tried].normalization;
}

Wins CompareSure(const CheckedInputs& checked, Candidate a, Candidate b) {
  const auto sure = [&](size_t image, Candidate candidate) {
    const TriedInput& tried = checked.tried[candidate.tried];
    const float value = image < tried.confidence.size() ? tried.confidence[image] : 0.0F;
    return checked.IsRight(image, candidate.tried, candidate.order) ? value : -value;
  };
  Wins wins;
  for (size_t i = 0; i < checked.image_label.size(); ++i) {
    wins.a += sure(i, a) > sure(i, b) ? 1 : 0;
    wins.b += sure(i, b) > sure(i, a) ? 1 : 0;
  }
  return wins;
}

bool IsBetter(const CheckedInputs& checked, Candidate a, Candidate b) {
  const int64_t difference = checked.Right(a.tried, a.order) - checked.Right(b.tried, b.order);
  if (difference != 0 || !AreColoursTurned(checked, a, b)) return difference > 0;
  const Wins wins = CompareSure(checked, a, b);
  return wins.a > wins.b;
}

// The probability that a is at least so much better than b by chance alone.
double ChanceOf(const CheckedInputs& checked, Candidate a, Candidate b) {
  const Wins right = CompareRight(checked, a, b);
  const double chance = stats::McNemarOneSidedP(right.a, right.b);
  if (!AreColoursTurned(checked, a, b)) return chance;
  const Wins sure = CompareSure(checked, a, b);
  return std::min(chance, stats::McNemarOneSidedP(sure.a, sure.b));
}

// The best of all that `admits`, beginning with `best`; an equal one is no better.
template <typename Admits>
Candidate Best(const CheckedInputs& checked, Candidate best, Admits&& admits) {
  for (size_t order = 0; order < checked.orders.size(); ++order) {
    for (size_t tried = 0; tried < checked.tried.size(); ++tried) {
      const Candidate next{tried, order};
      if (admits(next) && IsBetter(checked, next, best)) best = next;
    }
  }
  return best;
}

// The label of each output by which the most images are right, and how many: the most frequent pair
// of output and label first.
std::pair<std::vector<std::string>, int64_t> LabelsByOutputs(const CheckedInputs& checked,
                                                             size_t tried) {
  const std::vector<std::string>& labels = checked.orders.front().labels;
  const size_t count = labels.size();
  std::vector<int64_t> pairs(count * count, 0);
  for (size_t i = 0; i < checked.image_label.size(); ++i) {
    const int32_t output = checked.tried[tried].outputs[i];
    const auto label = std::ranges::find(labels, checked.image_label[i]);
    if (output < 0 || static_cast<size_t>(output) >= count || label == labels.end()) continue;
    ++pairs[static_cast<size_t>(output) * count + static_cast<size_t>(label - labels.begin())];
  }
  std::vector<std::string> assigned(count);
  std::vector<bool> used(count, false);
  int64_t right = 0;
  for (size_t round = 0; round < count; ++round) {
    size_t best = pairs.size();
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (!assigned[i / count].empty() || used[i % count]) continue;
      if (best == pairs.size() || pairs[i] > pairs[best]) best = i;
    }
    assigned[best / count] = labels[best % count];
    used[best % count] = true;
    right += pairs[best];
  }
  return {std::move(assigned), right};
}

std::optional<CheckVerdict::OtherOrder> FindOtherOrder(const CheckedInputs& checked,
                                                       int64_t right) {
  const auto classes = static_cast<int64_t>(checked.orders.front().labels.size());
  // With fewer images a class any answers could be sorted into an order of their own.
  if (classes * 4 > checked.images()) return std::nullopt;
  std::optional<CheckVerdict::OtherOrder> best;
  for (size_t tried = 0; tried < checked.tried.size(); ++tried) {
    auto [labels, count] = LabelsByOutputs(checked, tried);
    if (!best || count > best->right) best = {std::move(labels), tried, count};
  }
  const bool far_more = best && best->right * 10 >= checked.images() * 7 &&
                        (best->right - right) * 4 >= checked.images();
  return far_more ? best : std::nullopt;
}

}  // namespace

bool CheckedInputs::IsRight(size_t image, size_t tried_index, size_t order) const {
  const int32_t output = tried[tried_index].outputs[image];
  const std::vector<std::string>& labels = orders[order].labels;
  return output >= 0 && static_cast<size_t>(output) < labels.size() &&
         labels[static_cast<size_t>(output)] == image_label[image];
}

int64_t CheckedInputs::Right(size_t tried_index, size_t order) const {
  int64_t right = 0;
  for (size_t i = 0; i < image_label.size(); ++i) right += IsRight(i, tried_index, order) ? 1 : 0;
  return right;
}

CheckVerdict JudgeInputs(const CheckedInputs& checked, const FirstGuess& guess,
                         const LabelSource& labels) {
  CheckVerdict verdict;
  const auto is_guess = [&](size_t tried) {
    return checked.tried[tried].normalization == guess.normalization;
  };
  Candidate first;
  for (size_t i = 0; i < checked.tried.size(); ++i) {
    if (is_guess(i) && checked.tried[i].channels == guess.channels) first.tried = i;
  }
  Candidate chosen = Best(checked, first, [&](Candidate next) {
    return (guess.guess || is_guess(next.tried)) && (labels.guess || next.order == 0);
  });
  // A network may stand another input than its own nearly as well, so that one image more or less
  // says little beside the family's convention.
  if (guess.convention) {
    const Candidate usual = Best(checked, first, [&](Candidate next) {
      return is_guess(next.tried) && (labels.guess || next.order == 0);
    });
    if (ChanceOf(checked, chosen, usual) >= kStandsOut) chosen = usual;
  }
  const Candidate best = Best(checked, chosen, [](Candidate) { return true; });
  const auto right = [&](Candidate each) { return checked.Right(each.tried, each.order); };
  const double chance = 1.0 / static_cast<double>(checked.orders.front().labels.size());
  verdict.beyond_chance = stats::WilsonInterval(right(best), checked.images(), 0.999).low > chance;
  if (!verdict.beyond_chance) {
    chosen = first;
  } else if (best != chosen && ChanceOf(checked, best, chosen) < kOverrules) {
    chosen = best;
    verdict.overrules = true;
  }
  verdict.tried = chosen.tried;
  verdict.order = chosen.order;
  verdict.right = right(chosen);
  verdict.stands_out = verdict.beyond_chance;
  verdict.next_right = -1;
  for (size_t order = 0; order < checked.orders.size(); ++order) {
    for (size_t tried = 0; tried < checked.tried.size(); ++tried) {
      const Candidate next{tried, order};
      if (next == chosen) continue;
      verdict.stands_out &= ChanceOf(checked, chosen, next) < kStandsOut;
      if (right(next) <= verdict.next_right) continue;
      verdict.next_tried = tried;
      verdict.next_order = order;
      verdict.next_right = right(next);
    }
  }
  verdict.other_order = FindOtherOrder(checked, right(best));
  return verdict;
}

}  // namespace qbench::plan
