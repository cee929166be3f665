#include "plugins/support/host_services.h"

#include <mutex>
#include <utility>

#include "plugins/support/abi_status.h"

namespace qbench::plugin {
namespace {

Status Missing(const char* id) {
  return Error(StatusCode::kCrashed, "the host does not offer {}", id);
}

struct InferenceCall {
  const OnOutputs* on_outputs;
  Status failure;                     // of on_outputs
  const OnInput* on_input = nullptr;  // where the plugin feeds the model
  std::mutex mutex = {};
  Status input_failure = {};  // the first of on_input
};

qbench_status HandInput(void* user, uint64_t index, void* data, size_t size) {
  auto* call = static_cast<InferenceCall*>(user);
  Status status = Guard([&] {
    return (*call->on_input)(index, {static_cast<uint8_t*>(data), size});
  });
  const qbench_status code = ToAbi(status.code());
  const std::lock_guard lock(call->mutex);
  if (call->input_failure.ok()) call->input_failure = std::move(status);
  return code;
}

qbench_status HandOutputs(void* user, uint64_t sample, const qbench_tensor_view* outputs,
                          uint32_t output_count) {
  auto* call = static_cast<InferenceCall*>(user);
  call->failure = Guard([&] { return (*call->on_outputs)(sample, {outputs, output_count}); });
  return ToAbi(call->failure.code());
}

}  // namespace

void HostServices::Log(qbench_log_severity severity, const std::string& line) const {
  const auto* log = Find(QBENCH_HOST_LOG, &qbench_host_log::log);
  if (log != nullptr) log->log(host_, severity, line.c_str());
}

void HostServices::ReportProgress(const char* doing, uint64_t done, uint64_t total) const {
  const auto* progress = Find(QBENCH_HOST_PROGRESS, &qbench_host_progress::report);
  if (progress != nullptr) progress->report(host_, doing, done, total);
}

Status HostServices::CheckCancelled() const {
  const auto* cancel = Find(QBENCH_HOST_CANCEL, &qbench_host_cancel::requested);
  if (cancel == nullptr || cancel->requested(host_) == 0) return OkStatus();
  return Error(StatusCode::kCancelled, "cancelled");
}

uint64_t HostServices::SampleCount(qbench_split split) const {
  const auto* samples = Find(QBENCH_HOST_SAMPLES, &qbench_host_samples::count);
  return samples != nullptr ? samples->count(host_, split) : 0;
}

const qbench_tensor_info* HostServices::SampleInfo() const {
  const auto* samples = Find(QBENCH_HOST_SAMPLES, &qbench_host_samples::info);
  return samples != nullptr ? samples->info(host_) : nullptr;
}

Status HostServices::ReadSample(qbench_split split, uint64_t index, std::span<float> data,
                                int32_t* label) const {
  const auto* samples = Find(QBENCH_HOST_SAMPLES, &qbench_host_samples::read);
  if (samples == nullptr) return Missing(QBENCH_HOST_SAMPLES);
  const qbench_status status =
      samples->read(host_, split, index, data.data(), data.size_bytes(), label);
  if (status == QBENCH_OK) return OkStatus();
  return Error(FromAbi(status), "the host cannot read sample {}", index);
}

Status HostServices::RunInference(ByteSpan model, qbench_split split, uint64_t first,
                                  uint64_t count, const OnOutputs& on_outputs) const {
  const auto* inference = Find(QBENCH_HOST_INFERENCE, &qbench_host_inference::last_error);
  if (inference == nullptr) return Missing(QBENCH_HOST_INFERENCE);
  InferenceCall call{&on_outputs, {}};
  const qbench_status status =
      inference->run(host_, model.data(), model.size(), split, first, count, &HandOutputs, &call);
  if (!call.failure.ok()) return call.failure;
  if (status == QBENCH_OK) return OkStatus();
  return Error(FromAbi(status), "{}", inference->last_error(host_));
}

bool HostServices::CanFeed() const {
  return Find(QBENCH_HOST_FEED, &qbench_host_feed::run) != nullptr;
}

Status HostServices::RunFed(ByteSpan model, uint64_t count, const OnInput& on_input,
                            const OnOutputs& on_outputs) const {
  const auto* feed = Find(QBENCH_HOST_FEED, &qbench_host_feed::run);
  const auto* inference = Find(QBENCH_HOST_INFERENCE, &qbench_host_inference::last_error);
  if (feed == nullptr || inference == nullptr) return Missing(QBENCH_HOST_FEED);
  InferenceCall call{&on_outputs, {}, &on_input};
  const qbench_status status =
      feed->run(host_, model.data(), model.size(), count, &HandInput, &HandOutputs, &call);
  if (!call.failure.ok()) return call.failure;
  if (!call.input_failure.ok()) return call.input_failure;
  if (status == QBENCH_OK) return OkStatus();
  return Error(FromAbi(status), "{}", inference->last_error(host_));
}

void HostServices::ReleaseInference() const {
  const auto* feed = Find(QBENCH_HOST_FEED, &qbench_host_feed::release);
  if (feed != nullptr) feed->release(host_);
}

std::string HostServices::InferenceRuntime() const {
  const auto* inference = Find(QBENCH_HOST_INFERENCE, &qbench_host_inference::runtime);
  return inference != nullptr ? inference->runtime(host_) : std::string();
}

Status HostServices::EmitModel(ByteSpan model) const {
  return Emit("model", QBENCH_MEDIA_TFLITE, model);
}

Status HostServices::EmitJson(const std::string& name, const std::string& json) const {
  return Emit(name, QBENCH_MEDIA_JSON, AsBytes(json));
}

Status HostServices::Emit(const std::string& name, const char* media_type, ByteSpan bytes) const {
  const auto* emit = Find(QBENCH_HOST_EMIT, &qbench_host_emit::emit);
  if (emit == nullptr) return Missing(QBENCH_HOST_EMIT);
  const qbench_status status =
      emit->emit(host_, name.c_str(), media_type, bytes.data(), bytes.size());
  if (status == QBENCH_OK) return OkStatus();
  return Error(FromAbi(status), "the host does not take \"{}\" ({} bytes)", name, bytes.size());
}

}  // namespace qbench::plugin
