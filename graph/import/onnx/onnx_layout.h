// Where ONNX's dimensions are in memory: orders are changed only where an operator needs another
// one, so that ONNX's Transpose costs nothing by itself.
#pragma once

#include "graph/import/onnx/onnx_node.h"

namespace qbench::graph::import::onnx {

// A tensor that was made of `value` by an operator that leaves shape and order as they are.
Value Like(const Value& value, TensorId tensor);
// A tensor whose dimensions, in memory, are those of `order` of ONNX's. Its dims are read off it.
Value InMemory(NodeCall& call, TensorId tensor, Order order);

// The same elements with their dimensions in that order in memory: as they are, by a RESHAPE where
// only dimensions of 1 move, else by a TRANSPOSE. kUnsupported where the batch would not be first.
Result<Value> Ordered(NodeCall& call, const Value& value, const Order& order);
// In ONNX's own order.
Result<Value> Plain(NodeCall& call, const Value& value);
// The image of four dimensions as TensorFlow Lite's operators take it.
Result<Value> Image(NodeCall& call, const Value& value);

// ONNX's Transpose: nothing is moved.
Value Transposed(const Value& value, const std::vector<size_t>& permutation);
// ONNX's Reshape. The batch keeps its place among the dimensions, or it is kUnsupported.
Result<Value> Reshaped(NodeCall& call, const Value& value, const Dims& dims);

// A constant beside `value`, with whose dimensions it broadcasts, as it has to be in memory:
// without leading dimensions of 1. kUnsupported where it has more dimensions, or a batch.
Result<TensorId> Beside(NodeCall& call, std::string_view suffix, const HostTensor& constant,
                        const Value& value);

}  // namespace qbench::graph::import::onnx
