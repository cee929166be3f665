#include "harness/jobs/job_json.h"

#include "gtest/gtest.h"

namespace qbench::jobs {
namespace {

TEST(JobJson, JobsSurviveTheTrip) {
  QuantizeJob quantize{
      .model = "/m.tflite",
      .quantizer = {
          "/int8.so", "int8", {{"io", "int8"}, {"recipe", "/r"}}, {{"recipe", "/r", "hash of r"}}}};
  quantize.calibration = SamplesRef{"/t", "key", {1}, {2}, {1, 0}, {5, 3}};
  quantize.calibration_runtime = PluginUse{"/litert.so", "litert", {}};
  LatencyJob latency{.artifact = "/a.tflite", .threads = 4};
  latency.settings.min_samples = 662;
  ModelsJob models;
  models.runtime = {"/r.so", "reference", {}};
  models.models = {{"/1.tflite", 7}, {"/2.tflite", 8}};
  models.first = 1;
  CheckJob check;
  check.plugin = models.runtime;
  check.check = "life_cycle";
  check.files.model = "/1.tflite";
  check.samples = quantize.calibration;
  for (const Job& job : {Job(ProbeJob{"/p.so"}), Job(ImportJob{"/m.h5", "/o"}), Job(quantize),
                         Job(AccuracyJob{.artifact = "/a", .threads = 2}), Job(latency),
                         Job(ProfileJob{.artifact = "/a", .samples = quantize.calibration}),
                         Job(models), Job(check)}) {
    const Json json = JobToJson(job);
    const Result<Job> back = JobFromJson(json);
    ASSERT_TRUE(back.ok()) << JobName(job) << ": " << back.status().message();
    EXPECT_EQ(back->index(), job.index());
    EXPECT_EQ(JobToJson(*back), json);
  }
}

TEST(JobJson, ResultsSurviveTheTrip) {
  LatencyResult latency;
  latency.samples.ns = {1, 2, 3};
  latency.measured.load_ms = 2.5;
  latency.measured.warmup_runs = 7;
  latency.measured.cell_id = 9;  // not the worker's to say
  latency.before.throttled = 4;
  latency.after.temperature_c = 48.5;
  const JobResult result = latency;
  const Result<JobResult> back = ResultFromJson("latency", ResultToJson(result));
  ASSERT_TRUE(back.ok()) << back.status().message();
  const auto& read = std::get<LatencyResult>(*back);
  EXPECT_EQ(read.samples.ns, latency.samples.ns);
  EXPECT_EQ(read.measured.load_ms, 2.5);
  EXPECT_EQ(read.measured.warmup_runs, 7);
  EXPECT_FALSE(read.measured.first_ms.has_value());
  EXPECT_EQ(read.measured.cell_id, 0);
  EXPECT_EQ(read.before.throttled, 4U);
  EXPECT_FALSE(read.after.throttled.has_value());
  EXPECT_EQ(read.after.temperature_c, 48.5);
}

TEST(JobJson, NamesWhatIsWrong) {
  EXPECT_FALSE(JobFromJson(Json::array()).ok());
  EXPECT_FALSE(JobFromJson({{"job", "dance"}, {"parameters", Json::object()}}).ok());
  const auto missing = JobFromJson({{"job", "probe"}, {"parameters", Json::object()}});
  EXPECT_EQ(missing.status().code(), StatusCode::kCorrupt);
  EXPECT_NE(missing.status().message().find("plugin"), std::string::npos);
  EXPECT_FALSE(ResultFromJson("accuracy", Json()).ok());
  EXPECT_FALSE(ResultFromJson("accuracy", {{"predicted", "none"}}).ok());
}

}  // namespace
}  // namespace qbench::jobs
