#include "plugins/quantizers/common/activation_scales.h"

#include <algorithm>
#include <numeric>

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
    if (groups_[Index(other)].symmetric) groups_[Index(root)].symmetric = true;
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
void JoinConcatenation(const graph::Op& op, DataType activations, ScaleGroups& groups) {
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
                               DataType activations, const std::vector<bool>& float_ops) {
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
    if (op.kind == OpKind::kConcatenation) {
      QB_RETURN_IF_ERROR(WidenByConstants(graph, op, groups));
    }
    if (i < float_ops.size() && float_ops[i]) {
      WidenByInputs(op, ranges, groups);
    } else if (op.kind == OpKind::kConcatenation) {
      JoinConcatenation(op, activations, groups);
    } else {
      groups.Join(op.inputs[0], op.outputs[0]);
    }
  }
  return groups;
}

AffineParameters ChooseParameters(const ValueRange& range, DataType activations, bool symmetric) {
  float low = std::min(range.min, 0.0F);
  float high = std::max(range.max, 0.0F);
  if (high - low < kNarrowestRange) {
    low = 0.0F;
    high = 1.0F;
  }
  const graph::QuantizedRange integers = graph::ActivationRange(activations);
  return activations == DataType::kInt16 || symmetric
             ? graph::ChooseSymmetric(low, high, integers)
             : graph::ChooseAsymmetric(low, high, integers);
}

}  // namespace

bool KeepsScale(OpKind kind) {
  return kind == OpKind::kMaxPool2D || kind == OpKind::kAveragePool2D || kind == OpKind::kReshape ||
         kind == OpKind::kPad || kind == OpKind::kConcatenation;
}

std::optional<AffineParameters> FixedOutput(OpKind kind, DataType activations) {
  const bool wide = activations == DataType::kInt16;
  switch (kind) {
    case OpKind::kSoftmax:
    case OpKind::kLogistic:
      return wide ? AffineParameters{1.0F / 32768.0F, 0} : AffineParameters{1.0F / 256.0F, -128};
    case OpKind::kTanh:
      return wide ? AffineParameters{1.0F / 32768.0F, 0} : AffineParameters{1.0F / 128.0F, 0};
    default:
      return std::nullopt;
  }
}

Result<std::vector<std::optional<ActivationScale>>> ChooseActivationScales(
    const graph::Model& model, const TensorRanges& ranges, Warnings& warnings, DataType activations,
    const std::vector<bool>& symmetric_ops, const std::vector<bool>& float_ops) {
  const graph::Graph& graph = model.graph;
  QB_ASSIGN_OR_RETURN(ScaleGroups groups, MakeGroups(graph, ranges, activations, float_ops));
  for (size_t i = 0; i < symmetric_ops.size(); ++i) {
    if (symmetric_ops[i]) groups.Of(graph.ops[i].outputs[0]).symmetric = true;
  }
  std::vector<std::optional<ActivationScale>> scales(graph.tensors.size());
  const auto choose = [&](TensorId id) -> Status {
    const graph::Tensor& tensor = graph.tensors[static_cast<size_t>(id)];
    if (tensor.type != DataType::kFloat32 || scales[static_cast<size_t>(id)]) return OkStatus();
    const ScaleGroups::Group& group = groups.Of(id);
    if (!group.range) {
      return Error(StatusCode::kInternal, "tensor \"{}\" was not calibrated", tensor.name);
    }
    if (group.range->min == group.range->max && groups.Root(id) == id) {
      warnings.push_back(fmt::format(
          "tensor \"{}\" was always {} in calibration: its scale is a guess, so look at the layer "
          "before it, or calibrate on other images",
          tensor.name, group.range->min));
    }
    scales[static_cast<size_t>(id)] = {
        .parameters = group.fixed ? *group.fixed
                                  : ChooseParameters(*group.range, activations, group.symmetric),
        .range = *group.range};
    return OkStatus();
  };
  for (const TensorId id : graph.inputs) QB_RETURN_IF_ERROR(choose(id));
  for (const graph::Op& op : graph.ops) {
    for (const TensorId id : op.outputs) QB_RETURN_IF_ERROR(choose(id));
    if (op.kind != OpKind::kConcatenation) continue;
    for (const TensorId id : op.inputs) QB_RETURN_IF_ERROR(choose(id));
  }
  return scales;
}

}  // namespace qbench::quantize
