#include "graph/learned_range.h"

#include <algorithm>

#include "graph/operators.h"

namespace qbench::graph {

void StandInFor(const Tensor& goes, Tensor& stays) {
  if (!goes.learned_range || stays.type != DataType::kFloat32 || stays.quantization) return;
  const LearnedRange& from = *goes.learned_range;
  if (from.min.size() > 1 && goes.shape != stays.shape) return;
  if (!stays.learned_range) {
    stays.learned_range = from;
    return;
  }
  LearnedRange& into = *stays.learned_range;
  if (into.min.size() != from.min.size() || into.axis != from.axis) return;
  for (size_t i = 0; i < into.min.size(); ++i) {
    into.min[i] = std::min(into.min[i], from.min[i]);
    into.max[i] = std::max(into.max[i], from.max[i]);
  }
}

std::optional<LearnedRange> ClampedRange(const std::optional<LearnedRange>& range,
                                         Activation activation) {
  if (!range || range->min.size() != 1) return std::nullopt;
  const ActivationInfo& info = InfoOf(activation);
  LearnedRange clamped = *range;
  clamped.min[0] = std::clamp(clamped.min[0], info.min, info.max);
  clamped.max[0] = std::clamp(clamped.max[0], info.min, info.max);
  return clamped;
}

std::optional<LearnedRange> ScaledRange(const Tensor& weights, std::span<const double> factors,
                                        int32_t axis) {
  if (!weights.learned_range || factors.empty()) return std::nullopt;
  const LearnedRange& range = *weights.learned_range;
  const bool one = range.min.size() == 1;
  if (!one && (range.axis != axis || range.min.size() != factors.size())) return std::nullopt;
  const bool alike =
      one && std::ranges::all_of(factors, [&](double factor) { return factor == factors[0]; });
  LearnedRange scaled;
  scaled.axis = alike ? range.axis : axis;
  for (size_t i = 0; i < (alike ? 1 : factors.size()); ++i) {
    const double low = static_cast<double>(range.min[one ? 0 : i]) * factors[i];
    const double high = static_cast<double>(range.max[one ? 0 : i]) * factors[i];
    scaled.min.push_back(static_cast<float>(std::min(low, high)));
    scaled.max.push_back(static_cast<float>(std::max(low, high)));
  }
  return scaled;
}

}  // namespace qbench::graph
