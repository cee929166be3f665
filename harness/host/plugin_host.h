// The qbench_host that plugins see, and the services behind it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "harness/host/artifact_folder.h"
#include "harness/host/call_observer.h"
#include "harness/host/inference_service.h"
#include "harness/host/sample_source.h"
#include "harness/host/warning_list.h"
#include "qbench/host.h"

namespace qbench::host {

// Called on any thread, also on several at once. None may be empty.
struct HostCallbacks {
  std::function<void(int severity, const std::string& line)> log;  // severity: QBENCH_LOG_…
  std::function<void(const std::string& doing, uint64_t done, uint64_t total)> progress;
  std::function<bool()> cancelled;
};

// Which services there are depends on the job: log, progress and cancel always, the others where a
// pointer to what is behind them is set (it outlives this object). Set them before a plugin is
// created.
class PluginHost {
 public:
  // `plugin` is the id of the plugin that this host is for.
  PluginHost(std::string plugin, HostCallbacks callbacks, CallObserver* observer = nullptr);
  PluginHost(const PluginHost&) = delete;
  PluginHost& operator=(const PluginHost&) = delete;

  // Either may be null.
  void OfferSamples(const SampleSource* calibration, const SampleSource* train);
  void OfferInference(InferenceService* inference) { inference_ = inference; }
  void OfferEmit(ArtifactFolder* folder) { folder_ = folder; }

  const qbench_host* host() const { return &host_; }
  const std::string& plugin() const { return plugin_; }
  // Lines of severity WARNING and above, each text once; see WarningList.
  std::vector<std::string> warnings() const;
  // Why the last inference or emit failed; empty where none did. It explains a plugin's
  // QBENCH_HOST_ERROR.
  std::string last_service_error() const;
  // Whether a service answered with another status than QBENCH_OK, or was asked for and is missing:
  // else a plugin's QBENCH_HOST_ERROR makes no sense.
  bool service_failed() const { return service_failed_; }

 private:
  friend struct HostThunks;
  const void* Extension(std::string_view id) const;
  void Log(int severity, const char* line);
  const SampleSource* Samples(qbench_split split) const;
  qbench_status ReadSample(qbench_split split, uint64_t index, void* data, size_t size,
                           int32_t* label);
  qbench_status RunInference(ByteSpan model, qbench_split split, uint64_t first, uint64_t count,
                             qbench_on_outputs on_outputs, void* user);
  qbench_status RunFed(ByteSpan model, uint64_t count, qbench_on_input on_input,
                       qbench_on_outputs on_outputs, void* user);
  // What both do: `run` gives each sample's outputs to what it is called with. `ended` is the
  // status with which a callback of the plugin ended the run.
  qbench_status HandOutputs(const std::function<Status(const RuntimePool::Deliver&)>& run,
                            qbench_on_outputs on_outputs, void* user,
                            std::atomic<qbench_status>& ended);
  qbench_status Emit(const char* name, const char* media_type, ByteSpan bytes);
  void SetServiceError(const std::string& text);

  std::string plugin_;
  HostCallbacks callbacks_;
  CallObserver* observer_;
  const SampleSource* calibration_ = nullptr;
  const SampleSource* train_ = nullptr;
  InferenceService* inference_ = nullptr;
  ArtifactFolder* folder_ = nullptr;
  qbench_host host_;
  qbench_tensor_info sample_info_;
  mutable std::mutex mutex_;
  WarningList warnings_;
  std::string service_error_;
  mutable std::atomic<bool> service_failed_ = false;
  std::string inference_error_;  // what last_error() of the service points to
};

}  // namespace qbench::host
