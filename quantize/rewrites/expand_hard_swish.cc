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
  tensor.learned_range.reset();
  return graph.AddTensor(std::move(tensor));
}

// The output's range is learned, so what it is made of is known as well: the gate goes from 0 to 6,
// and the product is six times the output.
void KeepLearnedRange(Graph& graph, TensorId output, TensorId gate, TensorId product) {
  const auto learned = graph.tensors[static_cast<size_t>(output)].learned_range;
  if (!learned) return;
  graph.tensors[static_cast<size_t>(gate)].learned_range =
      graph::LearnedRange{.min = {0.0F}, .max = {6.0F}};
  graph::LearnedRange& wide =
      graph.tensors[static_cast<size_t>(product)].learned_range.emplace(*learned);
  wide.min[0] *= 6.0F;
  wide.max[0] *= 6.0F;
}

void AppendExpansion(Graph& graph, const Op& hard_swish, std::vector<Op>& ops) {
  const TensorId x = hard_swish.inputs[0];
  const TensorId output = hard_swish.outputs[0];
  const std::string name(graph::DisplayName(graph, hard_swish));
  const TensorId gate = AddIntermediate(graph, output, "/relu6");
  const TensorId product = AddIntermediate(graph, output, "/product");
  KeepLearnedRange(graph, output, gate, product);
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
