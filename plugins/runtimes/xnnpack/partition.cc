#include "plugins/runtimes/xnnpack/partition.h"

#include <algorithm>

namespace qbench::xnnpack {
namespace {

using graph::TensorId;

constexpr int kNobody = -1;  // no step writes it: the caller does, or it is a constant

void AddOnce(std::vector<TensorId>& ids, TensorId id) {
  if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
}

bool IsActivation(const graph::Graph& graph, TensorId id) {
  return id != graph::kNoTensor && !graph.tensors[static_cast<size_t>(id)].is_constant();
}

// The operators that can run now, of XNNPACK's (all that follow from each other) or of the
// kernels'.
class Scheduler {
 public:
  explicit Scheduler(const graph::Graph& graph)
      : graph_(graph), done_(graph.ops.size(), false), ready_(graph.tensors.size(), false) {
    for (const TensorId id : graph.inputs) ready_[static_cast<size_t>(id)] = true;
  }

  std::vector<size_t> Take(const std::vector<bool>& on_kernels, bool kernels) {
    std::vector<size_t> taken;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      if (done_[i] || on_kernels[i] != kernels || !CanRun(graph_.ops[i])) continue;
      done_[i] = true;
      for (const TensorId id : graph_.ops[i].outputs) ready_[static_cast<size_t>(id)] = true;
      taken.push_back(i);
    }
    left_ -= taken.size();
    return taken;
  }
  bool finished() const { return left_ == 0; }

 private:
  bool CanRun(const graph::Op& op) const {
    return std::ranges::all_of(op.inputs, [&](TensorId id) {
      return !IsActivation(graph_, id) || ready_[static_cast<size_t>(id)];
    });
  }

  const graph::Graph& graph_;
  std::vector<bool> done_;
  std::vector<bool> ready_;
  size_t left_ = done_.size();
};

}  // namespace

std::vector<Step> MakeSteps(const graph::Graph& graph, const std::vector<bool>& on_kernels) {
  std::vector<Step> steps;
  Scheduler scheduler(graph);
  while (!scheduler.finished()) {
    if (auto ops = scheduler.Take(on_kernels, /*kernels=*/false); !ops.empty()) {
      steps.push_back({.on_kernels = false, .ops = std::move(ops), .inputs = {}, .outputs = {}});
    }
    for (const size_t op : scheduler.Take(on_kernels, /*kernels=*/true)) {
      steps.push_back({.on_kernels = true, .ops = {op}, .inputs = {}, .outputs = {}});
    }
  }

  std::vector<int> writer(graph.tensors.size(), kNobody);
  for (size_t s = 0; s < steps.size(); ++s) {
    for (const size_t op : steps[s].ops) {
      for (const TensorId id : graph.ops[op].outputs) {
        writer[static_cast<size_t>(id)] = static_cast<int>(s);
      }
    }
  }
  for (size_t s = 0; s < steps.size(); ++s) {
    for (const size_t op : steps[s].ops) {
      for (const TensorId id : graph.ops[op].inputs) {
        if (!IsActivation(graph, id)) continue;
        const int from = writer[static_cast<size_t>(id)];
        if (from == static_cast<int>(s)) continue;
        AddOnce(steps[s].inputs, id);
        if (from != kNobody) AddOnce(steps[static_cast<size_t>(from)].outputs, id);
      }
    }
  }
  for (const TensorId id : graph.outputs) {
    const int from = writer[static_cast<size_t>(id)];
    if (from != kNobody) AddOnce(steps[static_cast<size_t>(from)].outputs, id);
  }
  // A kernel writes to memory of its own, whoever reads it.
  for (Step& step : steps) {
    if (!step.on_kernels) continue;
    for (const TensorId id : graph.ops[step.ops[0]].outputs) AddOnce(step.outputs, id);
  }
  return steps;
}

Step StepOf(const graph::Graph& graph, size_t op) {
  Step step{.on_kernels = false, .ops = {op}, .inputs = {}, .outputs = {}};
  for (const TensorId id : graph.ops[op].inputs) {
    if (IsActivation(graph, id)) AddOnce(step.inputs, id);
  }
  step.outputs = graph.ops[op].outputs;
  return step;
}

}  // namespace qbench::xnnpack
