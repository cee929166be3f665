#include "harness/worker/pixel_range.h"

#include <algorithm>
#include <utility>

#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"

namespace qbench::worker {

Result<std::optional<AlignedBytes>> WithInputRange(ByteSpan model, std::span<const float> mean,
                                                   std::span<const float> std) {
  std::optional<AlignedBytes> result;
  if (mean.empty() || mean.size() != std.size()) return result;
  Result<graph::Model> read = graph::ReadTflite(nullptr, model);
  if (!read.ok() || read->graph.inputs.size() != 1) return result;
  graph::Graph& graph = read->graph;
  graph::Tensor& input = graph.tensors[static_cast<size_t>(graph.inputs.front())];
  const bool trained = std::ranges::any_of(graph.tensors, [](const graph::Tensor& tensor) {
    return tensor.learned_range.has_value() && !tensor.is_constant();
  });
  if (!trained || input.learned_range || input.type != graph::DataType::kFloat32) return result;
  graph::LearnedRange range{.min = {-mean[0] / std[0]}, .max = {(255.0F - mean[0]) / std[0]}};
  for (size_t i = 0; i < mean.size(); ++i) {
    const auto [low, high] = std::minmax({-mean[i] / std[i], (255.0F - mean[i]) / std[i]});
    range.min[0] = std::min(range.min[0], low);
    range.max[0] = std::max(range.max[0], high);
  }
  input.learned_range = std::move(range);
  QB_ASSIGN_OR_RETURN(result, graph::WriteAlignedTflite(std::move(*read), {.statistics = true}));
  return result;
}

}  // namespace qbench::worker
