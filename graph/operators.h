// The operators of the IR, one row each: all that reader, writer, validator, quantizers and
// messages need to know of one but its arithmetic. Whoever adds an operator adds its enumerator
// (and, if it has any, its options) in ir.h and a row in operators.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "graph/ir.h"

namespace qbench::graph {

// What an operator takes: activations first, then what makes it up.
struct OperatorInputs {
  size_t count = 1;
  bool or_more = false;        // any number from `count` on, all of them activations
  bool last_optional = false;  // the last may be kNoTensor (a bias)
  size_t parameters = 0;       // so many, the last ones, are int32 constants: axes, a shape
};

// TensorFlow Lite's kernels of integer activations.
enum class IntegerKernels : uint8_t { kNone, kInt8, k8Bits, k8And16Bits };

struct FixedScale {
  float scale = 0.0F;
  int64_t zero_point = 0;
};

// An operator as a row. The functions see operators of a graph whose tensors are sound; `types` and
// `version` those that `shape` has accepted.
struct OperatorInfo {
  OpKind kind = OpKind::kAdd;
  std::string_view name = {};  // TensorFlow Lite's, which is also that of its code in files
  OpOptions (*default_options)() = [] { return OpOptions(NoOptions{}); };
  OperatorInputs inputs = {};
  // Of operators with weights (input 1, and biases, input 2): the weights' dimension that has an
  // index for each output channel. -1: an operator without weights.
  int32_t channel_axis = -1;
  // RELU and RELU6: the operator is this activation and nothing else.
  Activation activation = Activation::kNone;
  // It moves or selects values: its output has the scale and zero point of its inputs.
  bool keeps_scale = false;
  // Its outputs have a known range, so that TensorFlow Lite fixes the scale; this is int8's.
  std::optional<FixedScale> fixed_scale = std::nullopt;
  IntegerKernels integers = IntegerKernels::k8And16Bits;
  // Type rules, the shape of the output, and the version that a file has to name: operator_rules.h.
  Result<Shape> (*shape)(const Graph&, const Op&) = nullptr;
  Status (*types)(const Graph&, const Op&) = nullptr;
  int32_t (*version)(const Graph&, const Op&) = nullptr;
  // The TensorFlow releases that brought version 1, 2, … Empty: a version that is never asked for.
  std::array<std::string_view, 12> releases = {};

  bool has_weights() const { return channel_axis >= 0; }
};

// In the order of the enumeration.
std::span<const OperatorInfo> AllOperators();
const OperatorInfo& InfoOf(OpKind kind);
// Null where no operator is called that.
const OperatorInfo* FindOperator(std::string_view name);

// Places of weights and bias among the inputs of an operator that has weights.
inline constexpr size_t kWeightsInput = 1;
inline constexpr size_t kBiasInput = 2;
inline bool HasWeights(OpKind kind) { return InfoOf(kind).has_weights(); }
inline bool IsConvolution(OpKind kind) {
  return kind == OpKind::kConv2D || kind == OpKind::kDepthwiseConv2D;
}

inline bool KeepsScale(OpKind kind) { return InfoOf(kind).keeps_scale; }
// How many inputs of an operator are activations; they come first.
inline size_t ActivationInputs(const Op& op) {
  return op.inputs.size() - InfoOf(op.kind).inputs.parameters;
}
// It joins or compares several activations, which need one scale.
inline bool SharesScale(const Op& op) { return KeepsScale(op.kind) && ActivationInputs(op) > 1; }
// The scale and zero point that an output of integer type `type` always has.
std::optional<FixedScale> FixedOutputScale(OpKind kind, DataType type);
// TensorFlow Lite has a kernel of the operator for activations of this type.
bool HasKernel(OpKind kind, DataType activations);

struct ActivationInfo {
  std::string_view name;  // TensorFlow Lite's: "RELU6"
  float min = 0.0F;       // what it lets through; may be infinite
  float max = 0.0F;
};
const ActivationInfo& InfoOf(Activation activation);
// What a STRIDED_SLICE takes of one dimension.
struct SliceDimension {
  int64_t begin = 0;
  int64_t stride = 1;
  int64_t count = 0;
  bool goes = false;  // of an index, not a range: the output lacks it
};
// For each dimension of the input, from the values of the operator's other three inputs. kCorrupt
// or kUnsupported where they do not fit, go backwards or leave nothing.
Result<std::vector<SliceDimension>> SliceDimensions(const Shape& input, const Op& op,
                                                    std::span<const int32_t> begin,
                                                    std::span<const int32_t> end,
                                                    std::span<const int32_t> strides);

// Of a CONV_2D: the input's channels, and the output's, fall into so many groups.
inline int32_t GroupsOf(const Shape& input, const Shape& filter) { return input[3] / filter[3]; }
// A CONV_2D of more than one group, in a sound graph.
inline bool IsGrouped(const Graph& graph, const Op& op) {
  if (op.kind != OpKind::kConv2D) return false;
  const auto shape = [&](size_t i) -> const Shape& {
    return graph.tensors[static_cast<size_t>(op.inputs[i])].shape;
  };
  return GroupsOf(shape(0), shape(kWeightsInput)) > 1;
}

// The activation fused into an operator; kNone where its kind has none.
Activation FusedActivationOf(const Op& op);

}  // namespace qbench::graph
