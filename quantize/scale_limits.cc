#include "quantize/scale_limits.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "graph/operators.h"
#include "graph/tflite/tflite_writer.h"
#include "quantize/float_model.h"

namespace qbench::quantize {
namespace {

using graph::Activation;
using graph::DataType;
using graph::Op;
using graph::OpKind;
using graph::Tensor;

bool IsInteger(DataType type) {
  return type == DataType::kInt8 || type == DataType::kUInt8 || type == DataType::kInt16;
}

// The end of what the operator's activation lets through, as far as it becomes an integer; 0: none.
double EndOfActivation(const Op& op) {
  const Activation own = graph::InfoOf(op.kind).activation;
  const Activation activation = own == Activation::kNone ? graph::FusedActivationOf(op) : own;
  const double end = graph::InfoOf(activation).max;
  return std::isfinite(end) ? end : 0.0;
}

struct MultiplierLimit {
  OpKind kind;
  double bytes, wide;  // of 8 and of 16 bits
};
// The multipliers of operators without weights, below which everything is. What is not here has
// none: it keeps the scale, or has a fixed one.
constexpr MultiplierLimit kMultiplierLimits[] = {
    {OpKind::kAdd, 256.0, 0x1p14},        {OpKind::kSub, 256.0, 0x1p14},
    {OpKind::kMul, 256.0, 2.0},           {OpKind::kMean, 0x1p22, 0x1p15},
    {OpKind::kRelu, 0x1p22, 0x1p15},      {OpKind::kRelu6, 0x1p22, 0x1p15},
    {OpKind::kLeakyRelu, 0x1p22, 0x1p15}, {OpKind::kQuantize, 0x1p22, 0x1p15},
    {OpKind::kHardSwish, 128.0, 128.0},   {OpKind::kBatchMatMul, 0x1p22, 0x1p15},
    {OpKind::kPrelu, 0x1p22, 0x1p15},
};

// 0: none.
double LargestMultiplier(OpKind kind, DataType activations) {
  const auto* const found = std::ranges::find(kMultiplierLimits, kind, &MultiplierLimit::kind);
  if (found == std::end(kMultiplierLimits)) return 0.0;
  return activations == DataType::kInt16 ? found->wide : found->bytes;
}

// The scale that the output's is held against.
double ScaleBefore(const Op& op, std::span<const double> input_scales) {
  if (input_scales.empty()) return 0.0;
  switch (op.kind) {
    case OpKind::kAdd:
    case OpKind::kSub:
      return *std::ranges::max_element(input_scales);
    case OpKind::kMul:
    case OpKind::kBatchMatMul:
      return input_scales.front() * input_scales.back();
    case OpKind::kPrelu:
      return input_scales.front() * std::max(1.0, input_scales.back());
    case OpKind::kLeakyRelu: {
      const double alpha = std::get<graph::LeakyReluOptions>(op.options).alpha;
      return input_scales.front() * std::max(1.0, std::abs(alpha));
    }
    default:
      return input_scales.front();
  }
}

// Checks one operator of integers, or one that converts to or from them.
class OperatorCheck {
 public:
  OperatorCheck(const graph::Graph& graph, const Op& op) : graph_(graph), op_(op) {}

  Status Run() const {
    for (const auto& ids : {op_.inputs, op_.outputs}) {
      for (const graph::TensorId id : ids) {
        if (id != graph::kNoTensor) QB_RETURN_IF_ERROR(CheckNormal(At(id)));
      }
    }
    const Tensor& input = At(op_.inputs[0]);
    if (!IsInteger(input.type) || !input.quantization) return OkStatus();
    QB_RETURN_IF_ERROR(CheckInput(input.quantization->scales[0]));
    const Tensor& output = At(op_.outputs[0]);
    if (!IsInteger(output.type) || !output.quantization) return OkStatus();
    if (FindWeights(op_)) QB_RETURN_IF_ERROR(CheckWeights(input, output));
    return CheckOutput(output);
  }

 private:
  const Tensor& At(graph::TensorId id) const { return graph_.tensors[static_cast<size_t>(id)]; }

  template <typename... Arguments>
  Status Refuse(fmt::format_string<Arguments...> why, Arguments&&... arguments) const {
    return Error(
        StatusCode::kUnsupported,
        "{} \"{}\": {}, so the model would not run in LiteRT; keep the layer in float with "
        "a recipe (compute = \"float\")",
        graph::OpKindName(op_.kind), graph::DisplayName(graph_, op_),
        fmt::format(why, std::forward<Arguments>(arguments)...));
  }

  Status CheckNormal(const Tensor& tensor) const {
    if (!tensor.quantization) return OkStatus();
    for (const float scale : tensor.quantization->scales) {
      if (!std::isnormal(scale) || scale < 0.0F) {
        return Refuse("the scale {:g} of \"{}\" is not a normal number", scale, tensor.name);
      }
    }
    return OkStatus();
  }

  Status CheckInput(double scale) const {
    const ScaleBounds bounds = InputScaleBounds(op_, At(op_.inputs[0]).type);
    if (scale <= bounds.smallest || (bounds.largest > 0.0 && scale >= bounds.largest)) {
      return Refuse("the scale {:g} of its input is not between {:g} and {:g}", scale,
                    bounds.smallest, bounds.largest > 0.0 ? bounds.largest : HUGE_VAL);
    }
    return OkStatus();
  }

  Status CheckWeights(const Tensor& input, const Tensor& output) const {
    const Tensor& weights = At(op_.inputs[kWeightsInput]);
    if (!weights.quantization) return OkStatus();
    const MultiplierLimits limits = WeightedMultiplierLimits(input.type);
    for (const float scale : weights.quantization->scales) {
      const double multiplier = static_cast<double>(input.quantization->scales[0]) * scale /
                                output.quantization->scales[0];
      if (multiplier < limits.smallest || multiplier >= limits.largest / (1.0 + 0x1p-20)) {
        return Refuse("its scales ask for a multiplication by {:g}; {:g} to {:g} are possible",
                      multiplier, limits.smallest, limits.largest);
      }
    }
    return OkStatus();
  }

  Status CheckOutput(const Tensor& output) const {
    std::vector<double> scales;
    for (const graph::TensorId id : op_.inputs) {
      if (id == graph::kNoTensor || !At(id).quantization) continue;
      if (IsInteger(At(id).type)) scales.push_back(At(id).quantization->scales[0]);
    }
    const double smallest = SmallestOutputScale(op_, At(op_.inputs[0]).type, scales) / kScaleMargin;
    const double scale = output.quantization->scales[0];
    if (scale <= smallest) {
      return Refuse(
          "the scale {:g} of its output is too small beside its input's; above {:g} are "
          "possible",
          scale, smallest);
    }
    return OkStatus();
  }

  const graph::Graph& graph_;
  const Op& op_;
};

}  // namespace

MultiplierLimits WeightedMultiplierLimits(DataType activations) {
  return {.smallest = 0x1p-32, .largest = activations == DataType::kInt16 ? 0x1p7 : 256.0};
}

double LargestAccumulator(DataType activations) {
  return activations == DataType::kInt16 ? 0x1p47 - 1.0 : 0x1p31 - 1.0;
}

double LargestInput(DataType activations) {
  return activations == DataType::kInt16 ? 32768.0 : 255.0;
}

double SmallestOutputScale(const Op& op, DataType activations,
                           std::span<const double> input_scales) {
  double smallest = EndOfActivation(op) * 0x1p-31;
  if (const double multiplier = LargestMultiplier(op.kind, activations); multiplier > 0.0) {
    smallest = std::max(smallest, ScaleBefore(op, input_scales) / multiplier);
  }
  return smallest * kScaleMargin;
}

ScaleBounds InputScaleBounds(const Op& op, DataType activations) {
  const bool wide = activations == DataType::kInt16;
  switch (op.kind) {
    case OpKind::kSoftmax: {
      const double beta = std::get<graph::SoftmaxOptions>(op.options).beta;
      return wide ? ScaleBounds{.largest = 0x1p14 * 10.0 / 65535.0 / beta}
                  : ScaleBounds{.smallest = 0x1p-26 / beta};
    }
    case OpKind::kLogistic:
    case OpKind::kTanh:
      return wide ? ScaleBounds{.largest = 16.0 / 3.0} : ScaleBounds{};
    case OpKind::kHardSwish:
      return {.largest = 3.0 * 0x1p22};
    default:
      return {};
  }
}

Status CheckScales(const graph::Model& model) {
  for (const Op& op : model.graph.ops) {
    QB_RETURN_IF_ERROR(OperatorCheck(model.graph, op).Run());
  }
  return OkStatus();
}

Result<Bytes> WriteArtifact(graph::Model model) {
  QB_RETURN_IF_ERROR(CheckScales(model));
  return graph::WriteTflite(std::move(model));
}

}  // namespace qbench::quantize
