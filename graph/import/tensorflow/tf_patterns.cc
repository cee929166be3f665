// What TensorFlow writes as several operators, of which some stand for nothing alone.
#include <algorithm>
#include <cmath>
#include <optional>

#include "graph/import/tensorflow/tf_builders.h"

namespace qbench::graph::import {
namespace {

bool Near(const std::optional<float>& number, double wanted) {
  return number && std::abs(double{*number} - wanted) < 1e-5;
}

// The number that an input of another node is.
std::optional<float> NumberOf(const TfNode& node, const FlatNode& at, size_t index) {
  const TfValue* value = index < at.inputs.size() ? node.import().Find(at.inputs[index]) : nullptr;
  if (value == nullptr || value->kind != TfValue::Kind::kArray || value->array->count() != 1 ||
      value->array->kind != TfArray::Kind::kFloats) {
    return std::nullopt;
  }
  return value->array->floats.Values<float>()[0];
}

bool IsSum(const std::string& op) { return op == "AddV2" || op == "Add"; }

// One input of a node.
struct Operand {
  const FlatNode* node = nullptr;
  size_t index = 0;
};

// Of erf(x / sqrt(2)) or erfc(x / sqrt(2)), where x comes in.
Operand ErfOperand(const TfNode& node, const FlatNode& erf) {
  const FlatNode* scaled = node.Producer(erf, 0);
  if (scaled == nullptr) return {};
  const bool divided = scaled->def_op() == "RealDiv";
  if (!divided && scaled->def_op() != "Mul") return {};
  for (const size_t number : {1, 0}) {
    if (divided && number == 0) continue;
    if (Near(NumberOf(node, *scaled, number), divided ? std::sqrt(2.0) : std::sqrt(0.5))) {
      return {scaled, 1 - number};
    }
  }
  return {};
}

// Of 1 + erf(x / sqrt(2)), or of erfc(-x / sqrt(2)), which is the same: x.
FlatRef GeluArgument(const TfNode& node, const FlatNode& bracket) {
  if (bracket.def_op() == "Erfc") {
    const Operand operand = ErfOperand(node, bracket);
    const FlatNode* negated =
        operand.node == nullptr ? nullptr : node.Producer(*operand.node, operand.index);
    if (negated == nullptr || negated->def_op() != "Neg") return {};
    return node.Source(*negated, 0);
  }
  if (!IsSum(bracket.def_op())) return {};
  for (const size_t number : {0, 1}) {
    const FlatNode* erf = node.Producer(bracket, 1 - number);
    if (erf == nullptr || erf->def_op() != "Erf" || !Near(NumberOf(node, bracket, number), 1.0)) {
      continue;
    }
    const Operand operand = ErfOperand(node, *erf);
    return operand.node == nullptr ? FlatRef{} : node.Source(*operand.node, operand.index);
  }
  return {};
}

// Of 0.5 * x: x.
FlatRef HalfArgument(const TfNode& node, const FlatNode& half) {
  if (half.def_op() != "Mul") return {};
  for (const size_t number : {0, 1}) {
    if (Near(NumberOf(node, half, number), 0.5)) return node.Source(half, 1 - number);
  }
  return {};
}

// x / 2 * (1 + erf(x / sqrt(2))), or with erfc.
Result<bool> BuildGelu(TfNode& node) {
  if (node.op() != "Mul" || node.inputs() != 2) return false;
  for (const size_t sum : {0, 1}) {
    const FlatNode* bracket = node.Producer(sum);
    const FlatNode* half = node.Producer(1 - sum);
    if (bracket == nullptr || half == nullptr) continue;
    const FlatRef x = GeluArgument(node, *bracket);
    if (x.node < 0 || x != HalfArgument(node, *half)) continue;
    const TfValue* value = node.import().Find(x);
    if (value == nullptr || value->kind != TfValue::Kind::kTensor || value->is_integer) continue;
    QB_ASSIGN_OR_RETURN(const TensorId output,
                        node.Emit(OpKind::kGelu, GeluOptions{}, {value->tensor}));
    QB_RETURN_IF_ERROR(node.Give(output));
    return true;
  }
  return false;
}

// What Keras 2 makes of ELU with a factor: where(x > 0, elu(x), factor * elu(x)). elu(x) has the
// sign of x.
Result<bool> BuildScaledElu(TfNode& node) {
  if ((node.op() != "SelectV2" && node.op() != "Select") || node.inputs() != 3) return false;
  const FlatNode* condition = node.Producer(0);
  const FlatNode* elu = node.Producer(1);
  const FlatNode* scaled = node.Producer(2);
  if (condition == nullptr || elu == nullptr || scaled == nullptr ||
      condition->def_op() != "Greater" || elu->def_op() != "Elu" || scaled->def_op() != "Mul" ||
      condition->inputs.size() != 2 || NumberOf(node, *condition, 1) != 0.0F ||
      node.Source(*condition, 0) != node.Source(*elu, 0)) {
    return false;
  }
  const FlatRef result = node.Source(node.flat(), 1);
  const TfValue* value = node.import().Find(result);
  if (value == nullptr || value->kind != TfValue::Kind::kTensor) return false;
  for (const size_t number : {0, 1}) {
    const std::optional<float> factor = NumberOf(node, *scaled, number);
    if (!factor || node.Source(*scaled, 1 - number) != result) continue;
    const LeakyReluOptions options{.alpha = *factor};
    QB_ASSIGN_OR_RETURN(const TensorId output,
                        node.Emit(OpKind::kLeakyRelu, options, {value->tensor}));
    QB_RETURN_IF_ERROR(node.Give(output));
    return true;
  }
  return false;
}

// x above the threshold and 0 elsewhere. Without a comparison: what is above by however little is,
// times 2^100, above 1, and cut off there.
Status EmitAboveThreshold(TfNode& node, TensorId x, float threshold) {
  const TensorId bound = node.Constant("threshold", {1}, std::vector{threshold});
  const TensorId steep = node.Constant("steep", {1}, std::vector{0x1p100F});
  QB_ASSIGN_OR_RETURN(
      const TensorId above,
      node.Emit(OpKind::kSub, BinaryOptions{.activation = Activation::kRelu}, {x, bound}));
  QB_ASSIGN_OR_RETURN(
      const TensorId one,
      node.Emit(OpKind::kMul, BinaryOptions{.activation = Activation::kReluN1To1}, {above, steep}));
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Emit(OpKind::kMul, {x, one}));
  return node.Give(output);
}

// What Keras makes of a threshold: x * cast(x > threshold) (Keras 2), where(x > threshold, x, 0).
Result<bool> BuildAboveThreshold(TfNode& node) {
  const bool selects = (node.op() == "SelectV2" || node.op() == "Select") && node.inputs() == 3;
  const bool masks = node.op() == "Mul" && node.inputs() == 2;
  if (!selects && !masks) return false;
  if (selects && NumberOf(node, node.flat(), 2) != 0.0F) return false;
  for (const size_t place : {0, 1}) {  // of the mask
    if (selects && place != 0) continue;
    const FlatNode* greater = node.Producer(place);
    if (masks) {
      const bool cast = greater != nullptr && greater->def_op() == "Cast";
      greater = cast ? node.Producer(*greater, 0) : nullptr;
    }
    if (greater == nullptr || greater->def_op() != "Greater") continue;
    const FlatRef source = node.Source(node.flat(), 1 - place);
    const std::optional<float> threshold = NumberOf(node, *greater, 1);
    const TfValue* x = node.import().Find(source);
    if (!threshold || node.Source(*greater, 0) != source || x == nullptr ||
        x->kind != TfValue::Kind::kTensor || x->is_integer) {
      continue;
    }
    QB_RETURN_IF_ERROR(EmitAboveThreshold(node, x->tensor, *threshold));
    return true;
  }
  return false;
}

// (x - mean) / sqrt(variance + epsilon) over `axes`.
Result<TensorId> Standardized(TfNode& node, TensorId x, const std::vector<int32_t>& axes,
                              double epsilon) {
  const TensorId over = node.Constant("axes", {static_cast<int32_t>(axes.size())}, axes);
  const MeanOptions keep{.keep_dims = true};
  QB_ASSIGN_OR_RETURN(const TensorId mean, node.Emit(OpKind::kMean, keep, {x, over}));
  QB_ASSIGN_OR_RETURN(const TensorId centred, node.Emit(OpKind::kSub, {x, mean}));
  QB_ASSIGN_OR_RETURN(const TensorId squares, node.Emit(OpKind::kMul, {centred, centred}));
  QB_ASSIGN_OR_RETURN(const TensorId variance, node.Emit(OpKind::kMean, keep, {squares, over}));
  QB_ASSIGN_OR_RETURN(const TensorId safe, node.Shifted(variance, epsilon));
  QB_ASSIGN_OR_RETURN(const TensorId factor, node.Emit(OpKind::kRsqrt, {safe}));
  return node.Emit(OpKind::kMul, {centred, factor});
}

// Whether an input is as many ones, or zeros, as there are rows: known, or filled for the batch.
bool IsFilled(const TfNode& node, size_t index, float wanted) {
  const FlatNode* fill = node.Producer(index);
  if (fill == nullptr) return false;
  if (fill->def_op() == "Fill") return NumberOf(node, *fill, 1) == wanted;
  const auto values = node.Floats(index);
  return values.ok() && std::ranges::all_of(*values, [&](float value) { return value == wanted; });
}

// How many of the last dimensions `row` values are; 0: no whole number of them.
size_t DimensionsOf(const Shape& shape, int64_t row) {
  int64_t count = 1;
  for (size_t back = 1; back < shape.size(); ++back) {
    count *= shape[shape.size() - back];
    if (count == row) return back;
  }
  return 0;
}

// What Keras 2 makes of layer normalization: batch normalization, as in training, of
// [1, rows of all samples, values of a row, 1] with the rows as channels. The Reshape behind it
// takes the rows out again.
Result<bool> BuildRowNormalization(TfNode& node) {
  if (!node.op().starts_with("FusedBatchNorm") || !node.Bool("is_training", true) ||
      node.Text("data_format", "NHWC") != "NCHW" || node.inputs() < 3) {
    return false;
  }
  const FlatNode* reshape = node.Producer(0);
  if (reshape == nullptr || reshape->def_op() != "Reshape" || !IsFilled(node, 1, 1.0F) ||
      !IsFilled(node, 2, 0.0F)) {
    return false;
  }
  const TfValue* x = node.import().Find(node.Source(*reshape, 0));
  const TfValue* target = node.import().Find(node.Source(*reshape, 1));
  if (x == nullptr || x->kind != TfValue::Kind::kTensor || x->is_integer || target == nullptr ||
      target->kind != TfValue::Kind::kArray) {
    return false;
  }
  const std::vector<int64_t>& dims = target->array->ints;
  const Shape shape = node.ShapeOf(x->tensor);
  if (dims.size() != 4 || dims[0] != 1 || dims[3] != 1 ||
      target->array->is_open(1) != node.import().open_batch) {
    return false;
  }
  const size_t last = DimensionsOf(shape, dims[2]);
  if (last == 0 || dims[1] * dims[2] != ElementCount(shape)) return false;
  std::vector<int32_t> axes;
  for (size_t i = shape.size() - last; i < shape.size(); ++i) {
    axes.push_back(static_cast<int32_t>(i));
  }
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      Standardized(node, x->tensor, axes, node.Float("epsilon", 1e-4)));
  node.WorkOnRows();
  QB_RETURN_IF_ERROR(node.Give(output));
  return true;
}

}  // namespace

bool IsOfPattern(std::string_view op) {
  return op == "Erf" || op == "Erfc" || op == "Greater" || op == "OnesLike" || op == "ZerosLike" ||
         op == "DivNoNan";
}

Result<bool> BuildPattern(TfNode& node) {
  for (const auto build : {BuildGelu, BuildScaledElu, BuildAboveThreshold, BuildRowNormalization}) {
    QB_ASSIGN_OR_RETURN(const bool built, build(node));
    if (built) return true;
  }
  return false;
}

}  // namespace qbench::graph::import
