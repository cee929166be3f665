#include "quantize/ranges/learned_ranges.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string>

#include "base/one_line.h"
#include "graph/constant_values.h"
#include "graph/operators.h"
#include "quantize/ranges/activation_scales.h"

namespace qbench::quantize {
namespace {

using graph::Activation;
using graph::DataType;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

ValueRange Clamp(ValueRange range, Activation activation) {
  const graph::ActivationInfo& info = graph::InfoOf(activation);
  return {std::clamp(range.min, info.min, info.max), std::clamp(range.max, info.min, info.max)};
}

// Walks a model from tensor to tensor until nothing more follows.
class RangeFinder {
 public:
  RangeFinder(const graph::Model& model, const OperatorChoices& choices)
      : graph_(model.graph), choices_(choices), uses_(graph::FindUses(model.graph)) {
    scale_of_.resize(graph_.tensors.size());
    std::iota(scale_of_.begin(), scale_of_.end(), TensorId{0});
    JoinScales();
  }

  LearnedRanges Find() {
    TakeLearned();
    for (bool changed = true; changed;) {
      changed = false;
      for (const Op& op : graph_.ops) changed |= Follow(op);
    }
    for (const TensorId id : Needed()) {
      if (!Known(id)) found_.missing.push_back(id);
    }
    return std::move(found_);
  }

 private:
  const Tensor& At(TensorId id) const { return graph_.tensors[static_cast<size_t>(id)]; }
  bool IsActivation(TensorId id) const {
    return id != graph::kNoTensor && !At(id).is_constant() && At(id).type == DataType::kFloat32;
  }
  bool InFloat(size_t op) const { return ChoiceOf(choices_, op).in_float; }

  // One tensor stands for all that share a scale.
  TensorId Scale(TensorId id) const {
    while (scale_of_[static_cast<size_t>(id)] != id) id = scale_of_[static_cast<size_t>(id)];
    return id;
  }

  void JoinScales() {
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const Op& op = graph_.ops[i];
      if (!graph::KeepsScale(op.kind) || InFloat(i)) continue;
      for (size_t k = 0; k < graph::ActivationInputs(op); ++k) {
        // A scale that an operator fixes is not taken over (ChooseActivationScales).
        if (!IsActivation(op.inputs[k]) || HasFixedScale(op.inputs[k])) continue;
        scale_of_[static_cast<size_t>(Scale(op.inputs[k]))] = Scale(op.outputs[0]);
      }
    }
  }

  bool HasFixedScale(TensorId id) const {
    const int32_t producer = uses_.producer[static_cast<size_t>(id)];
    return producer >= 0 && FixedOutput(graph_.ops[static_cast<size_t>(producer)].kind).has_value();
  }

  void TakeLearned() {
    found_.ranges.resize(graph_.tensors.size());
    known_.resize(graph_.tensors.size());
    for (size_t id = 0; id < graph_.tensors.size(); ++id) {
      const Tensor& tensor = graph_.tensors[id];
      if (!tensor.learned_range || tensor.is_constant()) continue;
      Set(static_cast<TensorId>(id), {tensor.learned_range->min[0], tensor.learned_range->max[0]});
    }
  }

  void Set(TensorId id, ValueRange range) {
    found_.ranges[static_cast<size_t>(id)] = range;
    std::optional<ValueRange>& of_scale = known_[static_cast<size_t>(Scale(id))];
    of_scale = of_scale ? ValueRange{std::min(of_scale->min, range.min),
                                     std::max(of_scale->max, range.max)}
                        : range;
  }

  std::optional<ValueRange> RangeOf(TensorId id) const {
    if (HasFixedScale(id)) return std::nullopt;
    return known_[static_cast<size_t>(Scale(id))];
  }
  bool Known(TensorId id) const { return HasFixedScale(id) || RangeOf(id).has_value(); }

  void Derive(TensorId id, ValueRange range) {
    Set(id, range);
    found_.derived.push_back(id);
  }

  // Whether something was found about the operator's output or input.
  bool Follow(const Op& op) {
    const TensorId output = op.outputs[0];
    if (!IsActivation(output)) return false;
    bool changed = false;
    if (!Known(output)) {
      if (const auto range = OutputRange(op)) {
        Derive(output, *range);
        changed = true;
      }
    }
    const TensorId input = op.inputs[0];
    if (IsActivation(input) && !Known(input) && Known(output) && ClampsAllUses(input)) {
      Derive(input, *RangeOf(output));
      changed = true;
    }
    return changed;
  }

  // All that read the tensor, which shares its scale with no other, are RELU or RELU6 of one range.
  bool ClampsAllUses(TensorId id) const {
    if (std::ranges::find(graph_.outputs, id) != graph_.outputs.end()) return false;
    for (size_t other = 0; other < scale_of_.size(); ++other) {
      const auto other_id = static_cast<TensorId>(other);
      if (other_id != id && Scale(other_id) == Scale(id)) return false;
    }
    std::optional<ValueRange> range;
    for (const int32_t user : uses_.users[static_cast<size_t>(id)]) {
      const Op& op = graph_.ops[static_cast<size_t>(user)];
      if (graph::InfoOf(op.kind).activation == Activation::kNone || !Known(op.outputs[0])) {
        return false;
      }
      const ValueRange own = *RangeOf(op.outputs[0]);
      if (range && *range != own) return false;
      range = own;
    }
    return range.has_value();
  }

  std::optional<ValueRange> OutputRange(const Op& op) const {
    const Activation own = graph::InfoOf(op.kind).activation;
    const Activation activation = own == Activation::kNone ? graph::FusedActivationOf(op) : own;
    std::optional<ValueRange> range = BeforeActivation(op);
    if (range) return activation == Activation::kNone ? *range : Clamp(*range, activation);
    const graph::ActivationInfo& info = graph::InfoOf(activation);
    if (activation == Activation::kNone || std::isinf(info.max)) return std::nullopt;
    return ValueRange{info.min, info.max};
  }

  // What the operator makes of its inputs' ends; nothing where that takes more than those.
  std::optional<ValueRange> BeforeActivation(const Op& op) const {
    if (op.inputs.size() == 2 &&
        (op.kind == OpKind::kAdd || op.kind == OpKind::kSub || op.kind == OpKind::kMul)) {
      return OfConstant(op);
    }
    if (!IsActivation(op.inputs[0])) return std::nullopt;
    const std::optional<ValueRange> input = RangeOf(op.inputs[0]);
    if (!input) return std::nullopt;
    switch (op.kind) {
      case OpKind::kRelu:
      case OpKind::kRelu6:
      case OpKind::kMean:
        return input;
      case OpKind::kLeakyRelu: {
        const float alpha = std::get<graph::LeakyReluOptions>(op.options).alpha;
        if (alpha < 0.0F) return std::nullopt;
        const auto leak = [&](float x) { return x > 0.0F ? x : x * alpha; };
        return ValueRange{leak(input->min), leak(input->max)};
      }
      default:
        return std::nullopt;
    }
  }

  // ADD, SUB and MUL of an activation and a constant.
  std::optional<ValueRange> OfConstant(const Op& op) const {
    const bool first = IsActivation(op.inputs[0]);
    const TensorId data = op.inputs[first ? 0 : 1];
    const Tensor& constant = At(op.inputs[first ? 1 : 0]);
    if (!IsActivation(data) || !constant.is_constant() || constant.type != DataType::kFloat32) {
      return std::nullopt;
    }
    const std::optional<ValueRange> input = RangeOf(data);
    if (!input) return std::nullopt;
    ValueRange range{std::numeric_limits<float>::infinity(),
                     -std::numeric_limits<float>::infinity()};
    const graph::ConstantValues<float> values(*constant.constant);
    for (const float value : values.span()) {
      for (const float end : {input->min, input->max}) {
        float result = end + value;
        if (op.kind == OpKind::kMul) result = end * value;
        if (op.kind == OpKind::kSub) result = first ? end - value : value - end;
        range = {std::min(range.min, result), std::max(range.max, result)};
      }
    }
    const bool finite = std::isfinite(range.min) && std::isfinite(range.max);
    return finite ? std::optional(range) : std::nullopt;
  }

  // Activations that an operator of integers reads or makes, each once.
  std::vector<TensorId> Needed() const {
    std::vector<TensorId> needed;
    std::vector<bool> seen(graph_.tensors.size(), false);
    const auto add = [&](TensorId id) {
      if (!IsActivation(id) || seen[static_cast<size_t>(id)]) return;
      seen[static_cast<size_t>(id)] = true;
      needed.push_back(id);
    };
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      if (InFloat(i)) continue;
      std::ranges::for_each(graph_.ops[i].inputs, add);
      std::ranges::for_each(graph_.ops[i].outputs, add);
    }
    return needed;
  }

  const graph::Graph& graph_;
  const OperatorChoices& choices_;
  const graph::Uses uses_;
  std::vector<TensorId> scale_of_;
  std::vector<std::optional<ValueRange>> known_;  // of a scale, at the tensor that stands for it
  LearnedRanges found_;
};

std::string OperatorText(const graph::Graph& graph, const Op& op) {
  return fmt::format("{} \"{}\"", graph::OpKindName(op.kind),
                     SafeName(graph::DisplayName(graph, op)));
}

}  // namespace

bool HasLearnedRanges(const graph::Model& model) {
  return std::ranges::any_of(model.graph.tensors, [](const Tensor& tensor) {
    return tensor.learned_range.has_value() && !tensor.is_constant();
  });
}

int64_t CountLearnedWeights(const graph::Model& model) {
  return std::ranges::count_if(model.graph.tensors, [](const Tensor& tensor) {
    return tensor.learned_range.has_value() && tensor.is_constant();
  });
}

LearnedRanges FindLearnedRanges(const graph::Model& model, const OperatorChoices& choices) {
  return RangeFinder(model, choices).Find();
}

Status MissingRangeError(const graph::Model& model, const std::vector<TensorId>& missing) {
  const TensorId id = missing.front();
  const graph::Uses uses = graph::FindUses(model.graph);
  const int32_t producer = uses.producer[static_cast<size_t>(id)];
  std::string around =
      producer < 0
          ? "the model's input"
          : "made by " + OperatorText(model.graph, model.graph.ops[static_cast<size_t>(producer)]);
  const std::vector<int32_t>& users = uses.users[static_cast<size_t>(id)];
  if (!users.empty()) {
    around += ", read by " +
              OperatorText(model.graph, model.graph.ops[static_cast<size_t>(users.front())]);
  }
  return Error(
      StatusCode::kInvalidArgument,
      "the model was trained with quantization, but has no learned range of tensor \"{}\" ({}){}: "
      "{}, time it all the same with calibration=dummy, or measure all ranges anew with "
      "learned_ranges=false",
      SafeName(model.graph.tensors[static_cast<size_t>(id)].name), around,
      missing.size() > 1 ? fmt::format(" and of {} more", missing.size() - 1) : "",
      producer < 0 ? "name a data set, with which the model's preprocessing tells it, or give mean "
                     "and std_dev of the pixels"
                   : "train it with that quantized too");
}

Status FillWithDummies(const graph::Model& model, const DummyRanges& dummy,
                       LearnedRanges& learned) {
  QB_ASSIGN_OR_RETURN(const TensorRanges made_up, MakeDummyRanges(model, dummy));
  for (const TensorId id : learned.missing) {
    const auto& range = made_up[static_cast<size_t>(id)];
    learned.ranges[static_cast<size_t>(id)] = range ? *range : ValueRange{dummy.min, dummy.max};
  }
  return OkStatus();
}

void DropLearnedRanges(graph::Model& model) {
  for (Tensor& tensor : model.graph.tensors) tensor.learned_range.reset();
}

}  // namespace qbench::quantize
