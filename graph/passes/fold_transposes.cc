#include <numeric>
#include <utility>

#include "graph/constant_values.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

// For each element of a TRANSPOSE's output, the place in its input that it comes from; batch 1.
std::vector<size_t> SourcePlaces(const Shape& input, const std::vector<int32_t>& order) {
  std::vector<size_t> strides(input.size(), 1);
  for (size_t i = input.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * static_cast<size_t>(input[i]);
  }
  std::vector<size_t> places = {0};
  for (const int32_t axis : order) {
    const auto d = static_cast<size_t>(axis < 0 ? axis + static_cast<int32_t>(input.size()) : axis);
    std::vector<size_t> longer;
    longer.reserve(places.size() * static_cast<size_t>(input[d]));
    for (const size_t place : places) {
      for (int32_t i = 0; i < input[d]; ++i) {
        longer.push_back(place + static_cast<size_t>(i) * strides[d]);
      }
    }
    places = std::move(longer);
  }
  return places;
}

// The TRANSPOSE before the RESHAPE before a fully connected layer, all of them for this one alone
// and with the batch first: -1 where it is otherwise.
int32_t TransposeBefore(const Graph& graph, const Uses& uses, const Op& layer) {
  if (layer.kind != OpKind::kFullyConnected || !IsFloatConstant(TensorAt(graph, layer.inputs[1]))) {
    return -1;
  }
  const auto producer = [&](TensorId tensor, OpKind kind) {
    const int32_t op = uses.producer[static_cast<size_t>(tensor)];
    const bool fits = op >= 0 && OnlyUser(graph, uses, tensor) >= 0 &&
                      graph.ops[static_cast<size_t>(op)].kind == kind;
    return fits ? op : -1;
  };
  const int32_t reshape = producer(layer.inputs[0], OpKind::kReshape);
  if (reshape < 0) return -1;
  const Op& flatten = graph.ops[static_cast<size_t>(reshape)];
  const int32_t transpose = producer(flatten.inputs[0], OpKind::kTranspose);
  if (transpose < 0) return -1;
  // A row for each sample, of all that the sample has.
  const Shape& rows = TensorAt(graph, flatten.outputs[0]).shape;
  const Tensor& turned = TensorAt(graph, flatten.inputs[0]);
  const Op& op = graph.ops[static_cast<size_t>(transpose)];
  const auto order = TensorAt(graph, op.inputs[1]).constant->Values<int32_t>();
  const bool plain = rows.size() == 2 && rows[0] == turned.shape[0] && rows[0] == 1 &&
                     order[0] == 0 && turned.type == DataType::kFloat32 &&
                     rows[1] == TensorAt(graph, layer.inputs[1]).shape[1];
  return plain ? transpose : -1;
}

// The weights' columns in the order of the TRANSPOSE's input.
void PermuteColumns(Graph& graph, const Uses& uses, Op& layer, const Op& transpose) {
  const TensorId old_weights = layer.inputs[1];
  Tensor weights = TensorAt(graph, old_weights);
  const auto order = TensorAt(graph, transpose.inputs[1]).constant->Values<int32_t>();
  const std::vector<size_t> places =
      SourcePlaces(TensorAt(graph, transpose.inputs[0]).shape, order);
  const ConstantValues<float> values(*weights.constant);
  std::vector<float> permuted(values.span().size());
  for (size_t row = 0; row < permuted.size(); row += places.size()) {
    for (size_t column = 0; column < places.size(); ++column) {
      permuted[row + places[column]] = values.span()[row + column];
    }
  }
  weights.constant = TakeConstant(std::move(permuted));
  layer.inputs[1] = graph.AddTensor(std::move(weights));
  if (OnlyUser(graph, uses, old_weights) >= 0) TensorAt(graph, old_weights).constant.reset();
}

}  // namespace

Status FoldTransposes(Model& model) {
  Graph& graph = model.graph;
  const Uses uses = FindUses(graph);
  std::vector<bool> dead(graph.ops.size(), false);
  for (Op& layer : graph.ops) {
    const int32_t index = TransposeBefore(graph, uses, layer);
    if (index < 0) continue;
    const Op& transpose = graph.ops[static_cast<size_t>(index)];
    PermuteColumns(graph, uses, layer, transpose);
    const int32_t reshape = uses.producer[static_cast<size_t>(layer.inputs[0])];
    graph.ops[static_cast<size_t>(reshape)].inputs[0] = transpose.inputs[0];
    dead[static_cast<size_t>(index)] = true;
  }
  EraseOps(graph, dead);
  return OkStatus();
}

}  // namespace qbench::graph
