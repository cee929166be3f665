// Two runtime plugins on one model, every tensor compared: what holds `reference` to LiteRT's
// bytes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/ir.h"
#include "qbench/runtime.h"

namespace qbench {

// A loaded model in a plugin's runtime (lib/qbench/plugins/<id>.so of the build tree), through the
// C tables that the host uses.
class PluginModel {
 public:
  // `bytes` outlives the object and is aligned to 64.
  static Result<PluginModel> Load(const std::string& id, const qbench_option& option,
                                  ByteSpan bytes);
  Status Run(const std::vector<Bytes>& inputs);
  Result<Bytes> Output(size_t index, size_t size) const;

 private:
  struct Destroyer {
    void operator()(qbench_runtime* runtime) const { runtime->destroy(runtime); }
  };
  explicit PluginModel(qbench_runtime* runtime) : runtime_(runtime) {}
  Status StatusOf(qbench_status status) const;

  std::unique_ptr<qbench_runtime, Destroyer> runtime_;
};

// Why the litert plugin cannot be used; empty where it can.
std::string WhyNoLitert();

// The tensors of one operator's output in both runtimes.
struct TensorDifference {
  std::string op;         // "CONV_2D int8 'layer'"
  int64_t elements = 0;   // compared, over all inputs that were run
  int64_t different = 0;  // not the same bytes
  double largest = 0.0;   // the largest difference: steps of integers, values of floats
};

// `model` with every operator's output as an output, so that nothing in between goes unseen.
graph::Model WithEveryOutput(graph::Model model);

// Runs WithEveryOutput(model) in litert:kernels=<mode> and reference:arithmetic=<mode>; one entry
// for each operator, in the model's order. inputs[i]: the bytes of all inputs of one run.
Result<std::vector<TensorDifference>> CompareWithLitert(
    const graph::Model& model, const std::string& mode,
    const std::vector<std::vector<Bytes>>& inputs);

}  // namespace qbench
