#include "graph/output_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string_view>
#include <utility>

namespace qbench::graph {
namespace {

// Operators by the name of their first output; -1 where several have it.
std::map<std::string_view, int64_t> OpsByOutput(const Graph& graph) {
  std::map<std::string_view, int64_t> ops;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (graph.ops[i].outputs.empty()) continue;
    const Tensor& output = graph.tensors[static_cast<size_t>(graph.ops[i].outputs[0])];
    const auto [place, added] = ops.try_emplace(output.name, static_cast<int64_t>(i));
    if (!added) place->second = -1;
  }
  ops.erase("");
  return ops;
}

void Append(Bytes& bytes, ByteSpan more) { bytes.insert(bytes.end(), more.begin(), more.end()); }

void AppendCount(Bytes& bytes, size_t count) {
  Append(bytes, AsBytes(std::vector<uint32_t>{static_cast<uint32_t>(count)}));
}

// A damaged model's weights need not be.
bool IsFinite(const std::vector<float>& values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

// Takes values from the front.
class Cursor {
 public:
  explicit Cursor(ByteSpan bytes) : rest_(bytes) {}

  bool done() const { return rest_.empty(); }

  Result<ByteSpan> Read(uint64_t size) {
    if (size > rest_.size()) {
      return Error(StatusCode::kCorrupt, "metadata {}: {} bytes where {} are needed",
                   kStatisticsMetadata, rest_.size(), size);
    }
    const ByteSpan taken = rest_.first(static_cast<size_t>(size));
    rest_ = rest_.subspan(static_cast<size_t>(size));
    return taken;
  }

  Result<uint32_t> Count() {
    QB_ASSIGN_OR_RETURN(const ByteSpan bytes, Read(sizeof(uint32_t)));
    return LoadUnaligned<uint32_t>(bytes);
  }

  Result<std::vector<float>> Floats(uint32_t count, float least) {
    QB_ASSIGN_OR_RETURN(const ByteSpan bytes, Read(uint64_t{count} * sizeof(float)));
    std::vector<float> values(count);
    if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
    if (!IsFinite(values) || std::ranges::any_of(values, [&](float v) { return v < least; })) {
      return Error(StatusCode::kCorrupt, "metadata {}: a mean or deviation that cannot be",
                   kStatisticsMetadata);
    }
    return values;
  }

 private:
  ByteSpan rest_;
};

}  // namespace

Bytes EncodeStatistics(const Graph& graph) {
  Bytes bytes;
  for (const auto& [name, place] : OpsByOutput(graph)) {
    if (place < 0) continue;
    const Op& op = graph.ops[static_cast<size_t>(place)];
    if (!op.statistics || !IsFinite(op.statistics->mean) || !IsFinite(op.statistics->deviation)) {
      continue;
    }
    AppendCount(bytes, name.size());
    Append(bytes, AsBytes(name));
    AppendCount(bytes, op.statistics->mean.size());
    Append(bytes, AsBytes(op.statistics->mean));
    Append(bytes, AsBytes(op.statistics->deviation));
  }
  return bytes;
}

Status DecodeStatistics(ByteSpan bytes, Graph& graph) {
  const std::map<std::string_view, int64_t> ops = OpsByOutput(graph);
  Cursor cursor(bytes);
  while (!cursor.done()) {
    QB_ASSIGN_OR_RETURN(const uint32_t length, cursor.Count());
    QB_ASSIGN_OR_RETURN(const ByteSpan name, cursor.Read(length));
    QB_ASSIGN_OR_RETURN(const uint32_t channels, cursor.Count());
    OutputStatistics statistics;
    QB_ASSIGN_OR_RETURN(statistics.mean,
                        cursor.Floats(channels, std::numeric_limits<float>::lowest()));
    QB_ASSIGN_OR_RETURN(statistics.deviation, cursor.Floats(channels, 0.0F));
    const auto found =
        ops.find(std::string_view(reinterpret_cast<const char*>(name.data()), name.size()));
    if (found == ops.end() || found->second < 0) continue;
    Op& op = graph.ops[static_cast<size_t>(found->second)];
    const Shape& shape = graph.tensors[static_cast<size_t>(op.outputs[0])].shape;
    if (shape.empty() || static_cast<uint32_t>(shape.back()) != channels) continue;
    op.statistics = std::move(statistics);
  }
  return OkStatus();
}

bool HasStatistics(const Graph& graph) {
  return std::ranges::any_of(graph.ops, [](const Op& op) { return op.statistics.has_value(); });
}

}  // namespace qbench::graph
