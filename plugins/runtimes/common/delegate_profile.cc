#include "plugins/runtimes/common/delegate_profile.h"

#include <algorithm>
#include <optional>

#include "plugins/runtimes/common/xnnpack_steps.h"

namespace qbench::plugin {
namespace {

// Operators that run one after the other in the delegate, or outside of it.
struct Subset {
  bool delegated = false;
  std::vector<int32_t> ops;
};

std::vector<bool> DelegatedOps(const OpGraph& model, std::span<const EngineStep> steps) {
  std::vector<bool> delegated(model.size(), true);
  const bool any = std::ranges::any_of(steps, &EngineStep::delegated);
  if (!any) delegated.assign(model.size(), false);
  for (const EngineStep& step : steps) {
    if (!step.delegated && step.index < delegated.size()) delegated[step.index] = false;
  }
  return delegated;
}

class Partitioner {
 public:
  Partitioner(const OpGraph& model, const std::vector<bool>& delegated)
      : model_(model), delegated_(delegated), done_(model.size(), false) {
    for (const OpNode& op : model) {
      pending_.insert(pending_.end(), op.outputs.begin(), op.outputs.end());
    }
    std::ranges::sort(pending_);
  }

  // In the order of execution, delegated and not in turn.
  std::vector<Subset> Partition() {
    std::vector<Subset> subsets;
    while (true) {
      Subset subset;
      while (Pass(subset)) {
      }
      if (subset.ops.empty()) return subsets;
      subsets.push_back(std::move(subset));
    }
  }

 private:
  bool IsReady(size_t op) const {
    return std::ranges::none_of(model_[op].inputs, [&](int32_t tensor) {
      return std::ranges::binary_search(pending_, tensor);
    });
  }

  // Adds what can run now; the first operator says of which kind the subset is.
  bool Pass(Subset& subset) {
    bool added = false;
    for (size_t op = 0; op < done_.size(); ++op) {
      if (done_[op] || !IsReady(op)) continue;
      if (subset.ops.empty()) subset.delegated = delegated_[op];
      if (subset.delegated != delegated_[op]) continue;
      done_[op] = true;
      added = true;
      subset.ops.push_back(static_cast<int32_t>(op));
      for (const int32_t tensor : model_[op].outputs) {
        const auto [first, last] = std::ranges::equal_range(pending_, tensor);
        pending_.erase(first, last);
      }
    }
    return added;
  }

  const OpGraph& model_;
  const std::vector<bool>& delegated_;
  std::vector<bool> done_;
  std::vector<int32_t> pending_;  // tensors that are still to be written, sorted
};

// The events of one partition, from step `first` on.
void AddPartition(const OpGraph& model, const std::vector<int32_t>& ops, int32_t partition,
                  std::span<const EngineStep> steps, size_t first,
                  std::vector<PlannedEvent>& events) {
  std::vector<DelegatedOp> delegated;
  for (const int32_t op : ops) {
    const OpNode& node = model[static_cast<size_t>(op)];
    const size_t most_steps = node.kind == "CONCATENATION" ? node.inputs.size() : 1;
    delegated.push_back({node.kind, node.of_constants ? 0 : most_steps, node.flattens});
  }
  std::vector<std::string> tags;
  for (const EngineStep& step : steps) tags.push_back(step.tag);
  const std::vector<int32_t> op_of_step = AlignXnnpackSteps(delegated, tags);
  const auto has_step = [&](size_t op) {
    return std::ranges::find(op_of_step, static_cast<int32_t>(op)) != op_of_step.end();
  };
  size_t next = 0;  // operators without a step go before the next one with one
  const auto add_silent = [&](size_t end) {
    for (; next < end; ++next) {
      if (!has_step(next)) events.push_back({ops[next], partition, "", -1});
    }
  };
  for (size_t i = 0; i < tags.size(); ++i) {
    const int32_t op = op_of_step[i];
    if (op >= 0) add_silent(static_cast<size_t>(op));
    events.push_back({op < 0 ? -1 : ops[static_cast<size_t>(op)], partition, tags[i],
                      static_cast<int32_t>(first + i)});
  }
  add_silent(ops.size());
}

// Walks subsets and steps side by side; none where they do not fit.
std::optional<std::vector<PlannedEvent>> Walk(const OpGraph& model,
                                              const std::vector<Subset>& subsets,
                                              std::span<const EngineStep> steps) {
  std::vector<PlannedEvent> events;
  size_t step = 0;
  int32_t partition = 0;
  for (const Subset& subset : subsets) {
    if (subset.delegated) {
      const size_t first = step;
      while (step < steps.size() && steps[step].delegated && steps[step].index == step - first) {
        ++step;
      }
      AddPartition(model, subset.ops, partition++, steps.subspan(first, step - first), first,
                   events);
      continue;
    }
    for (const int32_t op : subset.ops) {
      if (step == steps.size() || steps[step].delegated ||
          steps[step].index != static_cast<uint64_t>(op)) {
        return std::nullopt;
      }
      events.push_back({op, -1, steps[step].tag, static_cast<int32_t>(step)});
      ++step;
    }
  }
  if (step != steps.size()) return std::nullopt;
  return events;
}

// Steps as they came. A delegated operator is in the partition of which it would be if partitions
// were stretches of the file.
std::vector<PlannedEvent> Unassigned(const std::vector<bool>& delegated,
                                     std::span<const EngineStep> steps) {
  std::vector<PlannedEvent> events;
  std::vector<bool> seen(delegated.size(), false);
  int32_t partition = -1;
  for (size_t i = 0; i < steps.size(); ++i) {
    const EngineStep& step = steps[i];
    if (step.delegated && step.index == 0) ++partition;
    if (!step.delegated) seen[step.index] = true;
    events.push_back({step.delegated ? -1 : static_cast<int32_t>(step.index),
                      step.delegated ? std::max(partition, 0) : -1, step.tag,
                      static_cast<int32_t>(i)});
  }
  int32_t stretch = -1;
  for (size_t op = 0; op < delegated.size(); ++op) {
    if (seen[op]) continue;
    if (!delegated[op]) {
      events.push_back({static_cast<int32_t>(op), -1, "", -1});
      continue;
    }
    if (op == 0 || !delegated[op - 1]) ++stretch;
    events.push_back(
        {static_cast<int32_t>(op), std::clamp(stretch, 0, std::max(partition, 0)), "", -1});
  }
  return events;
}

}  // namespace

OpGraph OpGraphOf(const graph::Graph& graph) {
  OpGraph model;
  for (const graph::Op& op : graph.ops) {
    const auto* fully_connected = std::get_if<graph::FullyConnectedOptions>(&op.options);
    const bool of_constants = std::ranges::all_of(op.inputs, [&](graph::TensorId id) {
      return id == graph::kNoTensor || graph.tensors[static_cast<size_t>(id)].is_constant();
    });
    model.push_back({.kind = std::string(graph::OpKindName(op.kind)),
                     .inputs = op.inputs,
                     .outputs = op.outputs,
                     .of_constants = of_constants,
                     .flattens = fully_connected != nullptr && !fully_connected->keep_num_dims});
  }
  return model;
}

OpGraph ChainOf(const std::vector<std::string>& kinds) {
  OpGraph model;
  for (const std::string& kind : kinds) {
    const auto i = static_cast<int32_t>(model.size());
    model.push_back(
        {.kind = kind, .inputs = {i}, .outputs = {i + 1}, .flattens = kind == "FULLY_CONNECTED"});
  }
  return model;
}

std::vector<PlannedEvent> PlanDelegateEvents(const OpGraph& model,
                                             std::span<const EngineStep> steps) {
  const std::vector<bool> delegated = DelegatedOps(model, steps);
  const std::vector<Subset> subsets = Partitioner(model, delegated).Partition();
  if (auto events = Walk(model, subsets, steps)) return std::move(*events);
  return Unassigned(delegated, steps);
}

}  // namespace qbench::plugin
