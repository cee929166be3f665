// A runtime whose results a test can work out by hand: the score of class c is the mean of channel
// c of the input image. Its options make it misreport, so that the harness's checks can be tested.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "graph/tflite/tflite_reader.h"
#include "plugins/support/runtime_plugin.h"

namespace qbench {
namespace {

class FakeRuntime : public plugin::ProfiledRuntime {
 public:
  Status Init(const plugin::Options& options, uint32_t threads) override {
    input_type_ = options.Text("input") == "int8"    ? QBENCH_INT8
                  : options.Text("input") == "uint8" ? QBENCH_UINT8
                                                     : QBENCH_FLOAT32;
    output_int8_ = options.Text("output") == "int8";
    extra_outputs_ = static_cast<int32_t>(options.Integer("extra_outputs"));
    nan_ = options.Flag("nan");
    threads_matter_ = options.Flag("threads_matter");
    fail_at_ = options.Integer("fail_at");
    profile_ = options.Text("profile");
    threads_ = threads;
    if (options.Flag("unsupported")) {
      return Error(StatusCode::kUnsupported, "no kernel for CONV_2D");
    }
    return OkStatus();
  }

  Status Load(ByteSpan model) override {
    if (reinterpret_cast<uintptr_t>(model.data()) % 64 != 0) {
      return Error(StatusCode::kInternal, "the model is not aligned to 64 bytes");
    }
    QB_ASSIGN_OR_RETURN(const graph::TfliteInfo info, graph::InspectTflite(model));
    shape_ = info.inputs.at(0).shape;
    channels_ = shape_.back();
    return OkStatus();
  }

  std::vector<plugin::TensorDescription> Inputs() const override {
    const bool integer = input_type_ != QBENCH_FLOAT32;
    return {{.name = "image",
             .type = input_type_,
             .shape = shape_,
             .scale = integer ? kScale : 0,
             .zero_point = input_type_ == QBENCH_UINT8 ? 128 : 0}};
  }
  std::vector<plugin::TensorDescription> Outputs() const override {
    return {{.name = "scores",
             .type = output_int8_ ? QBENCH_INT8 : QBENCH_FLOAT32,
             .shape = {1, channels_ + extra_outputs_},
             .scale = output_int8_ ? kScale : 0}};
  }

  Status SetInput(uint32_t, ByteSpan data) override {
    input_.resize(data.size() / (input_type_ == QBENCH_FLOAT32 ? sizeof(float) : 1));
    for (size_t i = 0; i < input_.size(); ++i) {
      if (input_type_ == QBENCH_INT8) {
        input_[i] = kScale * static_cast<float>(static_cast<int8_t>(data[i]));
      } else if (input_type_ == QBENCH_UINT8) {
        input_[i] = kScale * static_cast<float>(data[i] - 128);
      } else {
        input_[i] = LoadUnaligned<float>(data.subspan(i * sizeof(float)));
      }
    }
    return OkStatus();
  }

  Status Invoke() override {
    const int64_t invoke = invokes_++;
    if (fail_at_ >= 0 && invoke >= fail_at_) {
      return Error(StatusCode::kInternal, "failed as told");
    }
    const auto channels = static_cast<size_t>(channels_);
    scores_.assign(channels + static_cast<size_t>(extra_outputs_), 0.0F);
    for (size_t i = 0; i < input_.size(); ++i) scores_[i % channels] += input_[i];
    for (float& score : scores_) score /= static_cast<float>(input_.size() / channels);
    if (threads_matter_) scores_[0] += static_cast<float>(threads_) * 1e-6F;
    if (nan_) scores_.back() = std::numeric_limits<float>::quiet_NaN();
    return OkStatus();
  }

  Result<ByteSpan> ViewOutput(uint32_t) override {
    if (!output_int8_) return AsBytes(scores_);
    quantized_.resize(scores_.size());
    for (size_t i = 0; i < scores_.size(); ++i) {
      quantized_[i] = static_cast<uint8_t>(
          static_cast<int8_t>(std::clamp(std::rint(scores_[i] / kScale), -128.0F, 127.0F)));
    }
    return ByteSpan(quantized_);
  }

  Status EnableProfile() override {
    return profile_ == "refused" ? Error(StatusCode::kUnsupported, "no profile, as told")
                                 : OkStatus();
  }
  // The model's one operator (MEAN), in two steps, and a step that belongs to no operator.
  Result<std::vector<plugin::ProfileEvent>> ProfileEvents() override {
    if (profile_ == "beyond") return std::vector<plugin::ProfileEvent>{{7, -1, "MEAN", 1000}};
    if (profile_ == "no_operator") return std::vector<plugin::ProfileEvent>{{-1, -1, "Copy", 1000}};
    // 30, 10, 20, 30, … microseconds: the median of 3 n invokes is 20.
    const std::array<uint64_t, 3> times = {20000, 30000, 10000};
    std::vector<plugin::ProfileEvent> events = {
        {0, 0, "Mean (ND)", times.at(static_cast<size_t>(invokes_ % 3))},
        {0, 0, "Divide (ND)", 2000},
        {-1, -1, "Copy", 5000}};
    if (profile_ == "changing" && invokes_ % 2 == 0) events.pop_back();
    return events;
  }
  uint64_t ProfileResolutionNs() const override { return 1000; }
  const char* DelegateName() const override { return "FAKE"; }

  plugin::Facts DescribeFacts() const override {
    return {{"threads", std::to_string(threads_)},
            {"engine", "arithmetic mean"},
            {"library_version", "7.5"}};
  }

 private:
  static constexpr float kScale = 1.0F / 64;

  qbench_type input_type_ = QBENCH_FLOAT32;
  bool output_int8_ = false;
  bool nan_ = false;
  bool threads_matter_ = false;
  int32_t extra_outputs_ = 0;
  int64_t fail_at_ = -1;
  std::string profile_;
  int64_t invokes_ = 0;
  uint32_t threads_ = 0;
  graph::Shape shape_;
  int32_t channels_ = 0;
  std::vector<float> input_;
  std::vector<float> scores_;
  Bytes quantized_;
};

}  // namespace

const std::vector<plugin::RuntimeInfo>& plugin::RegisteredRuntimes() {
  static const std::vector<RuntimeInfo> runtimes = {
      {.id = "fake_runtime",
       .summary = "the mean of each channel",
       .options = {Option("input", "float32", "float32|int8|uint8", "type of the input"),
                   Option("output", "float32", "float32|int8", "type of the output"),
                   Option("extra_outputs", "0", "0..100", "outputs that no channel has"),
                   Option("nan", "false", "true|false", "answer with a NaN"),
                   Option("threads_matter", "false", "true|false",
                          "give other outputs with another number of threads"),
                   Option("unsupported", "false", "true|false", "refuse every model"),
                   Option("fail_at", "-1", "-1..1000", "the invoke that fails"),
                   Option("profile", "planted", "planted|refused|beyond|no_operator|changing",
                          "where the time goes")},
       .make = []() -> std::unique_ptr<Runtime> { return std::make_unique<FakeRuntime>(); }},
      {.id = "absent_runtime",
       .summary = "is never there",
       .options = {},
       .make = []() -> std::unique_ptr<Runtime> { return std::make_unique<FakeRuntime>(); },
       .probe =
           [] { return Error(StatusCode::kNotFound, "libabsent.so: install it with absent"); }}};
  return runtimes;
}

}  // namespace qbench

QBENCH_DEFINE_RUNTIME_PLUGIN
