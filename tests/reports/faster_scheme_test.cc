#include "reports/faster_scheme.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/run_explanations.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Gives a cell three processes whose medians lie around `ms`, and a profile.
void SetLatency(store::RunData* run, size_t cell, double ms, double spread = 0.002) {
  int process = 0;
  for (auto& measurement : run->cells[cell].measurements) {
    if (measurement.kind != store::MeasurementKind::kLatency) continue;
    const double factor = 1 + spread * (process++ - 1);
    for (double& ns : measurement.samples_ns) ns = ms * factor * 1e6;
  }
  store::Measurement profile;
  profile.kind = store::MeasurementKind::kProfile;
  profile.conditions = {{"delegate", "XNNPACK"}};
  profile.operators = {{.op = 0,
                        .kind = "CONV_2D",
                        .name = "conv",
                        .input_type = "int8",
                        .weight_type = "int8",
                        .output_type = "int8",
                        .partition = 0,
                        .median_us = ms * 1e3,
                        .macs = 10'000'000}};
  profile.samples_ns = {ms * 1e6};
  run->cells[cell].measurements.push_back(profile);
}

// float, int8 and two more, all right on the same images.
store::RunData RunOf(double int8_ms, double dynamic_ms, double weight_only_ms) {
  store::SampleRunOptions options;
  options.quantizers = {"float", "int8", "dynamic", "weight_only"};
  store::RunData run = store::LoadSampleRun(options);
  const std::vector<double> ms = {1.0, int8_ms, dynamic_ms, weight_only_ms};
  const auto& images = run.splits.begin()->second.images;
  for (size_t cell = 0; cell < ms.size(); ++cell) {
    SetLatency(&run, cell, ms[cell]);
    for (auto& measurement : run.cells[cell].measurements) {
      for (size_t i = 0; i < measurement.predictions.size(); ++i) {
        measurement.predictions[i] = images[i].label;
      }
    }
  }
  return run;
}

std::string Named(const store::RunData& data, size_t cell = 1) {
  const RunView run(data);
  const auto found = FindFasterScheme(run, run.variants[cell]);
  return found ? found->variant->quantizer : "";
}

TEST(FasterScheme, IsTheQuickestThatMeasurementTellsApart) {
  EXPECT_EQ(Named(RunOf(2.0, 0.8, 1.0)), "dynamic");
  EXPECT_EQ(Named(RunOf(2.0, 1.2, 1.0)), "weight_only");
  // Within the floor: no news.
  EXPECT_EQ(Named(RunOf(2.0, 1.99, 2.1)), "");
  // Float itself is none.
  EXPECT_EQ(Named(RunOf(2.0, 2.0, 2.0)), "");
}

TEST(FasterScheme, IsNeitherNoisyNorInvalidNorWrong) {
  store::RunData noisy = RunOf(2.0, 0.8, 1.0);
  SetLatency(&noisy, 2, 0.8, 0.3);
  EXPECT_EQ(Named(noisy), "weight_only");
  store::RunData invalid = RunOf(2.0, 0.8, 1.0);
  invalid.cells[2].cell.latency_status = store::Outcome::kInvalid;
  EXPECT_EQ(Named(invalid), "weight_only");
  store::RunData wrong = RunOf(2.0, 0.8, 1.0);
  for (auto& measurement : wrong.cells[2].measurements) {
    for (int32_t& prediction : measurement.predictions) prediction = (prediction + 1) % 6;
  }
  EXPECT_EQ(Named(wrong), "weight_only");
}

TEST(FasterScheme, StandsInTheExplanationOfAVariantSlowerThanFloat) {
  const store::RunData data = RunOf(2.0, 0.8, 1.0);
  const RunView run(data);
  const auto explained = ExplainRun(run);
  ASSERT_EQ(explained.size(), 3U);
  EXPECT_THAT(explained[0].explanation.paragraph,
              HasSubstr(" Faster on the same runtime: dynamic, 2.50× as fast as int8 (0.800 ms "
                        "against 2.00 ms; 90 % interval 2.49–2.51)."));
  // Not slower than float: nothing to mend.
  EXPECT_THAT(explained[2].explanation.paragraph, Not(HasSubstr("Faster on the same")));
}

}  // namespace
}  // namespace qbench::reports
