#include "quantize/full_integer.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "graph/constant_values.h"
#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "quantize/weights/integer_weights.h"
#include "quantize/weights/weight_only.h"

namespace qbench::quantize {
namespace {

using graph::AffineParameters;
using graph::DataType;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

// From the zero point of an int8 tensor to that of a uint8 tensor with the same values.
constexpr int64_t kUInt8Offset = 128;

graph::Quantization PerTensor(const AffineParameters& parameters) {
  return {.scales = {parameters.scale}, .zero_points = {parameters.zero_point}};
}

// The rewrite, operator by operator. Activations that an integer operator makes keep their index
// and become integers, those of a float operator stay; a user of the other sort gets a
// converted copy. Constants stay float and their users get integer copies, since a constant's scale
// depends on the user.
class Rewriter {
 public:
  Rewriter(const graph::Model& model, const std::vector<std::optional<ActivationScale>>& scales,
           const FullIntegerOptions& options, Warnings& warnings)
      : model_(model), scales_(scales), options_(options), warnings_(warnings) {}

  Result<graph::Model> Run() {
    TakeLearnedRanges();
    FindIntegers();
    std::vector<Op> ops = std::exchange(model_.graph.ops, {});
    ConvertInputs();
    for (size_t i = 0; i < ops.size(); ++i) {
      Op& op = ops[i];
      if (IsFloat(i)) {
        for (TensorId& input : op.inputs) input = AsFloat(input);
        if (ChoiceOf(options_.choices, i).int8_storage) {
          if (auto dequantize = StoreWeightsAsInt8(model_.graph, op)) {
            model_.graph.ops.push_back(std::move(*dequantize));
          }
        }
      } else {
        QB_RETURN_IF_ERROR(CheckOp(op));
        QB_RETURN_IF_ERROR(RewriteInputs(op, i));
      }
      model_.graph.ops.push_back(std::move(op));
    }
    ConvertOutputs();
    QB_RETURN_IF_ERROR(graph::RemoveDeadCode(model_));  // the float constants
    return std::move(model_);
  }

 private:
  Tensor& At(TensorId id) { return model_.graph.tensors[static_cast<size_t>(id)]; }

  bool IsFloat(size_t op) const { return ChoiceOf(options_.choices, op).in_float; }

  // Out of the tensors: copies of them become integers, which have scales instead.
  void TakeLearnedRanges() {
    learned_.resize(model_.graph.tensors.size());
    for (size_t id = 0; id < learned_.size(); ++id) {
      learned_[id] = std::exchange(model_.graph.tensors[id].learned_range, std::nullopt);
    }
  }

  // The activations that become integers: those that an integer operator makes, and inputs of the
  // model that one reads, or nobody.
  void FindIntegers() {
    const graph::Uses uses = graph::FindUses(model_.graph);
    for (size_t id = 0; id < scales_.size(); ++id) {
      Tensor& tensor = At(static_cast<TensorId>(id));
      if (tensor.is_constant() || !scales_[id]) continue;
      const std::vector<int32_t>& users = uses.users[id];
      const int32_t producer = uses.producer[id];
      const bool stays = producer >= 0
                             ? IsFloat(static_cast<size_t>(producer))
                             : options_.input == DataType::kFloat32 && !users.empty() &&
                                   std::all_of(users.begin(), users.end(), [&](int32_t op) {
                                     return IsFloat(static_cast<size_t>(op));
                                   });
      if (stays) continue;
      tensor.type = options_.activations;
      tensor.quantization = PerTensor(scales_[id]->parameters);
    }
  }

  // Activation `id` as float operators read it.
  TensorId AsFloat(TensorId id) {
    if (id == graph::kNoTensor || At(id).is_constant() || At(id).type != options_.activations) {
      return id;
    }
    const auto [entry, added] = as_float_.try_emplace(id, graph::kNoTensor);
    if (added) {
      Tensor converted = At(id);
      converted.type = DataType::kFloat32;
      converted.quantization.reset();
      converted.name += "_float";
      entry->second = model_.graph.AddTensor(std::move(converted));
      AddOp(OpKind::kDequantize, id, entry->second);
    }
    return entry->second;
  }

  // Activation `id` as integer operators read it.
  TensorId AsInteger(TensorId id) {
    if (id == graph::kNoTensor || At(id).is_constant() || At(id).type != DataType::kFloat32) {
      return id;
    }
    const auto [entry, added] = as_integer_.try_emplace(id, graph::kNoTensor);
    if (added) {
      Tensor converted = At(id);
      converted.type = options_.activations;
      converted.quantization = PerTensor(scales_[static_cast<size_t>(id)]->parameters);
      converted.name += fmt::format("_{}", graph::DataTypeName(options_.activations));
      entry->second = model_.graph.AddTensor(std::move(converted));
      AddOp(OpKind::kQuantize, id, entry->second);
    }
    return entry->second;
  }

  void AddOp(OpKind kind, TensorId input, TensorId output) {
    model_.graph.ops.push_back({kind, graph::NoOptions{}, {input}, {output}, {}});
  }

  Status CheckOp(const Op& op) const {
    if (graph::HasKernel(op.kind, options_.activations)) return OkStatus();
    return Error(StatusCode::kUnsupported, "{} \"{}\": TensorFlow Lite has no {} kernel for it; {}",
                 graph::OpKindName(op.kind), graph::DisplayName(model_.graph, op),
                 graph::DataTypeName(options_.activations),
                 graph::HasKernel(op.kind, DataType::kInt8)
                     ? "use int8"
                     : "keep the layer in float with a recipe (compute = \"float\")");
  }

  // The model's input keeps its name; operators read a tensor of integers behind QUANTIZE.
  void ConvertInputs() {
    for (TensorId& input : model_.graph.inputs) {
      if (At(input).type != options_.activations || options_.input == options_.activations) {
        continue;
      }
      const TensorId outer = AddOuterTwin(input, options_.input);
      AddOp(OpKind::kQuantize, outer, input);
      if (options_.input == DataType::kFloat32) as_float_[input] = outer;
      input = outer;
    }
  }

  void ConvertOutputs() {
    for (TensorId& output : model_.graph.outputs) {
      if (At(output).type == DataType::kFloat32 && options_.output != DataType::kFloat32 &&
          scales_[static_cast<size_t>(output)]) {
        const TensorId inner = AsInteger(output);
        std::swap(At(inner).name, At(output).name);
        output = inner;
      }
      if (At(output).type != options_.activations || options_.output == options_.activations) {
        continue;
      }
      if (const auto converted = as_float_.find(output);
          options_.output == DataType::kFloat32 && converted != as_float_.end() &&
          std::ranges::find(model_.graph.inputs, converted->second) == model_.graph.inputs.end()) {
        std::swap(At(converted->second).name,
                  At(output).name);  // a float operator reads it already
        output = converted->second;
        continue;
      }
      const TensorId outer = AddOuterTwin(output, options_.output);
      AddOp(options_.output == DataType::kFloat32 ? OpKind::kDequantize : OpKind::kQuantize, output,
            outer);
      output = outer;
    }
  }

  // A tensor of another type that takes over the name of activation `id`.
  TensorId AddOuterTwin(TensorId id, DataType type) {
    Tensor converted = At(id);
    converted.type = type;
    if (type == DataType::kUInt8) {
      converted.quantization->zero_points[0] += kUInt8Offset;
    } else {
      converted.quantization.reset();
    }
    At(id).name += fmt::format("_{}", graph::DataTypeName(options_.activations));
    return model_.graph.AddTensor(std::move(converted));
  }

  // `index`: the operator's place in the float model.
  Status RewriteInputs(Op& op, size_t index) {
    for (TensorId& input : op.inputs) input = AsInteger(input);
    if (FindWeights(op)) return RewriteWeights(op, index);
    const std::vector<TensorId> inputs = op.inputs;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Tensor& tensor = At(inputs[i]);
      if (tensor.is_constant() && tensor.type == DataType::kFloat32) {
        QB_ASSIGN_OR_RETURN(op.inputs[i], AddIntegerConstant(inputs[i]));
      } else if (graph::SharesScale(op) && !tensor.is_constant() &&
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

  // A constant operand of an operator without weights.
  Result<TensorId> AddIntegerConstant(TensorId id) {
    const std::vector<float> values = At(id).constant->Values<float>();
    const auto& shared = scales_[static_cast<size_t>(id)];
    AffineParameters parameters;
    if (shared) {
      parameters = shared->parameters;
    } else {
      QB_ASSIGN_OR_RETURN(parameters, ConstantParameters(values, options_.activations));
    }
    Tensor tensor = At(id);
    tensor.type = options_.activations;
    tensor.quantization = PerTensor(parameters);
    tensor.constant = options_.activations == DataType::kInt16
                          ? QuantizedConstant<int16_t>(values, parameters)
                          : QuantizedConstant<int8_t>(values, parameters);
    return model_.graph.AddTensor(std::move(tensor));
  }

  template <typename T>
  graph::Constant QuantizedConstant(const std::vector<float>& values,
                                    const AffineParameters& parameters) const {
    std::vector<T> integers;
    integers.reserve(values.size());
    for (const float value : values) {
      integers.push_back(static_cast<T>(graph::QuantizeValue(value, parameters, range_)));
    }
    return graph::MakeConstant(integers);
  }

  Status RewriteWeights(Op& op, size_t index) {
    const WeightInputs inputs = WithBias(op);
    const bool has_bias = inputs.bias != graph::kNoTensor;
    if (!At(inputs.weights).is_constant() || (has_bias && !At(inputs.bias).is_constant())) {
      return Error(StatusCode::kUnsupported, "{} \"{}\": weights that are computed cannot be int8",
                   graph::OpKindName(op.kind), graph::DisplayName(model_.graph, op));
    }
    if (At(op.inputs[0]).is_constant()) {
      QB_ASSIGN_OR_RETURN(op.inputs[0], AddIntegerConstant(op.inputs[0]));
    }
    // What is known of inputs is known for all channels at once.
    const bool grouped = graph::IsGrouped(model_.graph, op);
    // Held, as tensors that are added move the others.
    const graph::Constant constant = *At(inputs.weights).constant;
    const graph::ConstantValues<float> weights(constant);
    const std::vector<float> bias =
        has_bias ? At(inputs.bias).constant->Values<float>() : std::vector<float>();
    auto quantized =
        QuantizeIntegerWeights({.weights = weights.span(),
                                .shape = At(inputs.weights).shape,
                                .channel_axis = inputs.channel_axis,
                                .bias = bias,
                                .input_scale = At(op.inputs[0]).quantization->scales[0],
                                .output_scale = At(op.outputs[0]).quantization->scales[0],
                                .per_channel = !ChoiceOf(options_.choices, index).per_tensor,
                                .activations = options_.activations,
                                .inputs = grouped ? nullptr : InputsOf(index),
                                .learned = LearnedOf(inputs)});
    if (!quantized.ok()) {
      return quantized.status().WithContext(graph::DisplayName(model_.graph, op));
    }
    if (!quantized->widened.empty()) WarnOfWidening(op, quantized->widened);
    if (!quantized->narrowed.empty()) WarnOfNarrowing(op, quantized->narrowed);
    op.inputs[kWeightsInput] =
        AddWeights(inputs.weights, DataType::kInt8, std::move(quantized->weights),
                   std::move(quantized->quantization));
    if (has_bias) {
      op.inputs[kBiasInput] = AddBias(inputs.bias, *quantized);
    }
    return OkStatus();
  }

  // The operator's weights; a fully connected layer of int16 gets a bias of zeros where it has
  // none: without one of int64, LiteRT adds up in 32 bits (kernels/fully_connected.cc), which the
  // products of some 500 weights overflow.
  WeightInputs WithBias(Op& op) {
    WeightInputs inputs = *FindWeights(op);
    if (inputs.bias != graph::kNoTensor || options_.activations != DataType::kInt16 ||
        op.kind != OpKind::kFullyConnected) {
      return inputs;
    }
    const int32_t units = At(inputs.weights).shape[0];
    inputs.bias =
        model_.graph.AddConstant(fmt::format("{}/bias", graph::DisplayName(model_.graph, op)),
                                 {units}, std::vector<float>(static_cast<size_t>(units), 0.0F));
    op.inputs.resize(kBiasInput + 1, graph::kNoTensor);
    return inputs;
  }

  // Of weights that are those of the float model, by the output channels or as a whole.
  const graph::LearnedRange* LearnedOf(const WeightInputs& inputs) const {
    const auto id = static_cast<size_t>(inputs.weights);
    if (options_.activations != DataType::kInt8 || id >= learned_.size() || !learned_[id]) {
      return nullptr;
    }
    const graph::LearnedRange& learned = *learned_[id];
    return learned.min.size() == 1 || learned.axis == inputs.channel_axis ? &learned : nullptr;
  }

  const LayerInputs* InputsOf(size_t op) const {
    return op < options_.layer_inputs.size() ? &options_.layer_inputs[op] : nullptr;
  }

  TensorId AddBias(TensorId like, IntegerWeights& quantized) {
    if (options_.activations == DataType::kInt16) {
      return AddWeights(like, DataType::kInt64, std::move(quantized.bias),
                        std::move(quantized.bias_quantization));
    }
    std::vector<int32_t> bias(quantized.bias.begin(), quantized.bias.end());
    return AddWeights(like, DataType::kInt32, std::move(bias),
                      std::move(quantized.bias_quantization));
  }

  template <typename T>
  TensorId AddWeights(TensorId like, DataType type, std::vector<T> values,
                      graph::Quantization quantization) {
    Tensor tensor = At(like);
    tensor.type = type;
    tensor.constant = graph::TakeConstant(std::move(values));
    tensor.quantization = std::move(quantization);
    return model_.graph.AddTensor(std::move(tensor));
  }

  void WarnOfWidening(const Op& op, const std::vector<int32_t>& channels) {
    warnings_.push_back(fmt::format(
        "\"{}\": the bias or the sum of {} channels (the first is {}) does not fit {} bits, so "
        "their weights got a coarser scale: look at the layer before it for a tiny range",
        graph::DisplayName(model_.graph, op), channels.size(), channels[0],
        options_.activations == DataType::kInt16 ? 48 : 32));
  }

  void WarnOfNarrowing(const Op& op, const std::vector<int32_t>& channels) {
    warnings_.push_back(fmt::format(
        "\"{}\": the weights of {} channels (the first is {}) are too large beside the ranges of "
        "its input and output and were cut off: keep the layer in float with a recipe (compute = "
        "\"float\"), or try equalization=true",
        graph::DisplayName(model_.graph, op), channels.size(), channels[0]));
  }

  graph::Model model_;
  const std::vector<std::optional<ActivationScale>>& scales_;
  const FullIntegerOptions& options_;
  Warnings& warnings_;
  const graph::QuantizedRange range_ = graph::ActivationRange(options_.activations);
  std::vector<std::optional<graph::LearnedRange>> learned_;  // of the float model's tensors
  // Of activations that cross the boundary between integer and float operators.
  std::map<TensorId, TensorId> as_float_;
  std::map<TensorId, TensorId> as_integer_;
};

}  // namespace

Result<graph::Model> QuantizeFullInteger(const graph::Model& model,
                                         const std::vector<std::optional<ActivationScale>>& scales,
                                         const FullIntegerOptions& options, Warnings& warnings) {
  return Rewriter(model, scales, options, warnings).Run();
}

}  // namespace qbench::quantize
