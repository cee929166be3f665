#include "harness/host/plugin_host.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <string_view>

#include "harness/host/plugin_calls.h"

namespace qbench::host {
namespace {

// While a service runs, what crashes is the host or the runtime that it calls, not the plugin.
class InsideHost {
 public:
  explicit InsideHost(CallObserver* observer) : observer_(observer) {
    if (observer_ != nullptr) observer_->Enter("qbench", Phase::kNone);
  }
  InsideHost(const InsideHost&) = delete;
  InsideHost& operator=(const InsideHost&) = delete;
  ~InsideHost() {
    if (observer_ != nullptr) observer_->Leave();
  }

 private:
  CallObserver* observer_;
};

qbench_status ToAbi(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return QBENCH_OK;
    case StatusCode::kInvalidArgument:
      return QBENCH_INVALID_ARGUMENT;
    case StatusCode::kCancelled:
      return QBENCH_CANCELLED;
    default:
      return QBENCH_HOST_ERROR;
  }
}

qbench_tensor_info ToAbi(const TensorInfo& tensor) {
  qbench_tensor_info info = {};
  info.struct_size = sizeof(info);
  info.type = tensor.type;
  info.name = tensor.name.c_str();
  info.rank = static_cast<int32_t>(tensor.dims.size());
  std::copy(tensor.dims.begin(), tensor.dims.end(), info.dims);
  info.scale = tensor.scale;
  info.zero_point = tensor.zero_point;
  return info;
}

PluginHost& Self(const qbench_host* host) { return *static_cast<PluginHost*>(host->host_data); }

// Runs `function`, which returns a T; an exception (memory, above all) becomes `otherwise`.
template <typename T, typename Function>
T NoThrow(T otherwise, Function&& function) noexcept {
  try {
    return function();
  } catch (...) {
    return otherwise;
  }
}

}  // namespace

// The C functions of the services' tables.
struct HostThunks {
  // What a service answers, noted where it is a failure.
  template <typename Function>
  static qbench_status Answer(const qbench_host* host, Function&& function) {
    const auto status = NoThrow(qbench_status{QBENCH_HOST_ERROR}, function);
    if (status != QBENCH_OK) Self(host).service_failed_ = true;
    return status;
  }

  static const void* GetExtension(const qbench_host* host, const char* id) {
    const void* service = id == nullptr ? nullptr : Self(host).Extension(id);
    if (service == nullptr) Self(host).service_failed_ = true;
    return service;
  }

  static void Log(const qbench_host* host, qbench_log_severity severity, const char* line) {
    NoThrow(0, [&] {
      Self(host).Log(severity, line);
      return 0;
    });
  }

  static void Report(const qbench_host* host, const char* doing, uint64_t done, uint64_t total) {
    NoThrow(0, [&] {
      Self(host).callbacks_.progress(OneLine(doing), done, total);
      return 0;
    });
  }

  static int32_t CancelRequested(const qbench_host* host) {
    return NoThrow(0, [&] { return Self(host).callbacks_.cancelled() ? 1 : 0; });
  }

  static uint64_t SampleCount(const qbench_host* host, qbench_split split) {
    const InsideHost inside(Self(host).observer_);
    const SampleSource* samples = Self(host).Samples(split);
    return samples == nullptr ? 0 : samples->count();
  }

  static const qbench_tensor_info* SampleInfo(const qbench_host* host) {
    const InsideHost inside(Self(host).observer_);
    const PluginHost& self = Self(host);
    return self.calibration_ == nullptr && self.train_ == nullptr ? nullptr : &self.sample_info_;
  }

  static qbench_status ReadSample(const qbench_host* host, qbench_split split, uint64_t index,
                                  void* data, size_t size, int32_t* label) {
    const InsideHost inside(Self(host).observer_);
    return Answer(host, [&] { return Self(host).ReadSample(split, index, data, size, label); });
  }

  static qbench_status RunInference(const qbench_host* host, const void* model, size_t model_size,
                                    qbench_split split, uint64_t first, uint64_t count,
                                    qbench_on_outputs on_outputs, void* user) {
    const InsideHost inside(Self(host).observer_);
    return Answer(host, [&] {
      return Self(host).RunInference({static_cast<const uint8_t*>(model), model_size}, split, first,
                                     count, on_outputs, user);
    });
  }

  static qbench_status RunFed(const qbench_host* host, const void* model, size_t model_size,
                              uint64_t count, qbench_on_input on_input,
                              qbench_on_outputs on_outputs, void* user) {
    const InsideHost inside(Self(host).observer_);
    return Answer(host, [&] {
      return Self(host).RunFed({static_cast<const uint8_t*>(model), model_size}, count, on_input,
                               on_outputs, user);
    });
  }

  static void Release(const qbench_host* host) {
    const InsideHost inside(Self(host).observer_);
    Self(host).inference_->Release();
  }

  static const char* InferenceRuntime(const qbench_host* host) {
    return Self(host).inference_->runtime().c_str();
  }

  static const char* InferenceError(const qbench_host* host) {
    return Self(host).inference_error_.c_str();
  }

  static qbench_status Emit(const qbench_host* host, const char* name, const char* media_type,
                            const void* data, size_t size) {
    const InsideHost inside(Self(host).observer_);
    return Answer(host, [&] {
      return Self(host).Emit(name, media_type, {static_cast<const uint8_t*>(data), size});
    });
  }
};

PluginHost::PluginHost(std::string plugin, HostCallbacks callbacks, CallObserver* observer)
    : plugin_(std::move(plugin)),
      callbacks_(std::move(callbacks)),
      observer_(observer),
      host_(),
      sample_info_() {
  host_.struct_size = sizeof(host_);
  host_.abi_major = QBENCH_ABI_MAJOR;
  host_.abi_minor = QBENCH_ABI_MINOR;
  host_.host_data = this;
  host_.name = "qbench";
  host_.version = QBENCH_VERSION;
  host_.get_extension = HostThunks::GetExtension;
}

void PluginHost::OfferSamples(const SampleSource* calibration, const SampleSource* train) {
  calibration_ = calibration;
  train_ = train;
  const SampleSource* any = calibration != nullptr ? calibration : train;
  if (any != nullptr) sample_info_ = ToAbi(any->info());
}

const void* PluginHost::Extension(std::string_view id) const {
  static constexpr qbench_host_log kLog = {sizeof(kLog), HostThunks::Log};
  static constexpr qbench_host_progress kProgress = {sizeof(kProgress), HostThunks::Report};
  static constexpr qbench_host_cancel kCancel = {sizeof(kCancel), HostThunks::CancelRequested};
  static constexpr qbench_host_samples kSamples = {sizeof(kSamples), HostThunks::SampleCount,
                                                   HostThunks::SampleInfo, HostThunks::ReadSample};
  static constexpr qbench_host_inference kInference = {sizeof(kInference), HostThunks::RunInference,
                                                       HostThunks::InferenceRuntime,
                                                       HostThunks::InferenceError};
  static constexpr qbench_host_feed kFeed = {sizeof(kFeed), HostThunks::RunFed,
                                             HostThunks::Release};
  static constexpr qbench_host_emit kEmit = {sizeof(kEmit), HostThunks::Emit};
  if (id == QBENCH_HOST_LOG) return &kLog;
  if (id == QBENCH_HOST_PROGRESS) return &kProgress;
  if (id == QBENCH_HOST_CANCEL) return &kCancel;
  const bool has_samples = calibration_ != nullptr || train_ != nullptr;
  if (id == QBENCH_HOST_SAMPLES && has_samples) return &kSamples;
  if (id == QBENCH_HOST_INFERENCE && has_samples && inference_ != nullptr) return &kInference;
  if (id == QBENCH_HOST_FEED && inference_ != nullptr) return &kFeed;
  if (id == QBENCH_HOST_EMIT && folder_ != nullptr) return &kEmit;
  return nullptr;
}

void PluginHost::Log(int severity, const char* line) {
  const std::string text = OneLine(line);
  if (severity >= QBENCH_LOG_WARNING) {
    const std::lock_guard lock(mutex_);
    warnings_.Add(text);
  }
  callbacks_.log(severity, text);
}

std::vector<std::string> PluginHost::warnings() const {
  const std::lock_guard lock(mutex_);
  return warnings_.lines();
}

void PluginHost::SetServiceError(const std::string& text) {
  const std::lock_guard lock(mutex_);
  service_error_ = text;
}

std::string PluginHost::last_service_error() const {
  const std::lock_guard lock(mutex_);
  return service_error_;
}

const SampleSource* PluginHost::Samples(qbench_split split) const {
  if (split == QBENCH_SPLIT_CALIBRATION) return calibration_;
  if (split == QBENCH_SPLIT_TRAIN) return train_;
  return nullptr;
}

qbench_status PluginHost::ReadSample(qbench_split split, uint64_t index, void* data, size_t size,
                                     int32_t* label) {
  const SampleSource* samples = Samples(split);
  if (samples == nullptr || index >= samples->count() || data == nullptr ||
      size != samples->info().ByteSize()) {
    return QBENCH_INVALID_ARGUMENT;
  }
  if (reinterpret_cast<uintptr_t>(data) % alignof(float) == 0) {
    samples->Read(index, static_cast<float*>(data));
  } else {
    std::vector<float> aligned(samples->info().ElementCount());
    samples->Read(index, aligned.data());
    std::memcpy(data, aligned.data(), size);
  }
  if (label != nullptr) *label = samples->Label(index);
  return QBENCH_OK;
}

qbench_status PluginHost::RunInference(ByteSpan model, qbench_split split, uint64_t first,
                                       uint64_t count, qbench_on_outputs on_outputs, void* user) {
  inference_error_.clear();
  const SampleSource* samples = Samples(split);
  if (samples == nullptr || model.data() == nullptr || on_outputs == nullptr) {
    inference_error_ = "there are no such samples, or the model or the callback is null";
    return QBENCH_INVALID_ARGUMENT;
  }
  std::atomic<qbench_status> ended{QBENCH_OK};
  const auto run = [&](const RuntimePool::Deliver& deliver) {
    return inference_->Run(model, *samples, first, count, deliver, callbacks_.cancelled);
  };
  return HandOutputs(run, on_outputs, user, ended);
}

qbench_status PluginHost::RunFed(ByteSpan model, uint64_t count, qbench_on_input on_input,
                                 qbench_on_outputs on_outputs, void* user) {
  inference_error_.clear();
  if (model.data() == nullptr || on_input == nullptr || on_outputs == nullptr) {
    inference_error_ = "the model or a callback is null";
    return QBENCH_INVALID_ARGUMENT;
  }
  std::atomic<qbench_status> ended{QBENCH_OK};
  const auto fill = [&](uint64_t index, std::span<uint8_t> input) {
    qbench_status code = QBENCH_INTERNAL;
    QB_RETURN_IF_ERROR(CallUnchecked(observer_, plugin_, Phase::kQuantize, code, [&] {
      return on_input(user, index, input.data(), input.size());
    }));
    if (code == QBENCH_OK) return OkStatus();
    ended = code;
    return Error(StatusCode::kCancelled, "ended by the plugin");
  };
  const auto run = [&](const RuntimePool::Deliver& deliver) {
    return inference_->RunOn(model, count, fill, deliver, callbacks_.cancelled);
  };
  return HandOutputs(run, on_outputs, user, ended);
}

qbench_status PluginHost::HandOutputs(const std::function<Status(const RuntimePool::Deliver&)>& run,
                                      qbench_on_outputs on_outputs, void* user,
                                      std::atomic<qbench_status>& ended) {
  std::vector<qbench_tensor_info> infos;
  std::vector<qbench_tensor_view> views;
  const auto deliver = [&](uint64_t index, std::span<const ByteSpan> outputs) {
    if (infos.empty()) {
      for (const TensorInfo& info : inference_->outputs()) infos.push_back(ToAbi(info));
      views.resize(infos.size());
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      views[i] = {sizeof(qbench_tensor_view), &infos[i], outputs[i].data(), outputs[i].size()};
    }
    qbench_status code = QBENCH_INTERNAL;
    const Status status = CallUnchecked(observer_, plugin_, Phase::kQuantize, code, [&] {
      return on_outputs(user, index, views.data(), static_cast<uint32_t>(views.size()));
    });
    if (!status.ok()) {  // it threw
      SetServiceError(status.message());
      code = QBENCH_HOST_ERROR;
    }
    if (code == QBENCH_OK) return OkStatus();
    ended = code;
    return Error(StatusCode::kCancelled, "ended by the plugin");
  };
  const Status status = run(deliver);
  // What the plugin's own callback returned is handed back as it is; it is not an error of ours.
  if (ended != QBENCH_OK) return ended;
  if (status.ok()) return QBENCH_OK;
  inference_error_ = status.message();
  qbench_status code = ToAbi(status.code());
  // A runtime that stops though nobody asked has failed.
  if (code == QBENCH_CANCELLED && !callbacks_.cancelled()) {
    inference_error_ += ", though nobody asked";
    code = QBENCH_HOST_ERROR;
  }
  if (code == QBENCH_HOST_ERROR) {
    SetServiceError(fmt::format("the calibration runtime ({}) failed: {}", inference_->runtime(),
                                inference_error_));
  }
  return code;
}

qbench_status PluginHost::Emit(const char* name, const char* media_type, ByteSpan bytes) {
  if (name == nullptr || media_type == nullptr || bytes.data() == nullptr) {
    SetServiceError("emit was called with a null pointer");
    return QBENCH_INVALID_ARGUMENT;
  }
  const Status status = folder_->Emit(OneLine(name), OneLine(media_type), bytes);
  if (status.ok()) return QBENCH_OK;
  SetServiceError(status.message());
  callbacks_.log(QBENCH_LOG_ERROR, status.message());
  return status.code() == StatusCode::kInvalidArgument || status.code() == StatusCode::kCorrupt
             ? QBENCH_INVALID_ARGUMENT
             : QBENCH_HOST_ERROR;
}

}  // namespace qbench::host
