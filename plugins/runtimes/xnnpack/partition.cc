#include "plugins/runtimes/xnnpack/partition.h"

#include <algorithm>

#include "graph/operators.h"

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

// How many operators read each tensor; the caller, who reads outputs, counts as one.
std::vector<int> CountReaders(const graph::Graph& graph) {
  std::vector<int> readers(graph.tensors.size(), 0);
  for (const graph::Op& op : graph.ops) {
    for (const TensorId id : op.inputs) {
      if (id != graph::kNoTensor) ++readers[static_cast<size_t>(id)];
    }
  }
  for (const TensorId id : graph.outputs) ++readers[static_cast<size_t>(id)];
  return readers;
}

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

std::vector<Step> SplitStep(const graph::Graph& graph, const Step& step) {
  const std::vector<int> readers = CountReaders(graph);
  std::vector<Step> split;
  std::vector<Step> pads;  // that wait for their convolution
  for (const size_t op : step.ops) {
    Step one = StepOf(graph, op);
    const auto pad = std::ranges::find_if(pads, [&](const Step& candidate) {
      return graph::IsConvolution(graph.ops[op].kind) &&
             graph.ops[op].inputs[0] == candidate.outputs[0];
    });
    if (pad != pads.end()) {
      one.ops.insert(one.ops.begin(), pad->ops[0]);
      std::erase(one.inputs, pad->outputs[0]);
      for (const TensorId id : pad->inputs) AddOnce(one.inputs, id);
      pads.erase(pad);
    }
    const bool alone = graph.ops[op].kind == graph::OpKind::kPad &&
                       readers[static_cast<size_t>(one.outputs[0])] == 1;
    const bool waits = alone && std::ranges::any_of(step.ops, [&](size_t reader) {
                         return graph::IsConvolution(graph.ops[reader].kind) &&
                                graph.ops[reader].inputs[0] == one.outputs[0];
                       });
    (waits ? pads : split).push_back(std::move(one));
  }
  return split;
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
