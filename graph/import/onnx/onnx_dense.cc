// Products of matrices: by a constant one, which are dense layers, and of two computed tensors, as
// attention has them.
#include <algorithm>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

// y = x * weights + bias, with weights [units, depth] in memory.
Result<Value> Dense(NodeCall& call, const Value& input, const HostTensor& weights, TensorId bias) {
  const TensorId matrix = call.Constant("weights", weights);
  const FullyConnectedOptions options{.keep_num_dims = input.order.size() > 2};
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      call.Emit(OpKind::kFullyConnected, options, {input.tensor, matrix, bias}));
  return InMemory(call, output, input);
}

HostTensor Multiplied(const HostTensor& tensor, float factor) {
  HostTensor result = tensor;
  if (factor == 1.0F) return result;
  std::vector<float> values = tensor.floats.Values<float>();
  for (float& value : values) value *= factor;
  result.floats = TakeConstant(std::move(values));
  result.range.reset();
  return result;
}

// Two dimensions, neither empty, the second `depth`.
Status CheckMatrix(const NodeCall& call, const HostTensor& matrix, int64_t depth) {
  if (!matrix.is_float()) return call.Unsupported("its weights are not floats");
  if (matrix.dims.size() == 2 && matrix.dims[0] > 0 && matrix.dims[1] == depth) return OkStatus();
  return call.Unsupported(fmt::format("its weights are no matrix for an input of {}", depth));
}

// ONNX's dimension `axis`, over which is summed, last in memory.
Result<Value> WithLastDimension(NodeCall& call, const Value& value, size_t axis) {
  if (value.IsBatch(axis)) return call.Unsupported("it is over the batch");
  return Ordered(call, value, WithLast(value.order, {axis}));
}

// Without leading dimensions of 1, down to a matrix.
HostTensor AsMatrix(const HostTensor& tensor) {
  HostTensor matrix = tensor;
  while (matrix.dims.size() > 2 && matrix.dims.front() == 1) {
    matrix.dims.erase(matrix.dims.begin());
    if (matrix.range && matrix.range->axis > 0) --matrix.range->axis;
  }
  return matrix;
}

// x * matrix, along the last dimension of x.
Result<Value> ByMatrix(NodeCall& call, const Value& a, const HostTensor& given) {
  const HostTensor matrix = AsMatrix(given);
  if (matrix.dims.size() != 2 || given.dims.size() > a.rank() || a.rank() < 2) {
    return call.Unsupported("only the product of a tensor and a constant matrix is known");
  }
  QB_ASSIGN_OR_RETURN(const Value input, WithLastDimension(call, a, a.rank() - 1));
  const HostTensor weights = Permuted(matrix, {1, 0});
  QB_RETURN_IF_ERROR(CheckMatrix(call, weights, input.dims.back()));
  return Dense(call, input, weights, kNoTensor);
}

// matrix * x, along the last dimension of x but one: a dense layer of it.
Result<Value> OfMatrix(NodeCall& call, const HostTensor& given, const Value& b) {
  const HostTensor matrix = AsMatrix(given);
  if (matrix.dims.size() != 2 || given.dims.size() > b.rank() || b.rank() < 2) {
    return call.Unsupported("only the product of a constant matrix and a tensor is known");
  }
  const size_t axis = b.rank() - 2;
  QB_ASSIGN_OR_RETURN(const Value input, WithLastDimension(call, b, axis));
  QB_RETURN_IF_ERROR(CheckMatrix(call, matrix, input.dims[axis]));
  return Dense(call, input, matrix, kNoTensor);
}

// Each matrix of one tensor with that of the other; other dimensions are in the order of the first.
Result<Value> OfTensors(NodeCall& call, const Value& a, const Value& b) {
  const size_t rank = a.rank();
  if (rank != b.rank() || a.order.size() < 3) {
    return call.Unsupported(fmt::format(
        "it multiplies computed tensors of {} and {} dimensions; known are as many, and "
        "at least a batch of matrices",
        rank, b.rank()));
  }
  QB_RETURN_IF_ERROR(CheckBatches(call, a, b));
  const size_t row = rank - 2;
  const size_t column = rank - 1;
  for (const size_t axis : {row, column}) {
    if (a.IsBatch(axis) || b.IsBatch(axis)) return call.Unsupported("it is over the batch");
  }
  if (a.dims[column] != b.dims[row]) {
    return call.Corrupt(
        fmt::format("it multiplies rows of {} and columns of {}", a.dims[column], b.dims[row]));
  }
  const Order order = WithLast(a.order, {row, column});
  // The second may have its rows last, as keys have, whose columns ONNX has last.
  const bool turned = b.order.back() == row;
  const Order second = turned ? WithLast(order, {column, row}) : order;
  QB_ASSIGN_OR_RETURN(const Value x, Ordered(call, a, order));
  QB_ASSIGN_OR_RETURN(const Value y, Ordered(call, b, second));
  QB_ASSIGN_OR_RETURN(
      const TensorId output,
      call.Emit(OpKind::kBatchMatMul, BatchMatMulOptions{.adj_y = turned}, {x.tensor, y.tensor}));
  return InMemory(call, output, x);
}

}  // namespace

// alpha * A * B + beta * C
Result<Value> BuildGemm(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value a, call.Computed(0, 2));
  if (call.Int("transA", 0) != 0) return call.Unsupported("transA is set");
  QB_ASSIGN_OR_RETURN(const Value input, WithLastDimension(call, a, 1));
  QB_ASSIGN_OR_RETURN(const HostTensorRef given, call.ConstantInput(1));
  if (given->dims.size() != 2) return call.Corrupt("its weights are no matrix");
  const bool turned = call.Int("transB", 0) != 0;
  const HostTensor weights =
      Multiplied(turned ? *given : Permuted(*given, {1, 0}), call.Float("alpha", 1.0F));
  QB_RETURN_IF_ERROR(CheckMatrix(call, weights, input.dims[1]));
  TensorId bias = kNoTensor;
  if (call.Has(2)) {
    const auto units = static_cast<size_t>(weights.dims[0]);
    QB_ASSIGN_OR_RETURN(std::vector<float> values, call.FloatsOf(2));
    if (values.size() == 1) values.resize(units, values[0]);
    if (values.size() != units) return call.Unsupported("its input C is not one row");
    for (float& value : values) value *= call.Float("beta", 1.0F);
    bias = call.Constant("bias", {static_cast<int32_t>(units)}, values);
  }
  return Dense(call, input, weights, bias);
}

Result<Value> BuildMatMul(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value a, call.Input(0));
  QB_ASSIGN_OR_RETURN(const Value b, call.Input(1));
  if (a.is_constant() && b.is_constant()) return call.Corrupt("it computes with constants alone");
  if (!a.is_constant()) QB_RETURN_IF_ERROR(call.Computed(0).status());
  if (!b.is_constant()) QB_RETURN_IF_ERROR(call.Computed(1).status());
  if (b.is_constant()) return ByMatrix(call, a, *b.constant);
  if (a.is_constant()) return OfMatrix(call, *a.constant, b);
  return OfTensors(call, a, b);
}

}  // namespace qbench::graph::import::onnx
