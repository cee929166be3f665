#include "quantize/weights/widen_halves.h"

#include <utility>
#include <vector>

#include "graph/constant_values.h"
#include "graph/numerics/quantize_math.h"
#include "graph/passes/passes.h"

namespace qbench::quantize {

Result<int64_t> WidenHalfWeights(graph::Model& model) {
  graph::Graph& graph = model.graph;
  std::vector<graph::Op> ops;
  int64_t widened = 0;
  for (graph::Op& op : graph.ops) {
    const graph::Tensor& half = graph.tensors[static_cast<size_t>(op.inputs[0])];
    if (op.kind != graph::OpKind::kDequantize || half.type != graph::DataType::kFloat16 ||
        !half.is_constant()) {
      ops.push_back(std::move(op));
      continue;
    }
    const graph::ConstantValues<uint16_t> halves(*half.constant);
    std::vector<float> values;
    values.reserve(halves.span().size());
    for (const uint16_t value : halves.span()) values.push_back(graph::HalfToFloat(value));
    graph.tensors[static_cast<size_t>(op.outputs[0])].constant =
        graph::TakeConstant(std::move(values));
    ++widened;
  }
  graph.ops = std::move(ops);
  if (widened > 0) QB_RETURN_IF_ERROR(graph::RemoveDeadCode(model));
  return widened;
}

}  // namespace qbench::quantize
