#include "plugins/quantizers/common/full_integer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "graph/passes.h"
#include "plugins/quantizers/common/integer_weights.h"

namespace qbench::quantize {
namespace {

using graph::AffineParameters;
using graph::DataType;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

constexpr graph::QuantizedRange kInt8Range = {-128, 127};

graph::Quantization PerTensor(const AffineParameters& parameters) {
  return {.scales = {parameters.scale}, .zero_points = {parameters.zero_point}};
}

// The rewrite, operator by operator. Activations keep their index and become int8; constants stay
// float and their users get integer copies, since a constant's scale depends on the user.
class Rewriter {
 public:
  Rewriter(const graph::Model& model, const std::vector<std::optional<ActivationScale>>& scales,
           const FullIntegerOptions& options, Warnings& warnings)
      : model_(model), scales_(scales), options_(options), warnings_(warnings) {}

  Result<graph::Model> Run() {
    for (size_t id = 0; id < scales_.size(); ++id) {
      Tensor& tensor = At(static_cast<TensorId>(id));
      if (tensor.is_constant() || !scales_[id]) continue;
      tensor.type = DataType::kInt8;
      tensor.quantization = PerTensor(scales_[id]->parameters);
    }
    std::vector<Op> float_ops = std::exchange(model_.graph.ops, {});
    if (!options_.integer_io) QuantizeInputs();
    for (Op& op : float_ops) {
      QB_RETURN_IF_ERROR(RewriteInputs(op));
      model_.graph.ops.push_back(std::move(op));
    }
    if (!options_.integer_io) DequantizeOutputs();
    QB_RETURN_IF_ERROR(graph::RemoveDeadCode(model_));  // the float constants
    return std::move(model_);
  }

 private:
  Tensor& At(TensorId id) { return model_.graph.tensors[static_cast<size_t>(id)]; }

  void AddOp(OpKind kind, TensorId input, TensorId output) {
    model_.graph.ops.push_back({kind, graph::NoOptions{}, {input}, {output}, {}});
  }

  // The model's input stays float under its name; operators read an int8 tensor behind QUANTIZE.
  void QuantizeInputs() {
    for (TensorId& input : model_.graph.inputs) {
      if (At(input).type != DataType::kInt8) continue;
      const TensorId outer = AddFloatTwin(input);
      AddOp(OpKind::kQuantize, outer, input);
      input = outer;
    }
  }

  void DequantizeOutputs() {
    for (TensorId& output : model_.graph.outputs) {
      if (At(output).type != DataType::kInt8) continue;
      const TensorId outer = AddFloatTwin(output);
      AddOp(OpKind::kDequantize, output, outer);
      output = outer;
    }
  }

  // A float tensor that takes over the name of int8 tensor `id`.
  TensorId AddFloatTwin(TensorId id) {
    Tensor twin = At(id);
    twin.type = DataType::kFloat32;
    twin.quantization.reset();
    At(id).name += "_int8";
    return model_.graph.AddTensor(std::move(twin));
  }

  Status RewriteInputs(Op& op) {
    if (FindWeights(op)) return RewriteWeights(op);
    const std::vector<TensorId> inputs = op.inputs;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Tensor& tensor = At(inputs[i]);
      if (tensor.is_constant() && tensor.type == DataType::kFloat32) {
        QB_ASSIGN_OR_RETURN(op.inputs[i], AddIntegerConstant(inputs[i]));
      } else if (op.kind == OpKind::kConcatenation &&
                 tensor.quantization != At(op.outputs[0]).quantization) {
        op.inputs[i] = Requantize(inputs[i], op.outputs[0]);
      }
    }
    return OkStatus();
  }

  // Tensor `id` with the scale of `like`, through a QUANTIZE operator.
  TensorId Requantize(TensorId id, TensorId like) {
    Tensor tensor = At(id);
    tensor.name += "_requantized";
    tensor.quantization = At(like).quantization;
    const TensorId requantized = model_.graph.AddTensor(std::move(tensor));
    AddOp(OpKind::kQuantize, id, requantized);
    return requantized;
  }

  // A constant operand of an addition, multiplication or concatenation.
  Result<TensorId> AddIntegerConstant(TensorId id) {
    const std::vector<float> values = At(id).constant->Values<float>();
    QB_ASSIGN_OR_RETURN(const AffineParameters parameters, ConstantParameters(id, values));
    std::vector<int8_t> integers;
    integers.reserve(values.size());
    for (const float value : values) {
      integers.push_back(static_cast<int8_t>(graph::QuantizeValue(value, parameters, kInt8Range)));
    }
    Tensor tensor = At(id);
    tensor.type = DataType::kInt8;
    tensor.quantization = PerTensor(parameters);
    tensor.constant = graph::MakeConstant(integers);
    return model_.graph.AddTensor(std::move(tensor));
  }

  Result<AffineParameters> ConstantParameters(TensorId id, const std::vector<float>& values) {
    const auto& shared = scales_[static_cast<size_t>(id)];
    if (shared) return shared->parameters;
    std::optional<ValueRange> range = ValueRange{};
    QB_RETURN_IF_ERROR(WidenRange(values, range));
    return graph::ChooseAsymmetric(range->min, range->max, kInt8Range);
  }

  Status RewriteWeights(Op& op) {
    const WeightInputs inputs = *FindWeights(op);
    const bool has_bias = inputs.bias != graph::kNoTensor;
    if (!At(inputs.weights).is_constant() || (has_bias && !At(inputs.bias).is_constant())) {
      return Error(StatusCode::kUnsupported, "{} \"{}\": weights that are computed cannot be int8",
                   graph::OpKindName(op.kind), graph::DisplayName(model_.graph, op));
    }
    if (At(op.inputs[0]).is_constant()) {
      QB_ASSIGN_OR_RETURN(op.inputs[0], AddIntegerConstant(op.inputs[0]));
    }
    const std::vector<float> weights = At(inputs.weights).constant->Values<float>();
    const std::vector<float> bias =
        has_bias ? At(inputs.bias).constant->Values<float>() : std::vector<float>();
    auto quantized =
        QuantizeIntegerWeights({.weights = weights,
                                .shape = At(inputs.weights).shape,
                                .channel_axis = inputs.channel_axis,
                                .bias = bias,
                                .input_scale = At(op.inputs[0]).quantization->scales[0],
                                .per_channel = options_.per_channel});
    if (!quantized.ok()) {
      return quantized.status().WithContext(graph::DisplayName(model_.graph, op));
    }
    if (!quantized->widened.empty()) WarnOfWidening(op, quantized->widened);
    op.inputs[kWeightsInput] = AddWeights(inputs.weights, DataType::kInt8, quantized->weights,
                                          std::move(quantized->quantization));
    if (has_bias) {
      op.inputs[kBiasInput] = AddWeights(inputs.bias, DataType::kInt32, quantized->bias,
                                         std::move(quantized->bias_quantization));
    }
    return OkStatus();
  }

  template <typename T>
  TensorId AddWeights(TensorId like, DataType type, const std::vector<T>& values,
                      graph::Quantization quantization) {
    Tensor tensor = At(like);
    tensor.type = type;
    tensor.constant = graph::MakeConstant(values);
    tensor.quantization = std::move(quantization);
    return model_.graph.AddTensor(std::move(tensor));
  }

  void WarnOfWidening(const Op& op, const std::vector<int32_t>& channels) {
    warnings_.push_back(fmt::format(
        "\"{}\": the bias or the sum of {} channels (the first is {}) does not fit 32 bits, so "
        "their weights got a coarser scale: look at the layer before it for a tiny range",
        graph::DisplayName(model_.graph, op), channels.size(), channels[0]));
  }

  graph::Model model_;
  const std::vector<std::optional<ActivationScale>>& scales_;
  const FullIntegerOptions& options_;
  Warnings& warnings_;
};

}  // namespace

Result<graph::Model> QuantizeFullInteger(const graph::Model& model,
                                         const std::vector<std::optional<ActivationScale>>& scales,
                                         const FullIntegerOptions& options, Warnings& warnings) {
  return Rewriter(model, scales, options, warnings).Run();
}

}  // namespace qbench::quantize
