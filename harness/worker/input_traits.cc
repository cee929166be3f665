#include "harness/worker/input_traits.h"

#include "base/one_line.h"
#include "graph/input_arithmetic.h"

namespace qbench::worker {

jobs::InputTraits DescribeInput(const graph::Model& model) {
  jobs::InputTraits traits;
  const graph::Graph& graph = model.graph;
  if (const auto arithmetic = graph::FindInputArithmetic(graph)) {
    traits.factor = arithmetic->factor;
    traits.offset = arithmetic->offset;
  }
  if (const auto range = graph::FindInputRange(graph)) traits.range = {range->min, range->max};
  constexpr size_t kLayers = 40;
  for (const graph::Op& op : graph.ops) {
    if (traits.layers.size() == kLayers) break;
    const bool named = !op.name.empty() || op.outputs.empty();
    traits.layers.push_back(
        SafeName(named ? op.name : graph.tensors[static_cast<size_t>(op.outputs[0])].name));
  }
  return traits;
}

}  // namespace qbench::worker
