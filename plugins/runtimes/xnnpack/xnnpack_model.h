// A model ready to run: subgraphs of XNNPACK's, and between them the operators that it lacks on the
// kernels of kernels/.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "kernels/kernel.h"
#include "plugins/runtimes/xnnpack/constant_store.h"
#include "plugins/runtimes/xnnpack/partition.h"
#include "plugins/runtimes/xnnpack/xnnpack_library.h"

namespace qbench::xnnpack {

// One thread at a time; several models are independent, each with its own packed weights and, for
// more than one thread, its own pool. Allocates in Load and never in Invoke.
class XnnpackModel {
 public:
  // kUnsupported, naming the operator, where neither XNNPACK nor kernels/ can run one.
  static Result<std::unique_ptr<XnnpackModel>> Load(ByteSpan model, uint32_t threads);

  const graph::Graph& graph() const { return model_.graph; }
  // The memory of an input or output of the graph; no other tensor has any.
  std::span<uint8_t> TensorData(graph::TensorId id);
  Status Invoke();

  // Where the operators run, and how long they took in all calls of Invoke so far.
  struct Division {
    size_t subgraphs = 0;
    size_t xnnpack_operators = 0;
    std::string kernel_operators;  // "SOFTMAX x1, TANH x2"; empty: none
    int unpacked_weights = 0;      // tensors of weights that became float32
    uint64_t invocations = 0;      // counted where there are kernel operators
    double kernel_share = 0;       // of the time of these invocations, 0 to 1
  };
  Division division() const;

 private:
  XnnpackModel() = default;

  struct ReadyStep {
    Step step;
    RuntimePtr runtime;   // of a subgraph
    kernels::Run kernel;  // else
  };

  Status CheckSize() const;
  std::vector<bool> FindLacking();
  Result<RuntimePtr> MakeRuntime(const Step& step, pthreadpool_t pool);
  // Whether some operators turned out to be lacking when their runtime was made.
  Result<bool> MakeRuntimes(std::vector<bool>& on_kernels);
  Status AllocateTensors();
  Status ConnectRuntime(ReadyStep& ready);
  Status PrepareKernel(ReadyStep& ready);
  Result<kernels::Operand> OperandOf(graph::TensorId id);

  graph::Model model_;
  int unpacked_weights_ = 0;
  std::unique_ptr<ConstantStore> constants_;
  ThreadPoolPtr pool_;
  std::vector<PaddedMemory> memory_;
  std::vector<std::span<uint8_t>> tensors_;  // empty: the tensor is a subgraph's own
  std::vector<ReadyStep> steps_;
  bool has_kernels_ = false;
  uint64_t invocations_ = 0;
  std::chrono::steady_clock::duration kernel_time_{};
  std::chrono::steady_clock::duration total_time_{};
};

}  // namespace qbench::xnnpack
