// Holds what a job takes for many weights to a few times their size. The margins are wide, so that
// nothing but another copy of the weights passes them; scripts/memory_at_size.sh measures closely,
// over all processes.
#include <random>

#include "base/process.h"
#include "harness/measure/memory.h"
#include "tests/jobs/worker_fixture.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::jobs {
namespace {

constexpr int32_t kUnits = 4096;
constexpr double kWeightBytes = 4.0 * kUnits * (kUnits + 48 + 3);

class MemoryAtSize : public WorkerTest {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer takes memory of its own and keeps what is freed";
#endif
    WorkerTest::SetUp();
  }

  static PluginUse Plugin(const std::string& id, std::vector<host::Option> options = {}) {
    return {kBuild / "lib/qbench/plugins" / (id + ".so"), id, std::move(options)};
  }

  // Nearly all of the weights are in one layer.
  std::filesystem::path WriteDense(const char* name, int32_t units) {
    quantize::ModelBuilder builder(1);
    const graph::TensorId image = builder.Flatten(builder.Input({1, kSide, kSide, kChannels}));
    const graph::TensorId wide = builder.Dense(builder.Dense(image, units), units);
    const Result<Bytes> bytes = graph::WriteTflite(builder.Finish({builder.Dense(wide, 3)}));
    EXPECT_TRUE(bytes.ok()) << bytes.status().message();
    EXPECT_TRUE(WriteFileAtomically(Path(name), *bytes).ok());
    return Path(name);
  }

  // The peak of quantizing the large model over that of a small one, in multiples of the weights.
  double Growth(const PluginUse& quantizer) {
    QuantizeJob job;
    job.quantizer = quantizer;
    job.calibration_runtime = Plugin("reference");
    if (quantizer.id == "int8") {
      job.calibration = WriteTensors("calibration.tensors", {{{9, 90, 200}, 0}, {{200, 9, 90}, 1}});
    }
    double peaks[2] = {};
    for (const bool large : {false, true}) {
      job.model = large ? WriteDense("large.tflite", kUnits) : WriteDense("small.tflite", 8);
      job.output = Path(large ? "large" : "small");
      const JobOutcome outcome = Run(job);
      EXPECT_TRUE(outcome.ok()) << outcome.reason;
      if (!outcome.ok()) return -1;
      peaks[large ? 1 : 0] =
          static_cast<double>(std::get<QuantizeResult>(outcome.result).peak_rss_bytes);
    }
    return (peaks[1] - peaks[0]) / kWeightBytes;
  }
};

TEST_F(MemoryAtSize, DynamicHoldsNoCopyOfTheFloats) {
  const double growth = Growth(Plugin("dynamic"));
  EXPECT_GT(growth, 0.4) << "the test measures nothing";  // the artifact, and what it is made of
  EXPECT_LT(growth, 1.5);
}

TEST_F(MemoryAtSize, Fp16HoldsNoCopyOfTheFloats) {
  const double growth = Growth(Plugin("fp16"));
  EXPECT_GT(growth, 0.8) << "the test measures nothing";
  EXPECT_LT(growth, 1.9);
}

TEST_F(MemoryAtSize, Int8HoldsTheStageThatItRuns) {
  // The stage's file alone: this runtime packs nothing.
  const double growth = Growth(Plugin("int8", {{"calibration", "minmax"}}));
  EXPECT_GT(growth, 0.8) << "the test measures nothing";
  EXPECT_LT(growth, 1.9);
}

TEST_F(MemoryAtSize, ImportHoldsTheWeightsOnce) {
  constexpr int kMegabytes = 64;
  double peaks[2] = {};
  for (const bool large : {false, true}) {
    const std::filesystem::path model = Path("model.h5");
    ChildOptions options;
    options.argv = {kBuild / "benchmarks/make_large_model", model, "dense",
                    std::to_string(large ? kMegabytes : 1)};
    const Result<ChildEnd> made = RunChild(options, {});
    ASSERT_TRUE(made.ok() && made->ok());
    const JobOutcome outcome = Run(ImportJob{model, Path("imported/model.tflite")});
    ASSERT_TRUE(outcome.ok()) << outcome.reason;
    peaks[large ? 1 : 0] = static_cast<double>(outcome.peak_rss_bytes);
  }
  // The worker's; the process that reads the HDF5 file holds 40 MB at a time.
  const double growth = (peaks[1] - peaks[0]) / (kMegabytes * 1e6);
  EXPECT_LT(growth, 1.9);
}

}  // namespace
}  // namespace qbench::jobs
