// One number in all places of a tensor. Keras 2 weighs the values of group normalization so, each
// with one.
#include <algorithm>
#include <optional>
#include <utility>

#include "graph/import/tensorflow/tf_builders.h"

namespace qbench::graph::import {
namespace {

// Null where the input is none.
const Even* EvenAt(const TfNode& node, size_t index) {
  const TfValue* value =
      index < node.inputs() ? node.import().Find(node.flat().inputs[index]) : nullptr;
  return value != nullptr && value->kind == TfValue::Kind::kEven ? value->even.get() : nullptr;
}

Result<bool> Give(TfNode& node, float number, Shape shape) {
  TfValue value;
  value.kind = TfValue::Kind::kEven;
  value.even = std::make_shared<const Even>(Even{number, std::move(shape)});
  QB_RETURN_IF_ERROR(node.Give(std::move(value)));
  return true;
}

Result<bool> Give(TfNode& node, TensorId tensor) {
  QB_RETURN_IF_ERROR(node.Give(tensor));
  return true;
}

Result<bool> BuildLike(TfNode& node, float number) {
  if (!node.IsTensor(0)) return false;
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  return Give(node, number, node.ShapeOf(input));
}

Result<bool> BuildReshape(TfNode& node, const Even& even) {
  QB_ASSIGN_OR_RETURN(const TfArrayPtr target, node.Array(1));
  QB_ASSIGN_OR_RETURN(NewShape shape, ReadNewShape(node, *target, ElementCount(even.shape)));
  if (node.import().open_batch && (shape.batch != 0 || shape.dims[0] != 1)) {
    return node.Unsupported("it moves the batch");
  }
  return Give(node, even.number, std::move(shape.dims));
}

Result<bool> BuildSum(TfNode& node, const Even& even) {
  QB_ASSIGN_OR_RETURN(const std::vector<int32_t> axes, node.Axes(1, even.shape.size()));
  if (axes.empty() || axes[0] == 0) return node.Unsupported("it is over the batch");
  Shape shape;
  double number = even.number;
  for (size_t i = 0; i < even.shape.size(); ++i) {
    if (!std::ranges::binary_search(axes, static_cast<int32_t>(i))) {
      shape.push_back(even.shape[i]);
      continue;
    }
    number *= even.shape[i];
    if (node.Bool("keep_dims", false)) shape.push_back(1);
  }
  return Give(node, static_cast<float>(number), std::move(shape));
}

Result<bool> BuildProduct(TfNode& node, const Even& even, size_t other) {
  QB_ASSIGN_OR_RETURN(const TensorId tensor, node.Tensor(other));
  if (node.ShapeOf(tensor) != even.shape) return node.Unsupported("it stretches a number");
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Scaled(tensor, even.number));
  return Give(node, output);
}

// What the tensor is `number` times, where it was computed so.
std::optional<TensorId> Unscaled(const TfNode& node, TensorId tensor, float number) {
  const Graph& graph = node.import().builder.graph;
  for (const Op& op : graph.ops) {
    if (op.outputs[0] != tensor || op.kind != OpKind::kMul) continue;
    const Tensor& factor = graph.tensors[static_cast<size_t>(op.inputs[1])];
    if (factor.is_constant() && ElementCount(factor.shape) == 1 &&
        factor.constant->Values<float>()[0] == number) {
      return op.inputs[0];
    }
  }
  return std::nullopt;
}

// By a count, of which none is 0.
Result<bool> BuildQuotient(TfNode& node, const Even& even) {
  QB_ASSIGN_OR_RETURN(const TensorId tensor, node.Tensor(0));
  if (node.ShapeOf(tensor) != even.shape || even.number == 0) {
    return node.Unsupported("it divides by a number of another shape, or by 0");
  }
  if (const auto mean = Unscaled(node, tensor, even.number)) return Give(node, *mean);
  QB_ASSIGN_OR_RETURN(const TensorId output, node.Scaled(tensor, 1.0 / double{even.number}));
  return Give(node, output);
}

}  // namespace

Result<bool> BuildEven(TfNode& node) {
  const std::string& op = node.op();
  if (op == "OnesLike") return BuildLike(node, 1.0F);
  if (op == "ZerosLike") return BuildLike(node, 0.0F);
  const Even* first = EvenAt(node, 0);
  const Even* second = EvenAt(node, 1);
  if (first != nullptr && second != nullptr) {
    const bool sum = op == "AddV2" || op == "Add";
    if (!sum || first->shape != second->shape) return false;
    return Give(node, first->number + second->number, first->shape);
  }
  if (first != nullptr && op == "Reshape") return BuildReshape(node, *first);
  if (first != nullptr && op == "Sum") return BuildSum(node, *first);
  if (first != nullptr && op == "Shape") {
    QB_RETURN_IF_ERROR(node.Give(ShapeArray(node, first->shape)));
    return true;
  }
  if (op == "Mul" && first != nullptr) return BuildProduct(node, *first, 1);
  if (op == "Mul" && second != nullptr) return BuildProduct(node, *second, 0);
  if ((op == "DivNoNan" || op == "RealDiv") && second != nullptr) {
    return BuildQuotient(node, *second);
  }
  return false;
}

}  // namespace qbench::graph::import
