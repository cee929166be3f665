#include "quantize/ranges/activation_scales.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "graph/operators.h"
#include "quantize/scale_limits.h"

namespace qbench::quantize {
namespace {

using graph::AffineParameters;
using graph::DataType;
using graph::OpKind;
using graph::TensorId;

// Narrower ranges are noise around zero, and the scale they ask for would make the multiplier of
// the operator before them overflow: they are taken as [0, 1].
constexpr float kNarrowestRange = 1e-6F;

// Sets of tensors that share their parameters (union-find), with what is known of each set.
class ScaleGroups {
 public:
  explicit ScaleGroups(size_t tensors) : parent_(tensors), groups_(tensors) {
    std::iota(parent_.begin(), parent_.end(), TensorId{0});
  }

  struct Group {
    std::optional<AffineParameters> fixed;
    std::optional<ValueRange> range;
    bool symmetric = false;
    double smallest_scale = 0.0;  // that the operators around it bear
  };

  TensorId Root(TensorId tensor) const {
    while (parent_[Index(tensor)] != tensor) tensor = parent_[Index(tensor)];
    return tensor;
  }
  Group& Of(TensorId tensor) { return groups_[Index(Root(tensor))]; }

  void Widen(TensorId tensor, const ValueRange& by) {
    std::optional<ValueRange>& range = Of(tensor).range;
    range = range ? ValueRange{std::min(range->min, by.min), std::max(range->max, by.max)} : by;
  }

  // `follower` joins the group of `leader` and takes its fixed parameters.
  void Join(TensorId leader, TensorId follower) {
    const TensorId root = Root(leader);
    const TensorId other = Root(follower);
    if (root == other) return;
    parent_[Index(other)] = root;
    if (const auto range = groups_[Index(other)].range) Widen(root, *range);
    Group& joined = groups_[Index(root)];
    joined.symmetric |= groups_[Index(other)].symmetric;
    joined.smallest_scale = std::max(joined.smallest_scale, groups_[Index(other)].smallest_scale);
  }

 private:
  static size_t Index(TensorId tensor) { return static_cast<size_t>(tensor); }

  std::vector<TensorId> parent_;
  std::vector<Group> groups_;
};

ValueRange RangeOf(const AffineParameters& parameters, DataType activations) {
  const graph::QuantizedRange range = graph::ActivationRange(activations);
  return {parameters.scale * static_cast<float>(range.min - parameters.zero_point),
          parameters.scale * static_cast<float>(range.max - parameters.zero_point)};
}

// An input with fixed parameters cannot be changed to fit the others: it stays out of the group,
// unless all inputs have the same ones.
void JoinInputs(const graph::Op& op, DataType activations, ScaleGroups& groups) {
  const TensorId output = op.outputs[0];
  const auto first = groups.Of(op.inputs[0]).fixed;
  const bool all_fixed_alike =
      first.has_value() && std::all_of(op.inputs.begin(), op.inputs.end(), [&](TensorId input) {
        return groups.Of(input).fixed == first;
      });
  for (const TensorId input : op.inputs) {
    const auto fixed = groups.Of(input).fixed;
    if (fixed && !all_fixed_alike) {
      groups.Widen(output, RangeOf(*fixed, activations));
    } else {
      groups.Join(input, output);
    }
  }
}

Status WidenByConstants(const graph::Graph& graph, const graph::Op& op, ScaleGroups& groups) {
  for (const TensorId input : op.inputs) {
    const graph::Tensor& tensor = graph.tensors[static_cast<size_t>(input)];
    if (!tensor.is_constant() || tensor.type != DataType::kFloat32) continue;
    std::optional<ValueRange> range;
    QB_RETURN_IF_ERROR(WidenRange(tensor.constant->Values<float>(), range));
    if (range) groups.Widen(input, *range);
  }
  return OkStatus();
}

// The output of a float operator that moves values: what its inputs hold, as far as it is known.
void WidenByInputs(const graph::Op& op, const TensorRanges& ranges, ScaleGroups& groups) {
  for (const TensorId input : op.inputs) {
    const auto& own = ranges[static_cast<size_t>(input)];
    const auto range = own ? own : groups.Of(input).range;
    if (range) groups.Widen(op.outputs[0], *range);
  }
}

Result<ScaleGroups> MakeGroups(const graph::Graph& graph, const TensorRanges& ranges,
                               DataType activations, const OperatorChoices& choices) {
  ScaleGroups groups(graph.tensors.size());
  for (size_t id = 0; id < ranges.size(); ++id) {
    if (ranges[id]) groups.Widen(static_cast<TensorId>(id), *ranges[id]);
  }
  // Operators come in the order in which they run, so an input's group is known before its user's.
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const graph::Op& op = graph.ops[i];
    if (const auto fixed = FixedOutput(op.kind, activations)) {
      groups.Of(op.outputs[0]) = {.fixed = fixed, .range = RangeOf(*fixed, activations)};
      continue;
    }
    if (!KeepsScale(op.kind)) continue;
    if (graph::SharesScale(op)) {
      QB_RETURN_IF_ERROR(WidenByConstants(graph, op, groups));
    }
    if (ChoiceOf(choices, i).in_float) {
      WidenByInputs(op, ranges, groups);
    } else if (graph::SharesScale(op)) {
      JoinInputs(op, activations, groups);
    } else {
      groups.Join(op.inputs[0], op.outputs[0]);
    }
  }
  return groups;
}

// Tensors that an operator of integers reads or makes, one place each.
std::vector<bool> TouchedByIntegers(const graph::Graph& graph, const OperatorChoices& choices) {
  std::vector<bool> touched(graph.tensors.size(), false);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (ChoiceOf(choices, i).in_float) continue;
    for (const TensorId id : graph.ops[i].inputs) {
      if (id != graph::kNoTensor) touched[static_cast<size_t>(id)] = true;
    }
    for (const TensorId id : graph.ops[i].outputs) touched[static_cast<size_t>(id)] = true;
  }
  return touched;
}

// int8's parameters as training simulates them, by integers from 0 to 255: where zero lies in the
// middle between two of them, the upper one is it.
AffineParameters ChooseTrained(float low, float high) {
  AffineParameters parameters =
      graph::ChooseAsymmetric(low, high, graph::ActivationRange(DataType::kUInt8));
  parameters.zero_point += graph::ActivationRange(DataType::kInt8).min;
  return parameters;
}

AffineParameters ChooseParameters(const ScaleGroups::Group& group, DataType activations,
                                  bool trained) {
  if (group.fixed) return *group.fixed;
  float low = std::min(group.range->min, 0.0F);
  float high = std::max(group.range->max, 0.0F);
  if (high - low < kNarrowestRange) {
    low = 0.0F;
    high = 1.0F;
  }
  const graph::QuantizedRange integers = graph::ActivationRange(activations);
  const bool symmetric = activations == DataType::kInt16 || group.symmetric;
  if (group.smallest_scale > 0.0) {
    const double width =
        group.smallest_scale * (symmetric ? integers.max : integers.max - integers.min);
    high = std::max(high, static_cast<float>((symmetric ? 0.0 : low) + width));
  }
  if (symmetric) return graph::ChooseSymmetric(low, high, integers);
  return trained ? ChooseTrained(low, high) : graph::ChooseAsymmetric(low, high, integers);
}

// Raises the scales that are too small for the operators around them (scale_limits.h). One that is
// raised may ask for another, so as often as something changes; where there is no end to it,
// CheckScales refuses the model.
class ScaleRaiser {
 public:
  ScaleRaiser(const graph::Graph& graph, DataType activations, bool trained, ScaleGroups& groups)
      : graph_(graph), activations_(activations), trained_(trained), groups_(groups) {}

  Status Run(const OperatorChoices& choices, Warnings& warnings) {
    constexpr int kRounds = 16;
    bool changed = true;
    for (int round = 0; changed && round < kRounds; ++round) {
      changed = false;
      for (size_t i = 0; i < graph_.ops.size(); ++i) {
        const graph::Op& op = graph_.ops[i];
        if (ChoiceOf(choices, i).in_float || !IsFloat(op.outputs[0])) continue;
        const ScaleBounds bounds = InputScaleBounds(op, activations_);
        changed |= Raise(op.inputs[0], bounds.smallest * kScaleMargin, op, warnings);
        QB_ASSIGN_OR_RETURN(const std::vector<double> scales, InputScales(op));
        changed |=
            Raise(op.outputs[0], SmallestOutputScale(op, activations_, scales), op, warnings);
      }
    }
    return OkStatus();
  }

 private:
  const graph::Tensor& At(TensorId id) const { return graph_.tensors[static_cast<size_t>(id)]; }
  bool IsFloat(TensorId id) const { return At(id).type == DataType::kFloat32; }

  bool Raise(TensorId id, double smallest, const graph::Op& op, Warnings& warnings) {
    if (At(id).is_constant()) return false;
    ScaleGroups::Group& group = groups_.Of(id);
    if (group.fixed || !group.range || group.smallest_scale >= smallest) return false;
    const double before = ChooseParameters(group, activations_, trained_).scale;
    if (before >= smallest) return false;
    if (group.smallest_scale == 0.0) {
      warnings.push_back(fmt::format(
          "\"{}\": the range of tensor \"{}\" is too narrow for LiteRT's arithmetic, so it got a "
          "coarser scale ({:g} in place of {:g}); keep the layer in float with a recipe (compute = "
          "\"float\")",
          graph::DisplayName(graph_, op), At(id).name, smallest, before));
    }
    group.smallest_scale = smallest;
    return true;
  }

  // Of activations, and of constants that are no weights.
  Result<std::vector<double>> InputScales(const graph::Op& op) const {
    std::vector<double> scales;
    const bool weights = FindWeights(op).has_value();
    for (const TensorId id : op.inputs) {
      if (id == graph::kNoTensor || !IsFloat(id)) continue;
      if (!At(id).is_constant()) {
        const ScaleGroups::Group& group = groups_.Of(id);
        if (group.range) scales.push_back(ChooseParameters(group, activations_, trained_).scale);
      } else if (!weights) {
        QB_ASSIGN_OR_RETURN(const AffineParameters parameters,
                            ConstantParameters(At(id).constant->Values<float>(), activations_));
        scales.push_back(parameters.scale);
      }
    }
    return scales;
  }

  const graph::Graph& graph_;
  DataType activations_;
  bool trained_;
  ScaleGroups& groups_;
};

}  // namespace

Result<AffineParameters> ConstantParameters(std::span<const float> values, DataType activations) {
  std::optional<ValueRange> range = ValueRange{};
  QB_RETURN_IF_ERROR(WidenRange(values, range));
  const graph::QuantizedRange integers = graph::ActivationRange(activations);
  return activations == DataType::kInt16
             ? graph::ChooseSymmetric(range->min, range->max, integers)
             : graph::ChooseAsymmetric(range->min, range->max, integers);
}

std::optional<AffineParameters> FixedOutput(OpKind kind, DataType activations) {
  const auto fixed = graph::FixedOutputScale(kind, activations);
  if (!fixed) return std::nullopt;
  return AffineParameters{fixed->scale, static_cast<int32_t>(fixed->zero_point)};
}

Result<std::vector<std::optional<ActivationScale>>> ChooseActivationScales(
    const graph::Model& model, const TensorRanges& ranges, Warnings& warnings, DataType activations,
    const OperatorChoices& choices, bool trained) {
  const graph::Graph& graph = model.graph;
  QB_ASSIGN_OR_RETURN(ScaleGroups groups, MakeGroups(graph, ranges, activations, choices));
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i].symmetric) groups.Of(graph.ops[i].outputs[0]).symmetric = true;
  }
  QB_RETURN_IF_ERROR(ScaleRaiser(graph, activations, trained, groups).Run(choices, warnings));
  std::vector<std::optional<ActivationScale>> scales(graph.tensors.size());
  const std::vector<bool> integers = TouchedByIntegers(graph, choices);
  const auto choose = [&](TensorId id) -> Status {
    const graph::Tensor& tensor = graph.tensors[static_cast<size_t>(id)];
    if (tensor.type != DataType::kFloat32 || scales[static_cast<size_t>(id)]) return OkStatus();
    const ScaleGroups::Group& group = groups.Of(id);
    if (!group.range && !integers[static_cast<size_t>(id)]) return OkStatus();
    if (!group.range) {
      return Error(StatusCode::kInternal, "tensor \"{}\" was not calibrated", tensor.name);
    }
    if (group.range->min == group.range->max && groups.Root(id) == id) {
      warnings.push_back(fmt::format(
          "tensor \"{}\" was always {} in calibration: its scale is a guess, so look at the layer "
          "before it, or calibrate on other images",
          tensor.name, group.range->min));
    }
    scales[static_cast<size_t>(id)] = {.parameters = ChooseParameters(group, activations, trained),
                                       .range = *group.range};
    return OkStatus();
  };
  for (const TensorId id : graph.inputs) QB_RETURN_IF_ERROR(choose(id));
  for (const graph::Op& op : graph.ops) {
    for (const TensorId id : op.outputs) QB_RETURN_IF_ERROR(choose(id));
    if (!graph::SharesScale(op)) continue;
    for (const TensorId id : op.inputs) QB_RETURN_IF_ERROR(choose(id));
  }
  return scales;
}

}  // namespace qbench::quantize
