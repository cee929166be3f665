#include "quantize/weights/feedback_rounding.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace qbench::quantize {
namespace {

constexpr double kDamping = 0.01;

// Where column k of an upper triangle begins: the columns lie one behind the other, each down to
// its diagonal. A layer of 2,048 weights an output takes 16 MiB.
constexpr size_t Column(size_t k) { return k * (k + 1) / 2; }

// Turns the symmetric, positive definite matrix H, of which the upper triangle is given, into V,
// upper triangular with H = V V^T, in place.
void FactorUpper(std::vector<double>& h, size_t size) {
  for (size_t k = size; k-- > 0;) {
    double* column = &h[Column(k)];
    for (size_t m = k + 1; m < size; ++m) {
      const double* later = &h[Column(m)];
      const double factor = later[k];
      for (size_t i = 0; i <= k; ++i) column[i] -= later[i] * factor;
    }
    // Damping keeps the diagonal positive.
    const double diagonal = std::sqrt(std::max(column[k], std::numeric_limits<double>::min()));
    for (size_t i = 0; i < k; ++i) column[i] /= diagonal;
    column[k] = diagonal;
  }
}

}  // namespace

FeedbackRounder::FeedbackRounder(const InputMoments& moments, size_t group, double noise)
    : order_(moments.taps), feedback_(Column(moments.taps)), diagonal_(moments.taps) {
  const size_t taps = moments.taps;
  const auto moment = [&](size_t a, size_t b) { return moments.Mean(group, a, b); };
  double mean = 0.0;
  for (size_t i = 0; i < taps; ++i) mean += moment(i, i) / static_cast<double>(taps);
  // Of inputs that are always zero nothing is known: any positive diagonal rounds to nearest.
  const double added = noise + (mean > 0.0 ? kDamping * mean : 1.0);
  std::iota(order_.begin(), order_.end(), size_t{0});
  std::ranges::stable_sort(order_, std::greater<>(), [&](size_t i) { return moment(i, i); });
  for (size_t k = 0; k < taps; ++k) {
    double* column = &feedback_[Column(k)];
    for (size_t i = 0; i <= k; ++i) column[i] = moment(order_[i], order_[k]);
    column[k] += added;
  }
  FactorUpper(feedback_, taps);
  // V is (U + I) times the square root of D.
  for (size_t k = 0; k < taps; ++k) {
    double* column = &feedback_[Column(k)];
    diagonal_[k] = column[k] * column[k];
    for (size_t i = 0; i < k; ++i) column[i] /= column[k];
  }
}

double FeedbackRounder::Round(std::span<const float> weights, float scale,
                              std::span<int8_t> integers, int32_t limit) const {
  const double most = limit;
  const size_t taps = order_.size();
  std::vector<double> errors(taps);
  double cost = 0.0;
  for (size_t k = 0; k < taps; ++k) {
    const double* row = &feedback_[Column(k)];
    const double weight = weights[order_[k]];
    double target = weight;
    // A weight that was pruned stays what it is; those after it make up for the error as well.
    if (weight != 0.0) {
      for (size_t i = 0; i < k; ++i) target += errors[i] * row[i];
    }
    const double steps = std::clamp(std::round(target / scale), -most, most);
    integers[order_[k]] = static_cast<int8_t>(steps);
    errors[k] = weight - steps * scale;
    // e H e^T = the sum of D[k] * (e (U + I))[k]^2 (arXiv 2307.13304, section 3.2).
    const double left = target - steps * scale;
    cost += left * left * diagonal_[k];
  }
  return cost;
}

namespace {

// Calls `round(channel, rounder, row, integers)` for each output channel, with its weights, and
// puts what it writes where those stand in the tensor. The rows of the tensor are the output
// channels; those of a depthwise convolution lie across, and each has a group of inputs of its own.
template <typename RoundRow>
std::vector<int8_t> RoundRows(std::span<const float> weights, const graph::Shape& shape,
                              int32_t channel_axis, const InputMoments& moments, double noise,
                              const RoundRow& round) {
  const auto channels = static_cast<size_t>(shape[static_cast<size_t>(channel_axis)]);
  const bool depthwise = channel_axis > 0;
  const size_t stride = depthwise ? channels : 1;
  std::vector<int8_t> integers(weights.size());
  std::vector<float> row(moments.taps);
  std::vector<int8_t> rounded(moments.taps);
  std::optional<FeedbackRounder> rounder;
  size_t group_of_rounder = 0;
  for (size_t channel = 0; channel < channels; ++channel) {
    const size_t group = depthwise ? channel / (channels / moments.groups) : 0;
    if (!rounder || group != group_of_rounder) {
      rounder.emplace(moments, group, noise);
      group_of_rounder = group;
    }
    const size_t first = depthwise ? channel : channel * moments.taps;
    for (size_t i = 0; i < moments.taps; ++i) row[i] = weights[first + i * stride];
    round(channel, *rounder, std::span<const float>(row), std::span<int8_t>(rounded));
    for (size_t i = 0; i < moments.taps; ++i) integers[first + i * stride] = rounded[i];
  }
  return integers;
}

}  // namespace

std::vector<int8_t> RoundWithFeedback(std::span<const float> weights, const graph::Shape& shape,
                                      int32_t channel_axis, std::span<const float> scales,
                                      const InputMoments& moments, double noise,
                                      const AcceptRow& accept, int32_t limit) {
  return RoundRows(weights, shape, channel_axis, moments, noise,
                   [&](size_t channel, const FeedbackRounder& rounder, std::span<const float> row,
                       std::span<int8_t> rounded) {
                     const float scale = scales[scales.size() == 1 ? 0 : channel];
                     rounder.Round(row, scale, rounded, limit);
                     if (!accept || accept(channel, rounded)) return;
                     for (size_t i = 0; i < row.size(); ++i) {
                       const double steps = std::round(static_cast<double>(row[i]) / scale);
                       rounded[i] = static_cast<int8_t>(std::clamp<double>(steps, -limit, limit));
                     }
                   });
}

ScaledWeights RoundAndScaleWithFeedback(std::span<const float> weights, const graph::Shape& shape,
                                        int32_t channel_axis, const InputMoments& moments,
                                        int32_t limit, int candidates) {
  ScaledWeights result;
  result.integers =
      RoundRows(weights, shape, channel_axis, moments, /*noise=*/0.0,
                [&](size_t, const FeedbackRounder& rounder, std::span<const float> row,
                    std::span<int8_t> rounded) {
                  float widest = 0.0F;
                  for (const float weight : row) widest = std::max(widest, std::abs(weight));
                  // The smallest candidate has to be a normal number.
                  if (widest / limit / 2.0F < std::numeric_limits<float>::min()) widest = 0.0F;
                  double least = std::numeric_limits<double>::infinity();
                  float best = 1.0F;
                  for (int candidate = 0; candidate < candidates && widest > 0.0F; ++candidate) {
                    const auto scale =
                        static_cast<float>(widest / limit * (1.0 - 0.5 * candidate / candidates));
                    const double cost = rounder.Round(row, scale, rounded, limit);
                    if (cost >= least) continue;
                    least = cost;
                    best = scale;
                  }
                  rounder.Round(row, best, rounded, limit);
                  result.scales.push_back(best);
                });
  return result;
}

}  // namespace qbench::quantize
