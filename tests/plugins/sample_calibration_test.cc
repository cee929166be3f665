#include "plugins/quantizers/full_integer/sample_calibration.h"

#include <limits>
#include <vector>

#include "gmock/gmock.h"
#include "tests/plugins/fake_host.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using ::testing::HasSubstr;

constexpr size_t kSamples = 7;

// The tiny classifier behind three more layers, of which each can be a stage.
graph::Model Deeper() {
  ModelBuilder builder(3);
  graph::TensorId last = builder.Input({1, 16, 16, 3});
  for (const int32_t channels : {8, 4, 6}) last = builder.Conv(last, channels, 3);
  last = builder.Pool(graph::OpKind::kMaxPool2D, last);
  last = builder.Binary(graph::OpKind::kAdd, last, builder.Depthwise(last, 3));
  return builder.Finish({builder.Dense(builder.Flatten(last), 5)});
}

struct Outcome {
  Result<CalibratedRanges> calibrated;
  uint64_t models_run = 0;
  std::vector<uint64_t> progress;
};

Outcome Measure(const CalibrationOptions& options, const std::vector<std::string>& missing = {}) {
  plugin::FakeHost host;
  host.MakeSamples(11, kSamples, {1, 16, 16, 3});
  host.missing = missing;
  const LayerInputsOptions layers{.means = true, .moments = true};
  Outcome outcome{Calibrate(Deeper(), options, layers, plugin::HostServices(host.host())), 0, {}};
  outcome.models_run = host.models_run;
  outcome.progress = host.progress;
  return outcome;
}

CalibrationOptions Options(CalibrationMethod method) {
  return {.method = method, .images = kSamples};
}

TEST(SampleCalibration, StagesAndBatchesChangeNothing) {
  for (const auto method : {CalibrationMethod::kMinMax, CalibrationMethod::kMovingAverage,
                            CalibrationMethod::kMse, CalibrationMethod::kEntropy}) {
    SCOPED_TRACE(static_cast<int>(method));
    const Outcome whole = Measure(Options(method));
    ASSERT_TRUE(whole.calibrated.ok()) << whole.calibrated.status().message();
    ASSERT_EQ(whole.models_run, 1U);
    for (const int64_t file_bytes : {int64_t{1} << 30, int64_t{20000}, int64_t{0}}) {
      SCOPED_TRACE(file_bytes);
      CalibrationOptions options = Options(method);
      options.most_stage_bytes = 0;
      options.most_file_bytes = file_bytes;
      const Outcome staged = Measure(options);
      ASSERT_TRUE(staged.calibrated.ok()) << staged.calibrated.status().message();
      EXPECT_GE(staged.models_run, file_bytes == 0 ? 4 * kSamples : 4U);
      EXPECT_EQ(staged.calibrated->ranges, whole.calibrated->ranges);
      ASSERT_EQ(staged.calibrated->layer_inputs.size(), whole.calibrated->layer_inputs.size());
      for (size_t i = 0; i < whole.calibrated->layer_inputs.size(); ++i) {
        const LayerInputs& expected = whole.calibrated->layer_inputs[i];
        const LayerInputs& actual = staged.calibrated->layer_inputs[i];
        EXPECT_EQ(actual.means, expected.means) << i;
        EXPECT_EQ(actual.moments.sums, expected.moments.sums) << i;
        EXPECT_EQ(actual.moments.vectors, expected.moments.vectors) << i;
      }
      EXPECT_EQ(staged.calibrated->samples, kSamples);
    }
  }
}

TEST(SampleCalibration, ProgressCountsEveryStageOnce) {
  CalibrationOptions options = Options(CalibrationMethod::kMinMax);
  options.most_stage_bytes = 0;
  const Outcome staged = Measure(options);
  ASSERT_TRUE(staged.calibrated.ok());
  ASSERT_EQ(staged.progress.size(), kSamples * staged.models_run);
  for (size_t i = 0; i < staged.progress.size(); ++i) EXPECT_EQ(staged.progress[i], i + 1);
}

TEST(SampleCalibration, HostThatCannotBeFedRunsTheWholeModel) {
  CalibrationOptions options = Options(CalibrationMethod::kMinMax);
  options.most_stage_bytes = 0;
  const Outcome whole = Measure(options, {QBENCH_HOST_FEED});
  ASSERT_TRUE(whole.calibrated.ok()) << whole.calibrated.status().message();
  EXPECT_EQ(whole.models_run, 1U);
}

TEST(SampleCalibration, LaterStageThatIsNotFiniteNamesTensorAndSample) {
  plugin::FakeHost host;
  host.MakeSamples(11, kSamples, {1, 16, 16, 3});
  ModelBuilder builder(3);
  const graph::TensorId conv = builder.Conv(builder.Input({1, 16, 16, 3}), 3, 3);
  const graph::TensorId depthwise = builder.Depthwise(conv, 3);
  graph::Model model = builder.Finish({depthwise});
  graph::Tensor& weights = model.graph.tensors[static_cast<size_t>(model.graph.ops[1].inputs[1])];
  weights.constant =
      graph::MakeConstant(std::vector<float>(27, std::numeric_limits<float>::quiet_NaN()));
  CalibrationOptions options = Options(CalibrationMethod::kMinMax);
  options.most_stage_bytes = 0;
  const auto calibrated = Calibrate(model, options, {}, plugin::HostServices(host.host()));
  EXPECT_EQ(host.models_run, 2U);
  EXPECT_EQ(calibrated.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(calibrated.status().message(), HasSubstr("calibration sample 0"));
  EXPECT_THAT(calibrated.status().message(),
              HasSubstr(model.graph.tensors[static_cast<size_t>(depthwise)].name));
}

}  // namespace
}  // namespace qbench::quantize
