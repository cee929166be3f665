// The `xnnpack` runtime: Debian's XNNPACK, so that a real engine is there with packages alone.
#include "plugins/runtimes/common/describe_tensor.h"
#include "plugins/runtimes/xnnpack/xnnpack_model.h"
#include "plugins/support/runtime_plugin.h"

namespace qbench {
namespace {

using plugin::TensorDescription;

class XnnpackRuntime : public plugin::ProfiledRuntime {
 public:
  Status Init(const plugin::Options& /*options*/, uint32_t threads) override {
    threads_ = threads;
    return xnnpack::Initialize();
  }

  Status Load(ByteSpan model) override {
    QB_ASSIGN_OR_RETURN(model_, xnnpack::XnnpackModel::Load(model, threads_, profile_));
    return OkStatus();
  }

  std::vector<TensorDescription> Inputs() const override {
    return DescribeAll(model_->graph().inputs);
  }
  std::vector<TensorDescription> Outputs() const override {
    return DescribeAll(model_->graph().outputs);
  }

  Status SetInput(uint32_t index, ByteSpan data) override {
    const auto to = model_->TensorData(model_->graph().inputs[index]);
    std::memcpy(to.data(), data.data(), data.size());
    return OkStatus();
  }
  Status Invoke() override { return model_->Invoke(); }
  Result<ByteSpan> ViewOutput(uint32_t index) override {
    return ByteSpan(model_->TensorData(model_->graph().outputs[index]));
  }

  Status EnableProfile() override {
    profile_ = xnnpack::XnnpackModel::Profile::kOn;
    return OkStatus();
  }
  Result<std::vector<plugin::ProfileEvent>> ProfileEvents() override {
    std::vector<plugin::ProfileEvent> events;
    events.reserve(model_->timings().size());
    for (const xnnpack::XnnpackModel::Timing& timing : model_->timings()) {
      events.push_back({static_cast<int32_t>(timing.op), timing.partition, timing.name,
                        static_cast<uint64_t>(timing.time.count())});
    }
    return events;
  }
  const char* DelegateName() const override { return "XNNPACK"; }

  plugin::Facts DescribeFacts() const override {
    plugin::Facts facts;
    if (const auto& library = xnnpack::LoadedFile(); library.ok()) {
      facts = {{"library_path", library->path.string()}, {"library_sha256", library->sha256}};
    }
    if (model_ == nullptr) return facts;
    const xnnpack::XnnpackModel::Division division = model_->division();
    facts.emplace_back(
        "operators_on_xnnpack",
        fmt::format("{} in {} subgraphs", division.xnnpack_operators, division.subgraphs));
    const bool none = division.kernel_operators.empty();
    facts.emplace_back("operators_on_kernels", none ? "none" : division.kernel_operators);
    if (!none && division.invocations > 0) {
      facts.emplace_back("time_on_kernels", fmt::format("{:.1f} %", division.kernel_share * 100));
    }
    if (division.unpacked_weights > 0) {
      facts.emplace_back("weights_unpacked_to_float32",
                         fmt::format("{} tensors", division.unpacked_weights));
    }
    return facts;
  }

 private:
  std::vector<TensorDescription> DescribeAll(const std::vector<graph::TensorId>& ids) const {
    std::vector<TensorDescription> descriptions;
    descriptions.reserve(ids.size());
    for (const graph::TensorId id : ids) {
      const graph::Tensor& tensor = model_->graph().tensors[static_cast<size_t>(id)];
      descriptions.push_back(
          plugin::DescribeTensor(tensor.name, tensor.type, tensor.shape, tensor.quantization));
    }
    return descriptions;
  }

  uint32_t threads_ = 1;
  xnnpack::XnnpackModel::Profile profile_ = xnnpack::XnnpackModel::Profile::kOff;
  std::unique_ptr<xnnpack::XnnpackModel> model_;
};

}  // namespace

const std::vector<plugin::RuntimeInfo>& plugin::RegisteredRuntimes() {
  static const std::vector<RuntimeInfo> runtimes = {
      {.id = "xnnpack",
       .summary = "Debian's XNNPACK; operators that it lacks on reference kernels",
       .options = {},
       .make = []() -> std::unique_ptr<Runtime> { return std::make_unique<XnnpackRuntime>(); },
       .probe = [] { return xnnpack::Initialize(); }}};
  return runtimes;
}

}  // namespace qbench

QBENCH_DEFINE_RUNTIME_PLUGIN
