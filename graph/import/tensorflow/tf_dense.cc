// Products with a matrix that is known: fully connected layers.
#include <string>
#include <utility>

#include "base/one_line.h"
#include "graph/import/tensorflow/tf_builders.h"
#include "graph/import/tensorflow/turned_matrix.h"

namespace qbench::graph::import {
namespace {

Status BuildProduct(TfNode& node, bool transposed_input, bool transposed_matrix) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  if (!node.IsArray(1)) return node.Unsupported("it multiplies two computed matrices");
  QB_ASSIGN_OR_RETURN(const TfArrayPtr matrix, node.Array(1));
  if (transposed_input) return node.Unsupported("it exchanges the dimensions of its input");
  QB_ASSIGN_OR_RETURN(const TensorId weights, DenseWeights(node, *matrix, transposed_matrix));
  const Shape& shape = node.ShapeOf(input);
  if (shape.size() < 2 || shape.back() != node.ShapeOf(weights)[1]) {
    return node.Corrupt(fmt::format("a matrix of {} rows for an input of [{}]",
                                    node.ShapeOf(weights)[1], fmt::join(shape, ", ")));
  }
  const FullyConnectedOptions options{.keep_num_dims = shape.size() > 2};
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      node.Emit(OpKind::kFullyConnected, options, {input, weights, kNoTensor}));
  return node.Give(output);
}

Status BuildMatMul(TfNode& node) {
  return BuildProduct(node, node.Bool("transpose_a", false), node.Bool("transpose_b", false));
}

Status BuildBatchMatMul(TfNode& node) {
  return BuildProduct(node, node.Bool("adj_x", false), node.Bool("adj_y", false));
}

// "abc,cd->abd": a matrix over the last dimension. Its letters are other ones in other graphs.
Status BuildEinsum(TfNode& node) {
  const std::string equation = node.Text("equation", "");
  const size_t comma = equation.find(',');
  const size_t arrow = equation.find("->");
  if (node.inputs() != 2 || comma == std::string::npos || arrow == std::string::npos ||
      comma > arrow) {
    return node.Unsupported("its equation is not of two tensors");
  }
  const std::string input = equation.substr(0, comma);
  const std::string matrix = equation.substr(comma + 1, arrow - comma - 1);
  const std::string output = equation.substr(arrow + 2);
  const bool two = matrix.size() == 2 && !input.empty() && !output.empty();
  const bool straight = two && matrix[0] == input.back() && matrix[1] == output.back();
  const bool turned = two && matrix[1] == input.back() && matrix[0] == output.back();
  if ((!straight && !turned) ||
      input.substr(0, input.size() - 1) != output.substr(0, output.size() - 1)) {
    return node.Unsupported(fmt::format("its equation \"{}\" is no matrix over the last dimension",
                                        SafeName(equation)));
  }
  return BuildProduct(node, false, turned);
}

constexpr TfBuilderEntry kBuilders[] = {
    {"MatMul", BuildMatMul},
    {"BatchMatMul", BuildBatchMatMul},
    {"BatchMatMulV2", BuildBatchMatMul},
    {"BatchMatMulV3", BuildBatchMatMul},
    {"Einsum", BuildEinsum},
};

}  // namespace

std::span<const TfBuilderEntry> DenseBuilders() { return kBuilders; }

Result<TensorId> DenseWeights(TfNode& node, const TfArray& matrix, bool turned) {
  if (matrix.kind != TfArray::Kind::kFloats || matrix.dims.size() != 2) {
    return node.Unsupported("its matrix is not one of floats");
  }
  const Result<Shape> shape = ShapeOfDims(matrix.dims);
  if (!shape.ok()) return node.Corrupt(shape.status().message());
  Tensor weights{.name = "weights", .shape = *shape};
  weights.learned_range = matrix.range;
  weights.constant = matrix.floats;
  if (weights.learned_range) {
    weights.learned_range->axis = turned && weights.learned_range->min.size() > 1 ? 1 : 0;
  }
  if (!turned) {
    std::swap(weights.shape[0], weights.shape[1]);
    weights.constant = TurnedMatrix(matrix.floats, static_cast<size_t>((*shape)[1]));
  }
  return node.AddWeights(std::move(weights));
}

}  // namespace qbench::graph::import
