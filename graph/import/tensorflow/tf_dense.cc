// Products with a matrix that is known, which are fully connected layers, and of two tensors.
#include <numeric>
#include <utility>

#include "graph/import/tensorflow/tf_builders.h"
#include "graph/import/tensorflow/turned_matrix.h"

namespace qbench::graph::import {
namespace {

// Of tensors, each matrix of one with that of the other; leading dimensions stretch.
Status BuildTensorProduct(TfNode& node, bool turned_a, bool turned_b) {
  QB_ASSIGN_OR_RETURN(TensorId a, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TensorId b, node.Tensor(1));
  QB_ASSIGN_OR_RETURN(const TensorId output, MatrixProduct(node, a, b, turned_a, turned_b));
  return node.Give(output);
}

Status BuildProduct(TfNode& node, bool turned_input, bool turned_matrix) {
  if (!node.IsArray(1)) return BuildTensorProduct(node, turned_input, turned_matrix);
  QB_ASSIGN_OR_RETURN(const TfArrayPtr matrix, node.Array(1));
  if (turned_input) return node.Unsupported("it exchanges the dimensions of its input");
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0));
  QB_ASSIGN_OR_RETURN(const TensorId output, Dense(node, input, *matrix, turned_matrix));
  return node.Give(output);
}

Status BuildMatMul(TfNode& node) {
  return BuildProduct(node, node.Bool("transpose_a", false), node.Bool("transpose_b", false));
}

Status BuildBatchMatMul(TfNode& node) {
  return BuildProduct(node, node.Bool("adj_x", false), node.Bool("adj_y", false));
}

constexpr TfBuilderEntry kBuilders[] = {
    {"MatMul", BuildMatMul},
    {"BatchMatMul", BuildBatchMatMul},
    {"BatchMatMulV2", BuildBatchMatMul},
    {"BatchMatMulV3", BuildBatchMatMul},
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

Result<TensorId> Dense(TfNode& node, TensorId input, const TfArray& matrix, bool turned) {
  QB_ASSIGN_OR_RETURN(const TensorId weights, DenseWeights(node, matrix, turned));
  const Shape& shape = node.ShapeOf(input);
  if (shape.size() < 2 || shape.back() != node.ShapeOf(weights)[1]) {
    return node.Corrupt(fmt::format("a matrix of {} rows for an input of [{}]",
                                    node.ShapeOf(weights)[1], fmt::join(shape, ", ")));
  }
  const FullyConnectedOptions options{.keep_num_dims = shape.size() > 2};
  return node.Emit(OpKind::kFullyConnected, options, {input, weights, kNoTensor});
}

Result<TensorId> MatrixProduct(TfNode& node, TensorId a, TensorId b, bool turned_a, bool turned_b) {
  const size_t rank = node.ShapeOf(a).size();
  if (rank < 3 || node.ShapeOf(b).size() != rank) {
    return node.Unsupported("it multiplies the samples of two tensors with each other");
  }
  if (turned_a) {  // The left operand stays as runtimes prefer it.
    std::vector<int32_t> order(rank);
    std::iota(order.begin(), order.end(), 0);
    std::swap(order[rank - 2], order[rank - 1]);
    QB_ASSIGN_OR_RETURN(a, node.Transposed(a, order));
  }
  return node.Emit(OpKind::kBatchMatMul, BatchMatMulOptions{.adj_y = turned_b}, {a, b});
}

}  // namespace qbench::graph::import
