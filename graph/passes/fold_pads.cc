#include <utility>

#include "graph/learned_range.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

struct Side {
  int64_t input = 0, output = 0, filter = 0, stride = 1, dilation = 1;
};

// What SAME padding adds before and after one dimension (TensorFlow: half, the odd one after), if
// its output has the size that this convolution has.
bool EqualsSame(const Side& s, int32_t before, int32_t after) {
  const int64_t same_output = (s.input + s.stride - 1) / s.stride;
  const int64_t covered = (s.filter - 1) * s.dilation + 1;
  const int64_t total = std::max<int64_t>((same_output - 1) * s.stride + covered - s.input, 0);
  return s.output == same_output && before == total / 2 && after == total - total / 2;
}

template <typename Options>
bool Fold(const Graph& graph, const Op& pad, const Op& convolution, Options& options) {
  if (options.padding != Padding::kValid) return false;
  const std::vector<int32_t> paddings = TensorAt(graph, pad.inputs[1]).constant->Values<int32_t>();
  const Shape& input = TensorAt(graph, pad.inputs[0]).shape;
  const Shape& output = TensorAt(graph, convolution.outputs[0]).shape;
  const Shape& filter = TensorAt(graph, convolution.inputs[1]).shape;
  const bool spatial_only =
      paddings[0] == 0 && paddings[1] == 0 && paddings[6] == 0 && paddings[7] == 0;
  const Side height = {input[1], output[1], filter[1], options.stride_h, options.dilation_h};
  const Side width = {input[2], output[2], filter[2], options.stride_w, options.dilation_w};
  if (!spatial_only || !EqualsSame(height, paddings[2], paddings[3]) ||
      !EqualsSame(width, paddings[4], paddings[5])) {
    return false;
  }
  options.padding = Padding::kSame;
  return true;
}

}  // namespace

Status FoldPads(Model& model) {
  Graph& graph = model.graph;
  const Uses uses = FindUses(graph);
  std::vector<bool> dead(graph.ops.size(), false);
  for (Op& op : graph.ops) {
    auto* conv = std::get_if<Conv2DOptions>(&op.options);
    auto* depthwise = std::get_if<DepthwiseConv2DOptions>(&op.options);
    if (conv == nullptr && depthwise == nullptr) continue;
    const TensorId padded = op.inputs[0];
    const int32_t producer = uses.producer[static_cast<size_t>(padded)];
    if (producer < 0 || OnlyUser(graph, uses, padded) < 0) continue;
    const Op& pad = graph.ops[static_cast<size_t>(producer)];
    // Both pad with the zero point, so integers may be folded too, unless PAD changes the scale.
    if (pad.kind != OpKind::kPad ||
        TensorAt(graph, pad.inputs[0]).quantization != TensorAt(graph, padded).quantization) {
      continue;
    }
    if (conv != nullptr ? Fold(graph, pad, op, *conv) : Fold(graph, pad, op, *depthwise)) {
      op.inputs[0] = pad.inputs[0];
      StandInFor(TensorAt(graph, padded), TensorAt(graph, pad.inputs[0]));
      dead[static_cast<size_t>(producer)] = true;
    }
  }
  EraseOps(graph, dead);
  return OkStatus();
}

}  // namespace qbench::graph
