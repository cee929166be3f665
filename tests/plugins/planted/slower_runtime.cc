// One of qbench's own runtimes, five per cent slower: its source is compiled with another name for
// what it registers, and each Invoke takes its time once more by a twentieth. For the gate's tests.
#include <time.h>

#include <utility>

#include "plugins/support/runtime_plugin.h"

namespace qbench::plugin {

// The runtime's own; the build renames it.
const std::vector<RuntimeInfo>& RegisteredRuntimesInside();

namespace {

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{1'000'000'000} * now.tv_sec + now.tv_nsec;
}

class SlowerRuntime : public Runtime {
 public:
  explicit SlowerRuntime(std::unique_ptr<Runtime> inside) : inside_(std::move(inside)) {}

  Status Init(const Options& options, uint32_t threads) override {
    return inside_->Init(options, threads);
  }
  Status Load(ByteSpan model) override { return inside_->Load(model); }
  std::vector<TensorDescription> Inputs() const override { return inside_->Inputs(); }
  std::vector<TensorDescription> Outputs() const override { return inside_->Outputs(); }
  Status SetInput(uint32_t index, ByteSpan data) override { return inside_->SetInput(index, data); }
  Status Invoke() override {
    const int64_t start = NowNs();
    Status status = inside_->Invoke();
    const int64_t end = NowNs();
    const int64_t late = end + (end - start) / 20;
    while (NowNs() < late) {
    }
    return status;
  }
  Result<ByteSpan> ViewOutput(uint32_t index) override { return inside_->ViewOutput(index); }
  Facts DescribeFacts() const override { return inside_->DescribeFacts(); }

 private:
  std::unique_ptr<Runtime> inside_;
};

}  // namespace

const std::vector<RuntimeInfo>& RegisteredRuntimes() {
  static const std::vector<RuntimeInfo> runtimes = [] {
    std::vector<RuntimeInfo> slower = RegisteredRuntimesInside();
    slower.resize(1);
    slower[0].make = []() -> std::unique_ptr<Runtime> {
      return std::make_unique<SlowerRuntime>(RegisteredRuntimesInside()[0].make());
    };
    return slower;
  }();
  return runtimes;
}

}  // namespace qbench::plugin
