#include "tests/plugins/fake_host.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "graph/tflite/tflite_reader.h"
#include "kernels/interpreter.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::plugin {

// The C functions behind the tables. All host data is the FakeHost.
struct FakeHost::Services {
  static FakeHost& Self(const qbench_host* host) {
    return *static_cast<FakeHost*>(host->host_data);
  }

  static void Log(const qbench_host* host, qbench_log_severity severity, const char* line) {
    if (severity == QBENCH_LOG_WARNING) Self(host).warnings.emplace_back(line);
  }

  static void Report(const qbench_host* host, const char* /*doing*/, uint64_t done,
                     uint64_t /*total*/) {
    Self(host).progress.push_back(done);
  }

  static int32_t Requested(const qbench_host* host) {
    FakeHost& self = Self(host);
    if (self.cancel_after == 0) return 1;
    --self.cancel_after;
    return 0;
  }

  static uint64_t SampleCount(const qbench_host* host, qbench_split split) {
    return split == QBENCH_SPLIT_CALIBRATION ? Self(host).samples.size() : 0;
  }

  static const qbench_tensor_info* SampleInfo(const qbench_host* host) {
    return Self(host).samples.empty() ? nullptr : &Self(host).sample_info_;
  }

  static qbench_status ReadSample(const qbench_host* host, qbench_split split, uint64_t index,
                                  void* data, size_t size, int32_t* label) {
    if (index >= SampleCount(host, split)) return QBENCH_INVALID_ARGUMENT;
    const std::vector<float>& sample = Self(host).samples[index];
    if (size != sample.size() * sizeof(float)) return QBENCH_INVALID_ARGUMENT;
    std::memcpy(data, sample.data(), size);
    if (label != nullptr) *label = 0;
    return QBENCH_OK;
  }

  static qbench_status Fail(FakeHost& self, const Status& status) {
    self.last_error_ = status.message();
    return QBENCH_HOST_ERROR;
  }

  // `fill` writes the input of a sample.
  template <typename Fill>
  static qbench_status RunModel(FakeHost& self, ByteSpan model, uint64_t first, uint64_t count,
                                const Fill& fill, qbench_on_outputs on_outputs, void* user) {
    if (!self.runtime_failure.empty()) {
      self.last_error_ = self.runtime_failure;
      return QBENCH_HOST_ERROR;
    }
    ++self.models_run;
    auto read = graph::ReadTflite(std::make_shared<const Bytes>(model.begin(), model.end()));
    if (!read.ok()) return Fail(self, read.status());
    const auto shared = std::make_shared<const graph::Model>(std::move(*read));
    auto interpreter = kernels::Interpreter::Create(shared);
    if (!interpreter.ok()) return Fail(self, interpreter.status());
    const graph::Graph& graph = shared->graph;
    std::vector<qbench_tensor_view> views;
    for (const graph::TensorId output : graph.outputs) {
      const auto data = interpreter->TensorData(output);
      views.push_back({sizeof(qbench_tensor_view), nullptr, data.data(), data.size()});
    }
    const auto input = interpreter->TensorData(graph.inputs.front());
    for (uint64_t sample = first; sample < first + count; ++sample) {
      const qbench_status status = fill(sample, input.data(), input.size());
      if (status != QBENCH_OK) return status;
      const Status invoked = interpreter->Invoke();
      if (!invoked.ok()) return Fail(self, invoked);
      ++self.samples_run;
      const qbench_status taken =
          on_outputs(user, sample, views.data(), static_cast<uint32_t>(views.size()));
      if (taken != QBENCH_OK) return taken;
    }
    return QBENCH_OK;
  }

  static qbench_status Run(const qbench_host* host, const void* model, size_t model_size,
                           qbench_split split, uint64_t first, uint64_t count,
                           qbench_on_outputs on_outputs, void* user) {
    const auto fill = [&](uint64_t sample, void* data, size_t size) {
      return ReadSample(host, split, sample, data, size, nullptr);
    };
    return RunModel(Self(host), {static_cast<const uint8_t*>(model), model_size}, first, count,
                    fill, on_outputs, user);
  }

  static qbench_status RunFed(const qbench_host* host, const void* model, size_t model_size,
                              uint64_t count, qbench_on_input on_input,
                              qbench_on_outputs on_outputs, void* user) {
    const auto fill = [&](uint64_t index, void* data, size_t size) {
      return on_input(user, index, data, size);
    };
    return RunModel(Self(host), {static_cast<const uint8_t*>(model), model_size}, 0, count, fill,
                    on_outputs, user);
  }

  static void Release(const qbench_host* /*host*/) {}

  static const char* Runtime(const qbench_host* /*host*/) { return "fake 1"; }
  static const char* LastError(const qbench_host* host) { return Self(host).last_error_.c_str(); }

  static qbench_status Emit(const qbench_host* host, const char* name, const char* media_type,
                            const void* data, size_t size) {
    const auto* bytes = static_cast<const uint8_t*>(data);
    const bool added =
        Self(host).emitted.try_emplace(name, Emitted{media_type, {bytes, bytes + size}}).second;
    return added ? QBENCH_OK : QBENCH_INVALID_ARGUMENT;
  }

  static const void* GetExtension(const qbench_host* host, const char* id) {
    static constexpr qbench_host_log kLog = {sizeof(kLog), &Log};
    static constexpr qbench_host_progress kProgress = {sizeof(kProgress), &Report};
    static constexpr qbench_host_cancel kCancel = {sizeof(kCancel), &Requested};
    static constexpr qbench_host_samples kSamples = {sizeof(kSamples), &SampleCount, &SampleInfo,
                                                     &ReadSample};
    static constexpr qbench_host_inference kInference = {sizeof(kInference), &Run, &Runtime,
                                                         &LastError};
    static constexpr qbench_host_feed kFeed = {sizeof(kFeed), &RunFed, &Release};
    static constexpr qbench_host_emit kEmit = {sizeof(kEmit), &Emit};
    static const std::map<std::string, const void*> services = {
        {QBENCH_HOST_LOG, &kLog},
        {QBENCH_HOST_PROGRESS, &kProgress},
        {QBENCH_HOST_CANCEL, &kCancel},
        {QBENCH_HOST_SAMPLES, &kSamples},
        {QBENCH_HOST_INFERENCE, &kInference},
        {QBENCH_HOST_FEED, &kFeed},
        {QBENCH_HOST_EMIT, &kEmit}};
    const auto& missing = Self(host).missing;
    if (std::find(missing.begin(), missing.end(), id) != missing.end()) return nullptr;
    const auto found = services.find(id);
    return found != services.end() ? found->second : nullptr;
  }
};

FakeHost::FakeHost()
    : table_{sizeof(qbench_host),    QBENCH_ABI_MAJOR, QBENCH_ABI_MINOR, this, "fake", "0",
             &Services::GetExtension} {}

void FakeHost::MakeSamples(uint32_t seed, size_t count, const std::vector<int32_t>& shape) {
  std::mt19937 random(seed);
  sample_info_.struct_size = sizeof(qbench_tensor_info);
  sample_info_.type = QBENCH_FLOAT32;
  sample_info_.name = "";
  sample_info_.rank = static_cast<int32_t>(shape.size());
  std::copy(shape.begin(), shape.end(), sample_info_.dims);
  const auto size = static_cast<size_t>(graph::ElementCount(shape));
  samples.clear();
  for (size_t i = 0; i < count; ++i) {
    // Noise between two brightnesses of the sample's own: pure noise would look all alike.
    const auto ends = quantize::RandomFloats(random, 2, 0.0F, 1.0F);
    samples.push_back(quantize::RandomFloats(random, size, ends[0], ends[1]));
  }
}

}  // namespace qbench::plugin
