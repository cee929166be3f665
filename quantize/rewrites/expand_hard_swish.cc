#include "quantize/rewrites/expand_hard_swish.h"

#include <string>
#include <utility>
#include <vector>

namespace qbench::quantize {
namespace {

using graph::Activation;
using graph::BinaryOptions;
using graph::DataType;
using graph::Graph;
using graph::Op;
using graph::OpKind;
using graph::Tensor;
using graph::TensorId;

// A tensor like `like`, which it stands beside.
TensorId AddIntermediate(Graph& graph, TensorId like, const std::string& suffix) {
  Tensor tensor = graph.tensors[static_cast<size_t>(like)];
  tensor.name += suffix;
  return graph.AddTensor(std::move(tensor));
}

void AppendExpansion(Graph& graph, const Op& hard_swish, std::vector<Op>& ops) {
  const TensorId x = hard_swish.inputs[0];
  const TensorId output = hard_swish.outputs[0];
  const std::string name(graph::DisplayName(graph, hard_swish));
  const TensorId gate = AddIntermediate(graph, output, "/relu6");
  const TensorId product = AddIntermediate(graph, output, "/product");
  const TensorId three = graph.AddConstant(name + "/three", {1}, std::vector<float>{3.0F});
  const TensorId sixth = graph.AddConstant(name + "/sixth", {1}, std::vector<float>{1.0F / 6.0F});
  ops.push_back({.kind = OpKind::kAdd,
                 .options = BinaryOptions{.activation = Activation::kRelu6},
                 .inputs = {x, three},
                 .outputs = {gate},
                 .name = name});
  ops.push_back({.kind = OpKind::kMul,
                 .options = BinaryOptions{},
                 .inputs = {x, gate},
                 .outputs = {product},
                 .name = name});
  ops.push_back({.kind = OpKind::kMul,
                 .options = BinaryOptions{},
                 .inputs = {product, sixth},
                 .outputs = {output},
                 .name = name});
}

}  // namespace

int64_t ExpandHardSwish(graph::Model& model) {
  Graph& graph = model.graph;
  std::vector<Op> ops;
  int64_t expanded = 0;
  for (Op& op : graph.ops) {
    const bool takes = op.kind == OpKind::kHardSwish &&
                       graph.tensors[static_cast<size_t>(op.inputs[0])].type == DataType::kFloat32;
    if (takes) {
      AppendExpansion(graph, op, ops);
      ++expanded;
    } else {
      ops.push_back(std::move(op));
    }
  }
  graph.ops = std::move(ops);
  return expanded;
}

}  // namespace qbench::quantize
