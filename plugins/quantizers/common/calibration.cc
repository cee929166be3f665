#include "plugins/quantizers/common/calibration.h"

#include <algorithm>
#include <array>
#include <limits>

#include "graph/passes.h"
#include "plugins/quantizers/common/activation_scales.h"

namespace qbench::quantize {

using graph::TensorId;

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

Result<graph::Model> WithOutputs(const graph::Model& model, std::span<const TensorId> outputs) {
  graph::Model shown = model;
  shown.signature.reset();
  shown.graph.outputs.assign(outputs.begin(), outputs.end());
  QB_RETURN_IF_ERROR(graph::RemoveDeadCode(shown));
  return shown;
}

Status WidenRange(std::span<const float> values, std::optional<ValueRange>& range) {
  // Independent lanes, so that the compiler can use vector instructions without changing the
  // result: minimum and maximum do not depend on the order.
  constexpr size_t kLanes = 16;
  std::array<float, kLanes> low;
  std::array<float, kLanes> high;
  std::array<float, kLanes> taint{};  // becomes NaN with the first value that is not finite
  low.fill(range ? range->min : std::numeric_limits<float>::infinity());
  high.fill(range ? range->max : -std::numeric_limits<float>::infinity());
  size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float value = values[i + lane];
      low[lane] = value < low[lane] ? value : low[lane];
      high[lane] = value > high[lane] ? value : high[lane];
      taint[lane] += value * 0.0F;
    }
  }
  for (; i < values.size(); ++i) {
    low[0] = std::min(low[0], values[i]);
    high[0] = std::max(high[0], values[i]);
    taint[0] += values[i] * 0.0F;
  }
  for (const float lane : taint) {
    if (lane != 0.0F) return Error(StatusCode::kInvalidArgument, "a value is not finite");
  }
  if (!values.empty()) {
    range = ValueRange{*std::min_element(low.begin(), low.end()),
                       *std::max_element(high.begin(), high.end())};
  }
  return OkStatus();
}

}  // namespace qbench::quantize
