#include "graph/import/graph_builder.h"

#include <utility>

#include "fmt/ranges.h"
#include "graph/operators.h"
#include "graph/validate.h"

namespace qbench::graph::import {
namespace {

// Nested models that are called many times multiply; no real network comes near.
constexpr size_t kMaxOperators = 20000;

}  // namespace

std::string GraphBuilder::UniqueName(const std::string& name) {
  std::string unique = name;
  while (!names_.insert(unique).second) unique = fmt::format("{}_{}", name, ++name_count_[name]);
  return unique;
}

Result<TensorId> GraphBuilder::Emit(OpKind kind, OpOptions options, std::vector<TensorId> inputs,
                                    const std::string& layer) {
  if (graph.ops.size() >= kMaxOperators) {
    return Error(StatusCode::kUnsupported, "the model has more than {} operators", kMaxOperators);
  }
  Op op{kind, std::move(options), std::move(inputs), {}, layer};
  QB_ASSIGN_OR_RETURN(Shape shape, InferOutputShape(graph, op));
  int64_t elements = 1;
  for (const int32_t dim : shape) {
    if (dim < 1 || elements > kMaxElements / dim) {
      return Error(StatusCode::kUnsupported, "its output would have the shape [{}]",
                   fmt::join(shape, ", "));
    }
    elements *= dim;
  }
  Tensor tensor;
  tensor.name = UniqueName(fmt::format("{}/{}", layer, OpKindName(kind)));
  tensor.shape = std::move(shape);
  tensor.dynamic_batch = true;
  const TensorId output = graph.AddTensor(std::move(tensor));
  op.outputs = {output};
  graph.ops.push_back(std::move(op));
  return output;
}

}  // namespace qbench::graph::import
