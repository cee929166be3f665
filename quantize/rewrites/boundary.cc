#include "quantize/rewrites/boundary.h"

#include <algorithm>
#include <limits>
#include <queue>

namespace qbench::quantize {
namespace {

using graph::TensorId;

constexpr int64_t kNever = std::numeric_limits<int64_t>::max() / 4;

// A directed network with capacities.
class FlowNetwork {
 public:
  static constexpr size_t kIntegerSide = 0;  // the source
  static constexpr size_t kFloatSide = 1;    // the sink

  size_t AddNode() {
    out_.emplace_back();
    return out_.size() - 1;
  }

  void AddEdge(size_t from, size_t to, int64_t capacity) {
    if (from == to) return;
    out_[from].push_back(edges_.size());
    edges_.push_back({to, capacity});
    out_[to].push_back(edges_.size());
    edges_.push_back({from, 0});  // the way back of what flows
  }

  void Saturate() {
    while (Augment()) {
    }
  }

  // The nodes from which the sink can still be reached: the smallest sink side of a minimum cut.
  std::vector<bool> SinkSide() const {
    std::vector<bool> reached(out_.size(), false);
    std::queue<size_t> open({kFloatSide});
    reached[kFloatSide] = true;
    for (; !open.empty(); open.pop()) {
      for (const size_t edge : out_[open.front()]) {
        const size_t from = edges_[edge].to;  // by the edge that runs the other way
        if (edges_[edge ^ 1].capacity == 0 || reached[from]) continue;
        reached[from] = true;
        open.push(from);
      }
    }
    return reached;
  }

 private:
  struct Edge {
    size_t to;
    int64_t capacity;  // what is left of it
  };

  // Sends what fits along a shortest path from source to sink; false where there is none.
  bool Augment() {
    constexpr size_t kUnseen = std::numeric_limits<size_t>::max();
    std::vector<size_t> came_by(out_.size(), kUnseen);
    std::queue<size_t> open({kIntegerSide});
    for (; !open.empty() && came_by[kFloatSide] == kUnseen; open.pop()) {
      for (const size_t edge : out_[open.front()]) {
        const size_t to = edges_[edge].to;
        if (edges_[edge].capacity == 0 || came_by[to] != kUnseen || to == kIntegerSide) continue;
        came_by[to] = edge;
        open.push(to);
      }
    }
    if (came_by[kFloatSide] == kUnseen) return false;
    const auto walk = [&](const auto& visit) {
      for (size_t node = kFloatSide; node != kIntegerSide; node = edges_[came_by[node] ^ 1].to) {
        visit(came_by[node]);
      }
    };
    int64_t flow = kNever;
    walk([&](size_t edge) { flow = std::min(flow, edges_[edge].capacity); });
    walk([&](size_t edge) {
      edges_[edge].capacity -= flow;
      edges_[edge ^ 1].capacity += flow;
    });
    return true;
  }

  std::vector<Edge> edges_;  // an edge and its way back are 2n and 2n + 1
  std::vector<std::vector<size_t>> out_ = std::vector<std::vector<size_t>>(2);
};

// Calls visit(elements, producer, users) for every activation; its maker and users are given as
// side_of(operator), or as the model's ends.
template <typename SideOf, typename Side, typename Visit>
void VisitActivations(const graph::Graph& graph, Side input, Side output, const SideOf& side_of,
                      const Visit& visit) {
  const graph::Uses uses = graph::FindUses(graph);
  for (size_t id = 0; id < graph.tensors.size(); ++id) {
    const graph::Tensor& tensor = graph.tensors[id];
    if (tensor.is_constant() || tensor.type != graph::DataType::kFloat32) continue;
    const int32_t producer = uses.producer[id];
    std::vector<Side> users;
    for (const int32_t user : uses.users[id]) users.push_back(side_of(static_cast<size_t>(user)));
    if (std::ranges::find(graph.outputs, static_cast<TensorId>(id)) != graph.outputs.end()) {
      users.push_back(output);
    }
    visit(graph::ElementCount(tensor.shape),
          producer < 0 ? input : side_of(static_cast<size_t>(producer)), users);
  }
}

}  // namespace

int64_t ConvertedElements(const graph::Graph& graph, const BoundaryEnds& ends,
                          const std::vector<bool>& float_ops) {
  int64_t converted = 0;
  VisitActivations(
      graph, ends.float_input, ends.float_output, [&](size_t op) -> bool { return float_ops[op]; },
      [&](int64_t elements, bool made_float, const std::vector<bool>& users) {
        if (std::ranges::find(users, !made_float) != users.end()) converted += elements;
      });
  return converted;
}

void PlaceBoundaries(const graph::Graph& graph, const BoundaryEnds& ends,
                     const std::vector<bool>& free_ops, std::vector<bool>& float_ops) {
  FlowNetwork network;
  const auto side = [](bool is_float) {
    return is_float ? FlowNetwork::kFloatSide : FlowNetwork::kIntegerSide;
  };
  std::vector<size_t> nodes;
  for (size_t op = 0; op < graph.ops.size(); ++op) {
    nodes.push_back(free_ops[op] ? network.AddNode() : side(float_ops[op]));
  }
  VisitActivations(
      graph, side(ends.float_input), side(ends.float_output), [&](size_t op) { return nodes[op]; },
      [&](int64_t elements, size_t maker, const std::vector<size_t>& users) {
        // Paid once, however many users are on the other side: one node stands for all users that
        // read integers where the maker makes floats, one for the reverse.
        const size_t quantized = network.AddNode();
        const size_t dequantized = network.AddNode();
        network.AddEdge(quantized, maker, elements);
        network.AddEdge(maker, dequantized, elements);
        for (const size_t user : users) {
          network.AddEdge(user, quantized, kNever);
          network.AddEdge(dequantized, user, kNever);
        }
      });
  network.Saturate();
  const std::vector<bool> on_float_side = network.SinkSide();
  for (size_t op = 0; op < graph.ops.size(); ++op) {
    if (free_ops[op]) float_ops[op] = on_float_side[nodes[op]];
  }
}

}  // namespace qbench::quantize
