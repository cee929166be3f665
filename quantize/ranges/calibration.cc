#include "quantize/ranges/calibration.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>

#include "graph/operators.h"
#include "quantize/ranges/activation_scales.h"

namespace qbench::quantize {

using graph::TensorId;

namespace {

// Integers in the order of the floats whose bits they are: the magnitude of negative ones is turned
// around. Infinities lie outside of all numbers, and NaNs outside of them. Integer comparisons
// become vector instructions where those of floats, which may trap, do not.
constexpr int32_t OrderedBits(float value) {
  const auto bits = std::bit_cast<int32_t>(value);
  return bits ^ ((bits >> 31) & 0x7FFFFFFF);
}

constexpr float FromOrderedBits(int32_t ordered) {
  return std::bit_cast<float>(ordered ^ ((ordered >> 31) & 0x7FFFFFFF));
}

}  // namespace

std::vector<TensorId> TensorsToMeasure(const graph::Model& model) {
  std::vector<TensorId> tensors = model.graph.inputs;
  for (const graph::Op& op : model.graph.ops) {
    if (KeepsScale(op.kind) || FixedOutput(op.kind).has_value()) continue;
    for (const TensorId output : op.outputs) {
      const graph::Tensor& tensor = model.graph.tensors[static_cast<size_t>(output)];
      if (tensor.type == graph::DataType::kFloat32) tensors.push_back(output);
    }
  }
  return tensors;
}

Status WidenRange(std::span<const float> values, std::optional<ValueRange>& range) {
  // Lanes that do not depend on each other, so that every compiler makes vector code of the loop.
  constexpr size_t kLanes = 16;
  std::array<int32_t, kLanes> low;
  std::array<int32_t, kLanes> high;
  low.fill(range ? OrderedBits(range->min) : std::numeric_limits<int32_t>::max());
  high.fill(range ? OrderedBits(range->max) : std::numeric_limits<int32_t>::min());
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const int32_t bits = OrderedBits(values[i + lane]);
      low[lane] = std::min(low[lane], bits);
      high[lane] = std::max(high[lane], bits);
    }
  }
  for (; i < values.size(); ++i) {
    low[0] = std::min(low[0], OrderedBits(values[i]));
    high[0] = std::max(high[0], OrderedBits(values[i]));
  }
  if (values.empty()) return OkStatus();
  const int32_t lowest = *std::min_element(low.begin(), low.end());
  const int32_t highest = *std::max_element(high.begin(), high.end());
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  if (lowest <= OrderedBits(-kInfinity) || highest >= OrderedBits(kInfinity)) {
    return Error(StatusCode::kInvalidArgument, "a value is not finite");
  }
  range = ValueRange{FromOrderedBits(lowest), FromOrderedBits(highest)};
  return OkStatus();
}

}  // namespace qbench::quantize
