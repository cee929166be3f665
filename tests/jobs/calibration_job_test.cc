// Calibration through the host's own services: however many objects of a runtime share the work,
// and in whatever pieces a model is run, the artifact has the same bytes.
#include <algorithm>
#include <random>

#include "gmock/gmock.h"
#include "tests/jobs/worker_fixture.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::jobs {
namespace {

using ::testing::HasSubstr;

class CalibrationJob : public WorkerTest, public ::testing::WithParamInterface<const char*> {
 protected:
  SamplesRef WriteImages(size_t count) {
    std::mt19937 random(5);
    std::vector<FakeImage> images;
    for (size_t i = 0; i < count; ++i) {
      FakeImage image;
      image.label = static_cast<int32_t>(i % 3);
      for (size_t c = 0; c < kChannels; ++c) {
        image.rgb.push_back(static_cast<uint8_t>(random() % 256));
      }
      images.push_back(image);
    }
    return WriteTensors("calibration.tensors", images);
  }

  static PluginUse Plugin(const std::string& id) {
    return {kBuild / "lib/qbench/plugins" / (id + ".so"), id, {}};
  }

  void SetUp() override {
    WorkerTest::SetUp();
    const JobOutcome probe = Run(ProbeJob{Plugin(GetParam()).file});
    ASSERT_TRUE(probe.ok()) << probe.reason;
    const auto& runtime = std::get<ProbeResult>(probe.result).plugins.at(0);
    if (!runtime.available) GTEST_SKIP() << runtime.reason;
  }

  QuantizeResult Quantize(const graph::Model& model, const SamplesRef& samples, int instances) {
    const Result<Bytes> bytes = graph::WriteTflite(model);
    EXPECT_TRUE(bytes.ok()) << bytes.status().message();
    EXPECT_TRUE(WriteFileAtomically(Path("float.tflite"), *bytes).ok());
    QuantizeJob job{.model = Path("float.tflite"),
                    .quantizer = Plugin("int8"),
                    .calibration_runtime = Plugin(GetParam()),
                    .instances = instances,
                    .output = Path("artifact" + std::to_string(++jobs_))};
    job.calibration = samples;
    const JobOutcome outcome = Run(job);
    EXPECT_TRUE(outcome.ok()) << outcome.reason;
    if (!outcome.ok()) return {};
    const auto& result = std::get<QuantizeResult>(outcome.result);
    EXPECT_THAT(result.calibration_runtime, HasSubstr(GetParam()));
    return result;
  }

  // Artifact and ranges, one behind the other.
  static Bytes Content(const QuantizeResult& result) {
    Result<Bytes> all = ReadFile(result.artifact);
    EXPECT_TRUE(all.ok()) << all.status().message();
    if (!all.ok()) return {};
    for (const auto& entry : result.entries) {
      const Result<Bytes> content = ReadFile(entry.file);
      EXPECT_TRUE(content.ok());
      all->insert(all->end(), content->begin(), content->end());
    }
    return *all;
  }

  void ExpectSameBytes(const graph::Model& model, const SamplesRef& samples) {
    const Bytes alone = Content(Quantize(model, samples, 1));
    ASSERT_FALSE(alone.empty());
    for (const int instances : {2, 5}) {
      EXPECT_TRUE(Content(Quantize(model, samples, instances)) == alone) << instances;
    }
  }

 private:
  int jobs_ = 0;
};

constexpr uint64_t kWideBytes = 60000 * 4 * 4 * sizeof(float);

// `layers` activations of kWideBytes each.
graph::Model WideModel(int layers) {
  quantize::ModelBuilder builder(1);
  graph::TensorId last = builder.Conv(builder.Input({1, 4, 4, 3}), 60000, 1);
  for (int i = 1; i < layers; ++i) last = builder.Unary(graph::OpKind::kRelu, last);
  last = builder.Conv(last, 4, 1, graph::Activation::kNone);
  return builder.Finish({builder.Dense(builder.Flatten(last), 3)});
}

INSTANTIATE_TEST_SUITE_P(On, CalibrationJob, ::testing::Values("reference", "litert"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(CalibrationJob, AnyNumberOfObjectsGivesTheSameBytes) {
  quantize::ModelBuilder builder(1);
  graph::TensorId last = builder.Conv(builder.Input({1, kSide, kSide, kChannels}), 8, 3);
  last = builder.Binary(graph::OpKind::kAdd, last, builder.Depthwise(last, 3));
  last = builder.Conv(last, 16, 1, graph::Activation::kNone);
  const graph::Model model = builder.Finish({builder.Dense(builder.Flatten(last), kChannels)});
  ExpectSameBytes(model, WriteImages(31));
}

TEST_P(CalibrationJob, SoItIsInStages) {
  // More activations than calibration has in memory at a time.
  ExpectSameBytes(WideModel(8), WriteImages(5));
}

TEST_P(CalibrationJob, MemoryDoesNotGrowWithTheNumberOfLayers) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the address sanitizer keeps what is freed";
#endif
  const SamplesRef samples = WriteImages(3);
  const uint64_t small = Quantize(WideModel(8), samples, 1).peak_rss_bytes;
  const uint64_t large = Quantize(WideModel(20), samples, 1).peak_rss_bytes;
  ASSERT_GT(small, kWideBytes);
  EXPECT_LT(large, small + 4 * kWideBytes) << "12 more activations";
}

}  // namespace
}  // namespace qbench::jobs
