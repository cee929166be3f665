// Learned ranges (ir.h) under rewrites: what becomes of one where its tensor is merged with
// another, clamped or multiplied. Internal to graph/.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "graph/ir.h"

namespace qbench::graph {

// `stays` takes the place of `goes`, which holds the same values, with other shape perhaps. It gets
// its range where it has none, or the range of both, as tensors of one scale have in integer
// models. A range of single channels does not go over to another shape.
void StandInFor(const Tensor& goes, Tensor& stays);

// What the activation leaves of a range of one pair; nothing of nothing or of several.
std::optional<LearnedRange> ClampedRange(const std::optional<LearnedRange>& range,
                                         Activation activation);

// The range of weights that are multiplied by `factors`, one for each index of dimension `axis`:
// still one pair where all factors are alike, else one for each index. Nothing where the weights
// have none, or ranges along another dimension. Integers that stand for the weights by the old
// range stand for the new ones by this (but for the sign of the factor).
std::optional<LearnedRange> ScaledRange(const Tensor& weights, std::span<const double> factors,
                                        int32_t axis);

}  // namespace qbench::graph
