#include "quantize/rewrites/float_head.h"

#include "graph/model_summary.h"
#include "graph/operators.h"

namespace qbench::quantize {
namespace {

using graph::Op;
using graph::OpKind;
using graph::TensorId;

// What makes scores has outputs of a known range.
bool MakesScores(OpKind kind) { return graph::InfoOf(kind).fixed_scale.has_value(); }

class HeadFinder {
 public:
  explicit HeadFinder(const graph::Model& model)
      : model_(model), uses_(graph::FindUses(model.graph)), head_(model.graph.ops.size(), false) {
    const graph::ModelSummary summary = graph::Summarize(model);
    for (const graph::OpSummary& op : summary.ops) {
      small_.push_back(static_cast<double>(op.macs) <=
                       kLargestHead * static_cast<double>(summary.macs));
    }
  }

  std::vector<bool> Find() {
    for (const TensorId output : model_.graph.outputs) {
      if (uses_.users[static_cast<size_t>(output)].empty()) Walk(output);
    }
    return head_;
  }

 private:
  // From an output of the model towards its input; what is passed joins the head when it is known
  // that the head ends well.
  void Walk(TensorId tensor) {
    std::vector<size_t> passed;
    while (true) {
      const int32_t producer = uses_.producer[static_cast<size_t>(tensor)];
      if (producer < 0) return;
      const auto index = static_cast<size_t>(producer);
      const Op& op = model_.graph.ops[index];
      passed.push_back(index);
      if (op.kind == OpKind::kFullyConnected) {
        if (small_[index]) AddToHead(passed);
        return;
      }
      if (MakesScores(op.kind)) {
        AddToHead(passed);
      } else if (op.kind != OpKind::kReshape) {
        return;
      }
      tensor = op.inputs[0];
      if (uses_.users[static_cast<size_t>(tensor)].size() != 1) return;
    }
  }

  void AddToHead(std::vector<size_t>& passed) {
    for (const size_t op : passed) head_[op] = true;
    passed.clear();
  }

  const graph::Model& model_;
  const graph::Uses uses_;
  std::vector<bool> small_;
  std::vector<bool> head_;
};

}  // namespace

std::vector<bool> FindHead(const graph::Model& model) { return HeadFinder(model).Find(); }

}  // namespace qbench::quantize
