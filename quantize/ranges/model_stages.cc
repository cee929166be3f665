#include "quantize/ranges/model_stages.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "graph/passes/passes.h"

namespace qbench::quantize {
namespace {

using graph::TensorId;

int64_t BytesOf(const graph::Graph& graph, TensorId id) {
  return graph::StoredBytes(graph.tensors[static_cast<size_t>(id)]);
}

// A place between two operators.
struct Cut {
  size_t end = 0;                        // of the operators before it
  TensorId boundary = graph::kNoTensor;  // the only activation that crosses it
  int64_t boundary_bytes = 0;
};

// One past the operator that makes the last of `outputs`.
size_t EndOfOutputs(const graph::Graph& graph, std::span<const TensorId> outputs) {
  const graph::Uses uses = graph::FindUses(graph);
  int64_t last = -1;
  for (const TensorId id : outputs) {
    last = std::max<int64_t>(last, uses.producer[static_cast<size_t>(id)]);
  }
  return static_cast<size_t>(last + 1);
}

// The cuts before operator `end`, in order.
std::vector<Cut> FindCuts(const graph::Graph& graph, size_t end) {
  constexpr size_t kNever = 0;
  std::vector<size_t> last_use(graph.tensors.size(), kNever);  // one past the operator
  for (size_t i = 0; i < end; ++i) {
    for (const TensorId id : graph.ops[i].inputs) {
      if (id != graph::kNoTensor) last_use[static_cast<size_t>(id)] = i + 1;
    }
  }
  std::vector<TensorId> live(graph.inputs);
  std::vector<Cut> cuts;
  for (size_t i = 0; i + 1 < end; ++i) {
    live.insert(live.end(), graph.ops[i].outputs.begin(), graph.ops[i].outputs.end());
    std::erase_if(live, [&](TensorId id) { return last_use[static_cast<size_t>(id)] <= i + 1; });
    const graph::Op& op = graph.ops[i];
    // A runtime need not show the output of RESHAPE.
    if (live.size() != 1 || op.kind == graph::OpKind::kReshape) continue;
    const TensorId boundary = live.front();
    if (std::ranges::find(op.outputs, boundary) == op.outputs.end()) continue;
    if (graph.tensors[static_cast<size_t>(boundary)].type != graph::DataType::kFloat32) continue;
    cuts.push_back({i + 1, boundary, BytesOf(graph, boundary)});
  }
  return cuts;
}

// What an operator adds to its stage.
int64_t BytesOfOp(const graph::Graph& graph, const graph::Op& op) {
  int64_t bytes = 0;
  for (const TensorId id : op.outputs) bytes += BytesOf(graph, id);
  for (const TensorId id : op.inputs) {
    if (id == graph::kNoTensor || !graph.tensors[static_cast<size_t>(id)].is_constant()) continue;
    bytes += 2 * BytesOf(graph, id);
  }
  return bytes;
}

// Calls `visit(from, to, bytes)` for every stage that there could be between two of `places` (the
// beginning, the cuts, the end), those that end first before those that end later.
template <typename Visit>
void ForEachStage(const graph::Graph& graph, const std::vector<Cut>& places, const Visit& visit) {
  for (size_t to = 1; to < places.size(); ++to) {
    int64_t bytes = 0;
    for (size_t from = to; from-- > 0;) {
      for (size_t i = places[from].end; i < places[from + 1].end; ++i) {
        bytes += BytesOfOp(graph, graph.ops[i]);
      }
      visit(from, to, bytes + places[from].boundary_bytes);
    }
  }
}

// The smallest limit that all stages of some division keep to.
int64_t LeastLimit(const graph::Graph& graph, const std::vector<Cut>& places) {
  std::vector<int64_t> largest(places.size(), std::numeric_limits<int64_t>::max());
  largest[0] = 0;
  ForEachStage(graph, places, [&](size_t from, size_t to, int64_t bytes) {
    largest[to] = std::min(largest[to], std::max(largest[from], bytes));
  });
  return largest.back();
}

// The cuts to take, in order, with the end: a shortest path over `places`.
std::vector<Cut> ChooseCuts(const graph::Graph& graph, const std::vector<Cut>& places,
                            int64_t most_bytes) {
  constexpr int64_t kBytesOfStage = 64 << 10;  // what loading one more is worth
  const int64_t limit = std::max(most_bytes, LeastLimit(graph, places));
  std::vector<int64_t> costs(places.size(), std::numeric_limits<int64_t>::max());
  std::vector<size_t> before(places.size(), 0);
  costs[0] = 0;
  ForEachStage(graph, places, [&](size_t from, size_t to, int64_t bytes) {
    if (bytes > limit || costs[from] == std::numeric_limits<int64_t>::max()) return;
    const int64_t cost = costs[from] + places[from].boundary_bytes + kBytesOfStage;
    if (cost >= costs[to]) return;
    costs[to] = cost;
    before[to] = from;
  });
  std::vector<Cut> chosen;
  for (size_t place = places.size() - 1; place > 0; place = before[place]) {
    chosen.push_back(places[place]);
  }
  std::ranges::reverse(chosen);
  return chosen;
}

}  // namespace

Result<std::vector<Stage>> CutIntoStages(const graph::Model& model,
                                         std::span<const TensorId> outputs, int64_t most_bytes) {
  const graph::Graph& graph = model.graph;
  const size_t end = EndOfOutputs(graph, outputs);
  const TensorId input = graph.inputs.front();
  std::vector<Cut> places = {{0, input, BytesOf(graph, input)}};
  for (const Cut& cut : FindCuts(graph, end)) places.push_back(cut);
  places.push_back({end, graph::kNoTensor, 0});

  const graph::Uses uses = graph::FindUses(graph);
  std::vector<Stage> stages;
  Cut begin = places.front();
  for (const Cut& cut : ChooseCuts(graph, places, most_bytes)) {
    Stage stage{.input = begin.boundary, .model = model};
    for (const TensorId id : outputs) {
      const auto producer = static_cast<size_t>(uses.producer[static_cast<size_t>(id)]);
      if (producer >= begin.end && producer < cut.end) stage.outputs.push_back(id);
    }
    const bool last = cut.boundary == graph::kNoTensor;
    if (!last && std::ranges::find(stage.outputs, cut.boundary) == stage.outputs.end()) {
      stage.outputs.push_back(cut.boundary);
    }
    stage.model.signature.reset();
    graph::Graph& part = stage.model.graph;
    part.ops.assign(graph.ops.begin() + static_cast<ptrdiff_t>(begin.end),
                    graph.ops.begin() + static_cast<ptrdiff_t>(cut.end));
    part.inputs = {stage.input};
    part.outputs = stage.outputs;
    QB_RETURN_IF_ERROR(graph::RemoveDeadCode(stage.model));
    stages.push_back(std::move(stage));
    begin = cut;
  }
  return stages;
}

}  // namespace qbench::quantize
