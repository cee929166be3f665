// Tensors of more dimensions than qbench has: windows are cut out of images by a Reshape to six, a
// Transpose and a Reshape back. Dimensions that stay neighbours are one for it.
#include <algorithm>
#include <utility>

#include "graph/import/onnx/onnx_layout.h"

namespace qbench::graph::import::onnx {
namespace {

bool IsDeep(const Graph& graph, TensorId tensor) {
  return tensor != kNoTensor &&
         graph.tensors[static_cast<size_t>(tensor)].shape.size() > kMostDimensions;
}

// Neighbours of the input that are neighbours of the output, too: where they begin and end.
struct Run {
  int32_t first = 0, last = 0;
  int32_t size = 1;
};

std::vector<Run> RunsOf(const Shape& shape, const std::vector<int32_t>& permutation) {
  std::vector<Run> runs = {{.first = 0, .last = 0, .size = 1}};  // the batch
  const auto is_next = [&shape](int32_t last, int32_t place) {
    if (last == 0 || place <= last) return false;
    return std::all_of(shape.begin() + last + 1, shape.begin() + place,
                       [](int32_t size) { return size == 1; });
  };
  for (size_t i = 1; i < permutation.size(); ++i) {
    const int32_t place = permutation[i];
    const int32_t size = shape[static_cast<size_t>(place)];
    if (size == 1) continue;
    if (!is_next(runs.back().last, place)) runs.push_back({.first = place});
    runs.back().last = place;
    runs.back().size *= size;
  }
  return runs;
}

}  // namespace

Result<TensorId> EmitDeepTranspose(NodeCall& call, TensorId input,
                                   const std::vector<int32_t>& permutation) {
  const Shape shape = call.ShapeOf(input);
  Shape output;
  for (const int32_t place : permutation) output.push_back(shape[static_cast<size_t>(place)]);
  const std::vector<Run> runs = RunsOf(shape, permutation);
  std::vector<Run> before = runs;
  std::ranges::sort(before, {}, &Run::first);
  Shape merged;
  for (const Run& run : before) merged.push_back(run.size);
  std::vector<int32_t> order;
  for (const Run& run : runs) {
    const auto place = std::ranges::find(before, run.first, &Run::first);
    order.push_back(static_cast<int32_t>(place - before.begin()));
  }
  QB_ASSIGN_OR_RETURN(const TensorId flat, EmitReshape(call, input, merged));
  const TensorId constant = call.Ints("permutation", order);
  QB_ASSIGN_OR_RETURN(const TensorId turned, call.Emit(OpKind::kTranspose, {flat, constant}));
  return EmitReshape(call, turned, output);
}

void RemoveDeepReshapes(Graph& graph) {
  std::vector<bool> used(graph.tensors.size(), false);
  const auto use = [&used](const std::vector<TensorId>& tensors) {
    for (const TensorId tensor : tensors) {
      if (tensor != kNoTensor) used[static_cast<size_t>(tensor)] = true;
    }
  };
  use(graph.inputs);
  use(graph.outputs);
  std::vector<Op> kept;
  while (!graph.ops.empty()) {
    Op op = std::move(graph.ops.back());
    graph.ops.pop_back();
    const TensorId output = op.outputs[0];
    if (IsDeep(graph, output) && !used[static_cast<size_t>(output)]) continue;
    use(op.inputs);
    use(op.outputs);
    kept.push_back(std::move(op));
  }
  std::ranges::reverse(kept);
  graph.ops = std::move(kept);
  std::vector<TensorId> now(graph.tensors.size(), kNoTensor);
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < now.size(); ++i) {
    if (IsDeep(graph, static_cast<TensorId>(i)) && !used[i]) continue;
    now[i] = static_cast<TensorId>(tensors.size());
    tensors.push_back(std::move(graph.tensors[i]));
  }
  graph.tensors = std::move(tensors);
  const auto renumber = [&now](std::vector<TensorId>& ids) {
    for (TensorId& id : ids) {
      if (id != kNoTensor) id = now[static_cast<size_t>(id)];
    }
  };
  renumber(graph.inputs);
  renumber(graph.outputs);
  for (Op& op : graph.ops) {
    renumber(op.inputs);
    renumber(op.outputs);
  }
}

}  // namespace qbench::graph::import::onnx
