// The host's services (qbench/host.h) as C++: what a plugin written in C++ calls instead of the C
// tables. A service that the host does not have: log, progress and cancel do nothing; the others
// fail with kCrashed, which the ABI knows as QBENCH_HOST_ERROR.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/status.h"
#include "qbench/host.h"

namespace qbench::plugin {

// The outputs of one sample; the views live until the function returns. A failure ends the run.
using OnOutputs =
    std::function<Status(uint64_t sample, std::span<const qbench_tensor_view> outputs)>;

// Writes the input of one sample; its size is the model's input's.
using OnInput = std::function<Status(uint64_t index, std::span<uint8_t> data)>;

// A view of the host; the host lives longer. The functions may be called from an object's init on.
class HostServices {
 public:
  explicit HostServices(const qbench_host* host) : host_(host) {}

  void Log(qbench_log_severity severity, const std::string& line) const;  // [any-thread]
  void Warn(const std::string& line) const { Log(QBENCH_LOG_WARNING, line); }

  void ReportProgress(const char* doing, uint64_t done, uint64_t total) const;  // [any-thread]

  // kCancelled where the host asks to stop. [any-thread]
  Status CheckCancelled() const;

  uint64_t SampleCount(qbench_split split) const;
  // Type and shape of one sample; null where there are none.
  const qbench_tensor_info* SampleInfo() const;
  Status ReadSample(qbench_split split, uint64_t index, std::span<float> data,
                    int32_t* label = nullptr) const;

  // Runs a float model on `count` samples from `first` on; see qbench_host_inference.
  Status RunInference(ByteSpan model, qbench_split split, uint64_t first, uint64_t count,
                      const OnOutputs& on_outputs) const;
  // Whether the host can run a model on inputs of the plugin's own, and that: `on_input` writes
  // input `index` of 0 to count - 1, on any thread and on several at once; see qbench_host_feed.
  bool CanFeed() const;
  Status RunFed(ByteSpan model, uint64_t count, const OnInput& on_input,
                const OnOutputs& on_outputs) const;
  // Frees what the latest inference left in memory.
  void ReleaseInference() const;
  // The runtime behind it, "litert 2.3.0 xnnpack"; empty where there is none.
  std::string InferenceRuntime() const;

  Status EmitModel(ByteSpan model) const;
  Status EmitJson(const std::string& name, const std::string& json) const;

 private:
  // The service, or null where the host has none, or one that ends before `member`, which is the
  // last that the caller uses.
  template <typename Service, typename Member>
  const Service* Find(const char* id, Member Service::*member) const {
    const auto* service = static_cast<const Service*>(host_->get_extension(host_, id));
    if (service == nullptr) return nullptr;
    const auto* end = reinterpret_cast<const uint8_t*>(&(service->*member)) + sizeof(Member);
    const auto needed = end - reinterpret_cast<const uint8_t*>(service);
    return static_cast<ptrdiff_t>(service->struct_size) >= needed ? service : nullptr;
  }
  Status Emit(const std::string& name, const char* media_type, ByteSpan bytes) const;

  const qbench_host* host_;
};

}  // namespace qbench::plugin
