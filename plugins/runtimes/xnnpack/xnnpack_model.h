// A model ready to run: subgraphs of XNNPACK's, and between them the operators that it lacks on the
// kernels of kernels/.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "kernels/kernel.h"
#include "plugins/runtimes/xnnpack/constant_store.h"
#include "plugins/runtimes/xnnpack/float_weights.h"
#include "plugins/runtimes/xnnpack/partition.h"
#include "plugins/runtimes/xnnpack/xnnpack_library.h"

namespace qbench::xnnpack {

// One thread at a time; several models are independent, each with its own packed weights and, for
// more than one thread, its own pool. Allocates in Load and never in Invoke.
class XnnpackModel {
 public:
  enum class Profile { kOff, kOn };
  // kUnsupported, naming the operator, where neither XNNPACK nor kernels/ can run one. With a
  // profile every operator is a subgraph of its own, since this XNNPACK does not time the operators
  // of one: Invoke then takes a little longer, and gives the same outputs. `model` outlives the
  // object.
  static Result<std::unique_ptr<XnnpackModel>> Load(ByteSpan model, uint32_t threads,
                                                    Profile profile = Profile::kOff);

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

  // An operator in the latest Invoke of a model that was loaded with a profile.
  struct Timing {
    size_t op = 0;       // its index in the file
    int partition = -1;  // the subgraph that it belongs to without a profile; -1: on kernels/
    std::string name;    // "CONV_2D"; "PAD + CONV_2D" where XNNPACK takes both at once
    std::chrono::nanoseconds time{};  // 0 also: done when the model was loaded, or by another one
  };
  // In the order in which they run. Empty without a profile.
  const std::vector<Timing>& timings() const { return timings_; }

 private:
  XnnpackModel() = default;

  struct ReadyStep {
    Step step;
    RuntimePtr runtime;   // of a subgraph
    kernels::Run kernel;  // else
    int partition = -1;
    size_t timing = 0;  // into timings_
  };

  Status CheckSize() const;
  std::vector<bool> FindLacking();
  Result<RuntimePtr> MakeRuntime(const Step& step, pthreadpool_t pool);
  // Whether some operators turned out to be lacking when their runtime was made.
  Result<bool> MakeRuntimes(std::vector<bool>& on_kernels);
  // Replaces every subgraph by subgraphs of one operator.
  Status SplitSubgraphs();
  void PrepareTimings();
  Status InvokeTimed();
  Status AllocateTensors();
  Status ConnectRuntime(ReadyStep& ready);
  Status PrepareKernel(ReadyStep& ready);
  Result<kernels::Operand> OperandOf(graph::TensorId id);

  graph::Model model_;
  UnpackedWeights unpacked_;
  std::unique_ptr<ConstantStore> constants_;
  ThreadPoolPtr pool_;
  std::vector<PaddedMemory> memory_;
  std::vector<std::span<uint8_t>> tensors_;  // empty: the tensor is a subgraph's own
  std::vector<ReadyStep> steps_;
  bool has_kernels_ = false;
  std::vector<Timing> timings_;
  uint64_t invocations_ = 0;
  std::chrono::steady_clock::duration kernel_time_{};
  std::chrono::steady_clock::duration total_time_{};
};

}  // namespace qbench::xnnpack
