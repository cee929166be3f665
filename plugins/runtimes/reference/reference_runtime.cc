// The `reference` runtime: each of LiteRT's three arithmetics on plain loops (kernels/). Slow
// and obvious: what a fast runtime's predictions are checked with.
#include <optional>

#include "kernels/interpreter.h"
#include "plugins/runtimes/common/describe_tensor.h"
#include "plugins/runtimes/common/read_model.h"
#include "plugins/support/runtime_plugin.h"

namespace qbench::plugin {
namespace {

TensorDescription Describe(const graph::Tensor& tensor) {
  return DescribeTensor(tensor.name, tensor.type, tensor.shape, tensor.quantization);
}

kernels::Arithmetic ArithmeticOf(const std::string& name) {
  if (name == "builtin") return kernels::Arithmetic::kBuiltin;
  if (name == "xnnpack") return kernels::Arithmetic::kXnnpack;
  return kernels::Arithmetic::kReference;
}

class ReferenceRuntime : public ProfiledRuntime {
 public:
  // Any number of threads is accepted, and one is used.
  Status Init(const Options& options, uint32_t /*threads*/) override {
    arithmetic_ = options.Text("arithmetic");
    return OkStatus();
  }

  Status Load(ByteSpan bytes) override {
    QB_ASSIGN_OR_RETURN(graph::Model model, ReadModel(nullptr, bytes));
    model_ = std::make_shared<const graph::Model>(std::move(model));
    QB_ASSIGN_OR_RETURN(interpreter_,
                        kernels::Interpreter::Create(model_, ArithmeticOf(arithmetic_)));
    times_.resize(model_->graph.ops.size());
    return OkStatus();
  }

  std::vector<TensorDescription> Inputs() const override {
    return DescribeAll(model_->graph.inputs);
  }
  std::vector<TensorDescription> Outputs() const override {
    return DescribeAll(model_->graph.outputs);
  }

  Status SetInput(uint32_t index, ByteSpan data) override {
    const auto to = interpreter_->TensorData(model_->graph.inputs[index]);
    std::memcpy(to.data(), data.data(), data.size());
    return OkStatus();
  }

  Status Invoke() override {
    return profiling_ ? interpreter_->InvokeTimed(times_) : interpreter_->Invoke();
  }

  Result<ByteSpan> ViewOutput(uint32_t index) override {
    return ByteSpan(interpreter_->TensorData(model_->graph.outputs[index]));
  }

  Status EnableProfile() override {
    profiling_ = true;
    return OkStatus();
  }
  Result<std::vector<ProfileEvent>> ProfileEvents() override {
    std::vector<ProfileEvent> events;
    events.reserve(times_.size());
    for (size_t i = 0; i < times_.size(); ++i) {
      events.push_back({.op = static_cast<int32_t>(i),
                        .name = std::string(graph::OpKindName(model_->graph.ops[i].kind)),
                        .time_ns = static_cast<uint64_t>(times_[i].count())});
    }
    return events;
  }

  Facts DescribeFacts() const override {
    return {{"arithmetic", arithmetic_}, {"threads used", "1"}};
  }

 private:
  std::vector<TensorDescription> DescribeAll(const std::vector<graph::TensorId>& ids) const {
    std::vector<TensorDescription> descriptions;
    descriptions.reserve(ids.size());
    for (const graph::TensorId id : ids) {
      descriptions.push_back(Describe(model_->graph.tensors[static_cast<size_t>(id)]));
    }
    return descriptions;
  }

  std::string arithmetic_;
  bool profiling_ = false;
  std::shared_ptr<const graph::Model> model_;
  std::optional<kernels::Interpreter> interpreter_;
  std::vector<std::chrono::nanoseconds> times_;  // of the operators, where profiling
};

}  // namespace

const std::vector<RuntimeInfo>& RegisteredRuntimes() {
  static const std::vector<RuntimeInfo> runtimes = {{
      .id = "reference",
      .summary = "LiteRT's arithmetic in plain loops on one thread: slow, for checking",
      .options = {Option("arithmetic", "reference", "reference|builtin|xnnpack",
                         "whose bytes it gives: those of litert:kernels=reference, =builtin or "
                         "=xnnpack (docs/runtimes.md)")},
      .oracle = true,
      .make = []() -> std::unique_ptr<Runtime> { return std::make_unique<ReferenceRuntime>(); },
  }};
  return runtimes;
}

}  // namespace qbench::plugin

QBENCH_DEFINE_RUNTIME_PLUGIN
