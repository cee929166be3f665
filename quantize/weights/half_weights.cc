#include "quantize/weights/half_weights.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "graph/constant_values.h"
#include "graph/numerics/quantize_math.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using graph::TensorId;

constexpr float kLargestHalf = 65504.0F;

bool Worthwhile(const graph::Tensor& tensor) {
  return tensor.is_constant() && tensor.type == DataType::kFloat32 &&
         graph::ElementCount(tensor.shape) >= kMinHalfElements;
}

graph::Constant ToHalf(const graph::Tensor& tensor, Warnings& warnings) {
  std::vector<uint16_t> halves;
  halves.reserve(static_cast<size_t>(graph::ElementCount(tensor.shape)));
  int64_t clipped = 0;
  const graph::ConstantValues<float> values(*tensor.constant);
  for (const float value : values.span()) {
    if (std::abs(value) > kLargestHalf) ++clipped;
    halves.push_back(graph::FloatToHalf(std::clamp(value, -kLargestHalf, kLargestHalf)));
  }
  if (clipped > 0) {
    warnings.push_back(
        fmt::format("\"{}\": {} weights beyond the largest float16 were clipped to {}", tensor.name,
                    clipped, kLargestHalf));
  }
  return graph::TakeConstant(std::move(halves));
}

}  // namespace

Status StoreConstantsAsHalf(graph::Model& model, Warnings& warnings,
                            const OperatorChoices& choices) {
  graph::Graph& graph = model.graph;
  std::vector<graph::Op> ops;
  const auto float_tensors = static_cast<TensorId>(graph.tensors.size());
  const graph::Uses uses = graph::FindUses(graph);
  const auto stays = [&](int32_t op) {
    return ChoiceOf(choices, static_cast<size_t>(op)).in_float;
  };
  for (TensorId id = 0; id < float_tensors; ++id) {
    const auto index = static_cast<size_t>(id);
    if (!Worthwhile(graph.tensors[index])) continue;
    if (std::ranges::any_of(uses.users[index], stays)) continue;
    graph::Tensor half = graph.tensors[static_cast<size_t>(id)];
    half.constant = ToHalf(half, warnings);
    half.type = DataType::kFloat16;
    half.name += "_f16";
    const TensorId half_id = graph.AddTensor(std::move(half));
    graph.tensors[static_cast<size_t>(id)].constant.reset();  // now DEQUANTIZE's output
    ops.push_back({graph::OpKind::kDequantize, graph::NoOptions{}, {half_id}, {id}, {}});
  }
  ops.insert(ops.end(), std::make_move_iterator(graph.ops.begin()),
             std::make_move_iterator(graph.ops.end()));
  graph.ops = std::move(ops);
  return OkStatus();
}

}  // namespace qbench::quantize
