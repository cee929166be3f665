// Where ONNX's dimensions are in memory: orders are changed only where an operator needs another
// one, so that ONNX's Transpose costs nothing by itself.
#pragma once

#include "graph/import/onnx/onnx_node.h"

namespace qbench::graph::import::onnx {

// A tensor that was made of `value` by an operator that leaves shape and order as they are.
Value Like(const Value& value, TensorId tensor);
// A tensor whose dimensions, in memory, are those of `order` of ONNX's. Its dims are read off it.
Value InMemory(NodeCall& call, TensorId tensor, Order order);
// The same in the order of `like`, whose batch is where that of `like` is.
Value InMemory(NodeCall& call, TensorId tensor, const Value& like);
// [first, …, last two of them], the batch first and others as they are, with `last` at the end.
Order WithLast(const Order& order, const std::vector<size_t>& last);

// The same elements with their dimensions in that order in memory: as they are, by a RESHAPE where
// only dimensions of 1 move, else by a TRANSPOSE. kUnsupported where the batch would not be first.
Result<Value> Ordered(NodeCall& call, const Value& value, const Order& order);
// In ONNX's own order.
Result<Value> Plain(NodeCall& call, const Value& value);
// The image of four dimensions, channels last in memory. [batch, channels, length] is an image of
// one row.
Result<Value> Image(NodeCall& call, const Value& value);
// An image of `like`, which was such a row or an image, with its dimensions again.
Result<Value> AsBefore(NodeCall& call, const Value& image, const Value& like);

// As many elements in another shape in memory; the batch is first in both.
Result<TensorId> EmitReshape(NodeCall& call, TensorId input, Shape shape);

// onnx_deep.cc. Of a tensor of more than kMostDimensions.
Result<TensorId> EmitDeepTranspose(NodeCall& call, TensorId input,
                                   const std::vector<int32_t>& permutation);
// Reshapes to more dimensions whose outputs nothing needs any more, with those.
void RemoveDeepReshapes(Graph& graph);

// kUnsupported where the batches of two computed tensors are not in the same place.
Status CheckBatches(const NodeCall& call, const Value& a, const Value& b);

// ONNX's Transpose: nothing is moved.
Value Transposed(const Value& value, const std::vector<size_t>& permutation);
// ONNX's Reshape. The batch keeps its place among the elements: it is a dimension of 1 there, that
// at `hint` if there are several, or goes into another one. kUnsupported where it would be torn.
Result<Value> Reshaped(NodeCall& call, const Value& value, const Dims& dims,
                       std::optional<size_t> hint = std::nullopt);

// A constant beside `value`, with whose dimensions it broadcasts, as it has to be in memory:
// without leading dimensions of 1. kUnsupported where it has more dimensions, or a batch.
Result<TensorId> Beside(NodeCall& call, std::string_view suffix, const HostTensor& constant,
                        const Value& value);

}  // namespace qbench::graph::import::onnx
