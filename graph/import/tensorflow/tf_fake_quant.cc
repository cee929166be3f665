// Simulated quantization. What a network was trained to keep a tensor in becomes the tensor's
// learned range; the float model computes without it.
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/one_line.h"
#include "graph/import/tensorflow/tf_builders.h"

namespace qbench::graph::import {
namespace {

// The range that TensorFlow uses in place of a given one: shifted so that zero is exact (its kernel
// fake_quant_ops_functor.h), in float as there. 8 bits; `narrow` leaves the lowest value out.
std::pair<float, float> Nudged(float min, float max, bool narrow) {
  const float lowest = narrow ? 1.0F : 0.0F;
  const float highest = 255.0F;
  if (min == 0.0F && max == 0.0F) return {0.0F, 0.0F};
  const float scale = (max - min) / (highest - lowest);
  const float zero_point = std::clamp(std::round(lowest - min / scale), lowest, highest);
  return {(lowest - zero_point) * scale, (highest - zero_point) * scale};
}

Result<LearnedRange> MakeRange(const TfNode& node, std::vector<float> min, std::vector<float> max,
                               int32_t axis) {
  if (const int64_t bits = node.Int("num_bits", 8); bits != 8) {
    return node.Unsupported(fmt::format(
        "it was trained for {} bits, where qbench quantizes trained ranges to 8; train the network "
        "with num_bits=8, or save it without simulated quantization",
        bits));
  }
  const bool narrow = node.Bool("narrow_range", false);
  LearnedRange range{.min = std::move(min), .max = std::move(max), .axis = axis};
  for (size_t i = 0; i < range.min.size(); ++i) {
    const float low = range.min[i];
    const float high = range.max[i];
    if (!std::isfinite(low) || !std::isfinite(high) || low > high || low > 0.0F || high < 0.0F) {
      return node.Unsupported(
          fmt::format("its learned range is from {} to {}, which no 8-bit scale has; train the "
                      "network further, "
                      "or save it without simulated quantization",
                      low, high));
    }
    std::tie(range.min[i], range.max[i]) = Nudged(low, high, narrow);
  }
  return range;
}

Status Apply(TfNode& node, LearnedRange range) {
  QB_ASSIGN_OR_RETURN(const TfValue* value, node.Value(0));
  if (value->kind == TfValue::Kind::kArray) {
    TfArray array = *value->array;
    if (array.kind != TfArray::Kind::kFloats) return node.Corrupt("it is of whole numbers");
    array.range = std::move(range);
    return node.Give(std::move(array));
  }
  QB_ASSIGN_OR_RETURN(const TensorId tensor, node.Tensor(0));
  Tensor& ranged = node.import().builder.graph.tensors[static_cast<size_t>(tensor)];
  if (ranged.learned_range && *ranged.learned_range != range) {
    return node.Unsupported(fmt::format(
        "its input has another learned range already ({} to {}, and {} to {} here)",
        ranged.learned_range->min[0], ranged.learned_range->max[0], range.min[0], range.max[0]));
  }
  ranged.learned_range = std::move(range);
  TfValue same = *value;
  return node.Give(std::move(same));
}

Status BuildFakeQuantArgs(TfNode& node) {
  const auto low = static_cast<float>(node.Float("min", -6.0));
  const auto high = static_cast<float>(node.Float("max", 6.0));
  QB_ASSIGN_OR_RETURN(LearnedRange range, MakeRange(node, {low}, {high}, 0));
  return Apply(node, std::move(range));
}

Status BuildFakeQuantVars(TfNode& node) {
  QB_ASSIGN_OR_RETURN(auto min, node.Floats(1));
  QB_ASSIGN_OR_RETURN(auto max, node.Floats(2));
  if (min.size() != 1 || max.size() != 1) return node.Corrupt("its range is not two numbers");
  QB_ASSIGN_OR_RETURN(LearnedRange range, MakeRange(node, std::move(min), std::move(max), 0));
  return Apply(node, std::move(range));
}

// A range for each index of the last dimension.
Status BuildFakeQuantPerChannel(TfNode& node) {
  QB_ASSIGN_OR_RETURN(auto min, node.Floats(1));
  QB_ASSIGN_OR_RETURN(auto max, node.Floats(2));
  QB_ASSIGN_OR_RETURN(const TfValue* value, node.Value(0));
  if (value->kind != TfValue::Kind::kArray) {
    if (min.size() != 1) {
      return node.Unsupported(
          "an activation has a learned range for each channel; 8-bit operators "
          "have one for a tensor");
    }
  } else {
    const Dims& dims = value->array->dims;
    const auto channels = static_cast<int64_t>(min.size());
    if (dims.empty() || dims.back() != channels) return node.Corrupt("it has other channels");
  }
  if (max.size() != min.size() || min.empty()) return node.Corrupt("its ranges are not two lists");
  const size_t rank = value->kind == TfValue::Kind::kArray ? value->array->dims.size() : 1;
  const int32_t axis = min.size() == 1 ? 0 : static_cast<int32_t>(rank) - 1;
  QB_ASSIGN_OR_RETURN(LearnedRange range, MakeRange(node, std::move(min), std::move(max), axis));
  return Apply(node, std::move(range));
}

constexpr TfBuilderEntry kBuilders[] = {
    {"FakeQuantWithMinMaxArgs", BuildFakeQuantArgs},
    {"FakeQuantWithMinMaxVars", BuildFakeQuantVars},
    {"FakeQuantWithMinMaxVarsPerChannel", BuildFakeQuantPerChannel},
};

}  // namespace

std::span<const TfBuilderEntry> FakeQuantBuilders() { return kBuilders; }

}  // namespace qbench::graph::import
