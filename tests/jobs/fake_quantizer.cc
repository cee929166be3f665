// A quantizer that emits the model as it is, and beside it what the host's services gave it, for a
// test to look at: samples and labels in their order, and the outputs of the model on them.
#include <cstring>

#include "base/json.h"
#include "plugins/support/quantizer_plugin.h"

namespace qbench {
namespace {

Json ReadSamples(const plugin::HostServices& host, qbench_split split, Status& status) {
  Json samples = Json::array();
  const qbench_tensor_info* info = host.SampleInfo();
  if (info == nullptr) return samples;
  size_t elements = 1;
  for (int32_t i = 0; i < info->rank; ++i) elements *= static_cast<size_t>(info->dims[i]);
  std::vector<float> values(elements);
  for (uint64_t i = 0; i < host.SampleCount(split) && status.ok(); ++i) {
    int32_t label = -2;
    status = host.ReadSample(split, i, values, &label);
    samples.push_back({{"label", label}, {"first", values.front()}});
  }
  return samples;
}

class FakeQuantizer : public plugin::Quantizer {
 public:
  Status Init(const plugin::Options& options) override {
    bad_model_ = options.Flag("bad_model");
    emit_ = options.Text("emit");
    fail_input_ = options.Integer("fail_input");
    return OkStatus();
  }

  Status Quantize(ByteSpan model, const plugin::HostServices& host) override {
    Status status;
    Json seen;
    seen["calibration"] = ReadSamples(host, QBENCH_SPLIT_CALIBRATION, status);
    QB_RETURN_IF_ERROR(status);
    seen["train"] = ReadSamples(host, QBENCH_SPLIT_TRAIN, status);
    QB_RETURN_IF_ERROR(status);
    if (!host.InferenceRuntime().empty()) {
      QB_RETURN_IF_ERROR(Infer(model, host, seen["outputs"]));
      QB_RETURN_IF_ERROR(Feed(model, host, seen["fed"]));
      host.ReleaseInference();
    }
    host.Warn("this is only a test");
    if (emit_ == "nothing") return OkStatus();
    QB_RETURN_IF_ERROR(host.EmitJson("seen", DumpJson(seen)));
    if (emit_ == "rubbish") return host.EmitModel(AsBytes(std::string_view("not a model at all")));
    QB_RETURN_IF_ERROR(host.EmitModel(model));
    return emit_ == "twice" ? host.EmitModel(model) : OkStatus();
  }

 private:
  // In two batches, as a quantizer that cannot keep all outputs does.
  Status Infer(ByteSpan model, const plugin::HostServices& host, Json& outputs) const {
    const ByteSpan wrong = AsBytes(std::string_view("not a model at all"));
    outputs = Json::array();
    const uint64_t count = host.SampleCount(QBENCH_SPLIT_CALIBRATION);
    if (count == 0) return OkStatus();
    const auto keep = [&](uint64_t sample, std::span<const qbench_tensor_view> views) {
      const auto* scores = static_cast<const float*>(views[0].data);
      outputs.push_back({{"sample", sample}, {"score", scores[0]}, {"bytes", views[0].size}});
      return OkStatus();
    };
    const ByteSpan used = bad_model_ ? wrong : model;
    QB_RETURN_IF_ERROR(host.RunInference(used, QBENCH_SPLIT_CALIBRATION, 0, count / 2, keep));
    return host.RunInference(used, QBENCH_SPLIT_CALIBRATION, count / 2, count - count / 2, keep);
  }

  // Ten inputs of its own, in each of which all values are the input's index.
  Status Feed(ByteSpan model, const plugin::HostServices& host, Json& outputs) const {
    if (!host.CanFeed()) return Error(StatusCode::kCrashed, "the host cannot feed");
    outputs = Json::array();
    const auto write = [&](uint64_t index, std::span<uint8_t> data) -> Status {
      if (static_cast<int64_t>(index) == fail_input_) {
        return Error(StatusCode::kUnsupported, "no input {}", index);
      }
      const std::vector<float> values(data.size() / sizeof(float), static_cast<float>(index));
      std::memcpy(data.data(), values.data(), data.size());
      return OkStatus();
    };
    const auto keep = [&](uint64_t index, std::span<const qbench_tensor_view> views) {
      const auto* scores = static_cast<const float*>(views[0].data);
      outputs.push_back({{"input", index}, {"score", scores[0]}});
      return OkStatus();
    };
    return host.RunFed(model, 10, write, keep);
  }

  bool bad_model_ = false;
  int64_t fail_input_ = -1;
  std::string emit_;
};

}  // namespace

const std::vector<plugin::QuantizerInfo>& plugin::RegisteredQuantizers() {
  static const std::vector<QuantizerInfo> quantizers = {
      {.id = "fake_quantizer",
       .summary = "emits what it saw",
       .options = {Option("bad_model", "false", "true|false", "run inference on rubbish"),
                   Option("fail_input", "-1", "-1..9", "the input that it cannot feed"),
                   Option("emit", "model", "model|nothing|rubbish|twice", "what is emitted")},
       .needs_samples = true,
       .make = []() -> std::unique_ptr<Quantizer> { return std::make_unique<FakeQuantizer>(); }},
      {.id = "fake_trainer",
       .summary = "the same, of training images alone",
       .options = {Option("bad_model", "false", "true|false", "run inference on rubbish"),
                   Option("fail_input", "-1", "-1..9", "the input that it cannot feed"),
                   Option("emit", "model", "model|nothing|rubbish|twice", "what is emitted")},
       .needs_train = true,
       .make = []() -> std::unique_ptr<Quantizer> { return std::make_unique<FakeQuantizer>(); }}};
  return quantizers;
}

}  // namespace qbench

QBENCH_DEFINE_QUANTIZER_PLUGIN
