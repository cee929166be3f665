// Each job with plugins whose results are known.
#include <algorithm>

#include "base/cores.h"
#include "base/json.h"
#include "gmock/gmock.h"
#include "tests/graph/foreign_file.h"
#include "tests/jobs/worker_fixture.h"

namespace qbench::jobs {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

using Jobs = WorkerTest;

// --- probe ---------------------------------------------------------------------------------------

TEST_F(Jobs, ProbeListsWhatIsThereAndWhatWorks) {
  const JobOutcome outcome = Run(ProbeJob{Fake("fake_runtime").file});
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  const auto& plugins = std::get<ProbeResult>(outcome.result).plugins;
  ASSERT_THAT(plugins, SizeIs(2));
  EXPECT_EQ(plugins[0].descriptor.id, "fake_runtime");
  EXPECT_TRUE(plugins[0].available);
  EXPECT_THAT(plugins[0].facts, Contains(host::Fact{"engine", "arithmetic mean"}));
  EXPECT_EQ(plugins[0].descriptor.options.at(0).values, "float32|int8|uint8");
  EXPECT_FALSE(plugins[1].available);
  EXPECT_THAT(plugins[1].reason, HasSubstr("libabsent.so: install it with absent"));
}

// --- import --------------------------------------------------------------------------------------

TEST_F(Jobs, ImportPassesTfliteOnByteForByte) {
  const JobOutcome outcome = Run(ImportJob{.model = model(), .output = Path("out.tflite")});
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  const auto& result = std::get<ImportResult>(outcome.result);
  EXPECT_FALSE(result.converted);
  EXPECT_TRUE(result.float_model);
  EXPECT_THAT(result.input_shape, ElementsAre(1, 4, 4, 3));
  EXPECT_THAT(result.output_shape, ElementsAre(1, 3));
  EXPECT_EQ(result.inputs, 1);
  EXPECT_EQ(result.outputs, 1);
  EXPECT_EQ(result.output_operator, "MEAN");
  EXPECT_EQ(result.operators, 1);
  EXPECT_EQ(*ReadFile(Path("out.tflite")), *ReadFile(model()));
  EXPECT_EQ(result.sha256, *Sha256HexOfFile(model()));
}

TEST_F(Jobs, ImportRefusesWhatIsNoModel) {
  std::ofstream(Path("model.keras"))
      << "PK\x03\x04, as zip files begin, of saved_model.pb PK\x05\x06";
  JobOutcome outcome = Run(ImportJob{.model = Path("model.keras"), .output = {}});
  EXPECT_EQ(outcome.status, store::Outcome::kUnsupported);
  EXPECT_THAT(outcome.reason, HasSubstr("this is a zip archive of a SavedModel"));

  Bytes truncated = *ReadFile(model());
  truncated.resize(truncated.size() / 2);
  ASSERT_TRUE(WriteFileAtomically(Path("half.tflite"), truncated).ok());
  outcome = Run(ImportJob{.model = Path("half.tflite"), .output = {}});
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason, HasSubstr("half.tflite"));

  outcome = Run(ImportJob{.model = Path("missing.h5"), .output = {}});
  EXPECT_THAT(outcome.reason, HasSubstr("missing.h5: there is no such model file"));
}

// A file with operators that qbench does not know is told apart, and passed on as it is.
TEST_F(Jobs, ImportListsAForeignFile) {
  const Bytes foreign = graph::ForeignFile{.code = 108, .more_codes = {19, 152}}.Build();
  ASSERT_TRUE(WriteFileAtomically(Path("foreign.tflite"), foreign).ok());
  JobOutcome outcome =
      Run(ImportJob{.model = Path("foreign.tflite"), .output = Path("foreign.out")});
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  const auto& result = std::get<ImportResult>(outcome.result);
  EXPECT_TRUE(result.summary.is_null());
  EXPECT_EQ(result.contents.at("operators"), Json({{"COS", 1}, {"RELU_0_TO_1", 1}, {"RELU", 1}}));
  EXPECT_EQ(result.contents.at("unsupported").size(), 1U);
  EXPECT_EQ(*ReadFile(Path("foreign.out")), foreign);

  // What no host could feed is listed, and not imported.
  ASSERT_TRUE(
      WriteFileAtomically(Path("string.tflite"), graph::ForeignFile{.type = 5}.Build()).ok());
  EXPECT_TRUE(Run(ImportJob{.model = Path("string.tflite"), .output = {}}).ok());
  outcome = Run(ImportJob{.model = Path("string.tflite"), .output = Path("string.out")});
  EXPECT_THAT(outcome.reason, HasSubstr("element type string"));
  const Bytes free = graph::ForeignFile{.shape_signature = {-1, -1}}.Build();
  ASSERT_TRUE(WriteFileAtomically(Path("free.tflite"), free).ok());
  EXPECT_TRUE(Run(ImportJob{.model = Path("free.tflite"), .output = {}}).ok());
  outcome = Run(ImportJob{.model = Path("free.tflite"), .output = Path("free.out")});
  EXPECT_THAT(outcome.reason, HasSubstr("\"t0\" is [-1, -1]: its size is free"));
}

// --- quantize ------------------------------------------------------------------------------------

TEST_F(Jobs, QuantizeOffersServicesAndKeepsWhatIsEmitted) {
  QuantizeJob job{
      .model = model(), .quantizer = Fake("fake_quantizer"), .output = Path("artifact")};
  job.calibration = WriteTestTensors();
  std::swap(job.calibration->order[0], job.calibration->order[2]);
  job.calibration->label_outputs = {2, 1, 0};  // another order in the model than in the data set
  job.train = WriteTensors("train.tensors", {{{51, 0, 0}, 0}});
  job.calibration_runtime = Fake("fake_runtime");
  job.instances = 3;
  const JobOutcome outcome = Run(job);
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  const auto& result = std::get<QuantizeResult>(outcome.result);
  EXPECT_EQ(*ReadFile(result.artifact), *ReadFile(model()));
  EXPECT_EQ(result.sha256, *Sha256HexOfFile(model()));
  EXPECT_THAT(result.warnings, ElementsAre("this is only a test"));
  EXPECT_THAT(result.calibration_runtime, StartsWith("fake_runtime 7.5 "));
  EXPECT_GT(result.peak_rss_bytes, 0U);
  ASSERT_THAT(result.entries, SizeIs(1));
  EXPECT_EQ(result.entries[0].name, "seen");

  const Result<Json> seen = ParseJson(*ReadTextFile(result.entries[0].file));
  ASSERT_TRUE(seen.ok()) << seen.status().message();
  // Blue, green, red, then what is left, without the broken one.
  EXPECT_EQ((*seen)["calibration"].size(), 5U);
  EXPECT_EQ((*seen)["calibration"][0]["label"], 0);
  EXPECT_EQ((*seen)["calibration"][2]["label"], 2);
  EXPECT_FLOAT_EQ((*seen)["calibration"][2]["first"], 1.0F);
  ASSERT_EQ((*seen)["train"].size(), 1U);
  EXPECT_FLOAT_EQ((*seen)["train"][0]["first"], 0.2F);
  // Delivered in order, whichever object was first.
  ASSERT_EQ((*seen)["outputs"].size(), 5U);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ((*seen)["outputs"][i]["sample"], i);
    EXPECT_EQ((*seen)["outputs"][i]["bytes"], 12);
    EXPECT_FLOAT_EQ((*seen)["outputs"][i]["score"], (*seen)["calibration"][i]["first"]);
  }
  ASSERT_EQ((*seen)["fed"].size(), 10U);
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ((*seen)["fed"][i]["input"], i);
    EXPECT_FLOAT_EQ((*seen)["fed"][i]["score"], static_cast<float>(i));
  }
}

TEST_F(Jobs, AQuantizerThatTrainsSeesTheTrainingSplitAlone) {
  const JobOutcome probe = Run(ProbeJob{Fake("fake_quantizer").file});
  ASSERT_TRUE(probe.ok()) << probe.reason;
  const auto& plugins = std::get<ProbeResult>(probe.result).plugins;
  ASSERT_THAT(plugins, SizeIs(2));
  EXPECT_FALSE(plugins[0].descriptor.needs_train);
  EXPECT_TRUE(plugins[1].descriptor.needs_train);
  EXPECT_FALSE(plugins[1].descriptor.needs_samples);

  QuantizeJob job{
      .model = model(), .quantizer = Fake("fake_quantizer"), .output = Path("artifact")};
  job.quantizer.id = "fake_trainer";
  job.train = WriteTestTensors();
  const JobOutcome outcome = Run(job);
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  const auto& result = std::get<QuantizeResult>(outcome.result);
  const Result<Json> seen = ParseJson(*ReadTextFile(result.entries[0].file));
  ASSERT_TRUE(seen.ok()) << seen.status().message();
  EXPECT_EQ((*seen)["train"].size(), 5U);
  EXPECT_EQ((*seen)["calibration"].size(), 0U);
}

TEST_F(Jobs, AnInputThatThePluginCannotFeedEndsTheRunWithItsReason) {
  QuantizeJob job{.model = model(),
                  .quantizer = Fake("fake_quantizer", {{"fail_input", "6"}}),
                  .output = Path("artifact")};
  job.calibration = WriteTestTensors();
  job.calibration_runtime = Fake("fake_runtime");
  for (const int instances : {1, 3}) {
    job.instances = instances;
    const JobOutcome outcome = Run(job);
    EXPECT_EQ(outcome.status, store::Outcome::kUnsupported);
    EXPECT_EQ(outcome.reason, "fake_quantizer: no input 6");
  }
}

TEST_F(Jobs, AFileOfAnOptionThatWasChangedMeanwhileIsAnError) {
  ASSERT_TRUE(WriteFileAtomically(Path("recipe.toml"), "one").ok());
  QuantizeJob job{
      .model = model(), .quantizer = Fake("fake_quantizer"), .output = Path("artifact")};
  job.quantizer.files = {{"recipe", Path("recipe.toml"), Sha256Hex("one")}};
  JobOutcome outcome = Run(job);
  EXPECT_TRUE(outcome.ok()) << outcome.reason;
  ASSERT_TRUE(WriteFileAtomically(Path("recipe.toml"), "two").ok());
  outcome = Run(job);
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("recipe="), HasSubstr("was changed")));
}

TEST_F(Jobs, QuantizeNamesTheCalibrationRuntimeThatFails) {
  QuantizeJob job{
      .model = model(), .quantizer = Fake("fake_quantizer"), .output = Path("artifact")};
  job.calibration = WriteTestTensors();
  job.calibration_runtime = Fake("fake_runtime", {{"fail_at", "1"}});
  job.instances = 1;
  const JobOutcome outcome = Run(job);
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("fake_runtime"), HasSubstr("failed as told")));
}

TEST_F(Jobs, QuantizeChecksWhatIsEmitted) {
  QuantizeJob job{.model = model(),
                  .quantizer = Fake("fake_quantizer", {{"emit", "nothing"}}),
                  .output = Path("artifact")};
  EXPECT_THAT(Run(job).reason, HasSubstr("emitted no model"));
  job.quantizer.options = {{"emit", "rubbish"}};
  EXPECT_THAT(Run(job).reason, HasSubstr("fake_quantizer emitted a broken model"));
  job.quantizer.options = {{"emit", "twice"}};
  EXPECT_THAT(Run(job).reason, HasSubstr("\"model\" was emitted before"));
  job.quantizer.options = {{"emti", "model"}};
  EXPECT_THAT(Run(job).reason,
              HasSubstr("no option \"emti\"; its options are bad_model, fail_input, emit"));
  job.quantizer.id = "int8";
  EXPECT_THAT(Run(job).reason,
              HasSubstr("no quantizer called int8; it has quantizer fake_quantizer"));
}

TEST_F(Jobs, TheTemplateQuantizes) {
  QuantizeJob job{
      .model = model(), .quantizer = Example("template_quantizer"), .output = Path("artifact")};
  const JobOutcome outcome = Run(job);
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  EXPECT_EQ(*ReadFile(std::get<QuantizeResult>(outcome.result).artifact), *ReadFile(model()));
  job.quantizer.options = {{"max_kib", "many"}};
  EXPECT_THAT(Run(job).reason, HasSubstr("max_kib is \"many\", not a number"));
}

// --- accuracy ------------------------------------------------------------------------------------

TEST_F(Jobs, AccuracyPredictsInTheDataSetsClasses) {
  AccuracyJob job{.artifact = model(), .runtime = Fake("fake_runtime"), .instances = 3};
  job.samples = WriteTestTensors();
  job.samples.label_outputs = {1, 0, 2};  // the data set's class 0 is the model's output 1
  std::vector<uint64_t> progress;
  const JobOutcome outcome =
      Run(job, {}, {.progress = [&](const std::string& doing, uint64_t done, uint64_t total) {
            EXPECT_EQ(doing, "classifying");
            EXPECT_EQ(total, 5U);
            progress.push_back(done);
          }});
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  const auto& result = std::get<AccuracyResult>(outcome.result);
  // Red is output 0, that is class 1; the tie goes to output 0 too; the broken image has no class.
  EXPECT_THAT(result.predicted, ElementsAre(1, 0, 2, -1, 0, 1));
  EXPECT_FLOAT_EQ(result.confidence[0], 1.0F);
  EXPECT_FLOAT_EQ(result.confidence[3], 0.0F);
  EXPECT_FLOAT_EQ(result.confidence[5], 128.0F / 255);
  EXPECT_EQ(result.skipped, 1);
  EXPECT_EQ(result.instances, 3);
  EXPECT_THAT(result.facts, Contains(host::Fact{"threads", "1"}));
  EXPECT_THAT(progress, Contains(5U));
}

// Threads that wait for each other cost most where the machine is busy with something else.
TEST_F(Jobs, AccuracySharesImagesOutToInstancesOfOneThread) {
  AccuracyJob job{.artifact = model(), .runtime = Fake("fake_runtime"), .threads = 2};
  job.samples = WriteTestTensors();
  const JobOutcome outcome = Run(job);
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  const auto& result = std::get<AccuracyResult>(outcome.result);
  EXPECT_EQ(result.instance_threads, 1);
  EXPECT_EQ(result.instances, AvailableCores());
  EXPECT_THAT(result.facts, Contains(host::Fact{"threads", "1"}));
  EXPECT_THAT(result.predicted, ElementsAre(0, 1, 2, -1, 1, 0));
}

TEST_F(Jobs, AccuracyIsThatOfTheCellsThreadsWhereTheyMatter) {
  AccuracyJob job{.artifact = model(),
                  .runtime = Fake("fake_runtime", {{"threads_matter", "true"}}),
                  .threads = 2};
  job.samples = WriteTestTensors();
  const JobOutcome outcome = Run(job);
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  const auto& result = std::get<AccuracyResult>(outcome.result);
  EXPECT_EQ(result.instance_threads, 2);
  EXPECT_EQ(result.instances, std::max(1, AvailableCores() / 2));
  EXPECT_THAT(result.facts, Contains(host::Fact{"threads", "2"}));
  EXPECT_FLOAT_EQ(result.confidence[0], 1.0F + 2e-6F);
}

TEST_F(Jobs, AccuracyQuantizesAndDequantizes) {
  for (const char* input : {"int8", "uint8"}) {
    SCOPED_TRACE(input);
    AccuracyJob job{.artifact = model(),
                    .runtime = Fake("fake_runtime", {{"input", input}, {"output", "int8"}}),
                    .instances = 1};
    job.samples = WriteTestTensors();
    const JobOutcome outcome = Run(job);
    ASSERT_TRUE(outcome.ok()) << outcome.reason;
    const auto& result = std::get<AccuracyResult>(outcome.result);
    EXPECT_THAT(result.predicted, ElementsAre(0, 1, 2, -1, 1, 0));
    EXPECT_FLOAT_EQ(result.confidence[0], 1.0F);  // 64 / 64
    EXPECT_FLOAT_EQ(result.confidence[5], 0.5F);  // rint(128 / 255 * 64) / 64
  }
}

TEST_F(Jobs, AccuracyChecksTheModel) {
  AccuracyJob job{.artifact = model(), .runtime = Fake("fake_runtime"), .instances = 1};
  job.samples = WriteTestTensors();
  job.runtime.options = {{"extra_outputs", "2"}};
  JobOutcome outcome = Run(job);
  EXPECT_EQ(outcome.status, store::Outcome::kUnsupported);
  EXPECT_THAT(outcome.reason, AllOf(HasSubstr("5 outputs"), HasSubstr("3 classes")));
  job.runtime.options = {{"nan", "true"}};
  EXPECT_THAT(Run(job).reason, HasSubstr("not a number (NaN)"));
  job.runtime.options = {{"unsupported", "true"}};
  outcome = Run(job);
  EXPECT_EQ(outcome.status, store::Outcome::kUnsupported);
  EXPECT_EQ(outcome.reason, "fake_runtime: no kernel for CONV_2D");
  job.runtime.options = {};
  job.samples.tensor_key = std::string(64, 'b');
  EXPECT_THAT(Run(job).reason, HasSubstr("tensors of another split or preprocessing"));
}

TEST_F(Jobs, TheTemplateRuntimeIsABaseline) {
  AccuracyJob job{
      .artifact = model(),
      .runtime = Example("template_runtime",
                         {{"height", "4"}, {"width", "4"}, {"classes", "3"}, {"answer", "2"}}),
      .instances = 2};
  job.samples = WriteTestTensors();
  const JobOutcome outcome = Run(job);
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  EXPECT_THAT(std::get<AccuracyResult>(outcome.result).predicted, ElementsAre(2, 2, 2, -1, 2, 2));
}

// --- latency -------------------------------------------------------------------------------------

TEST_F(Jobs, LatencyKeepsEverySample) {
  LatencyJob job{.artifact = model(), .runtime = Fake("fake_runtime"), .threads = 2};
  job.samples = WriteTestTensors();
  job.settings = {.min_samples = 64, .min_seconds = 0.02, .warmup_runs = 3, .warmup_seconds = 0.01};
  const JobOutcome outcome = Run(job);
  ASSERT_TRUE(outcome.ok()) << outcome.reason;
  const auto& result = std::get<LatencyResult>(outcome.result);
  EXPECT_GE(result.samples.ns.size(), 64U);
  EXPECT_TRUE(std::all_of(result.samples.ns.begin(), result.samples.ns.end(),
                          [](int64_t ns) { return ns > 0; }));
  EXPECT_FALSE(result.samples.cut_short);
  EXPECT_GE(result.samples.warmup_runs, 3);
  EXPECT_GE(result.samples.warmup_seconds, 0.01);
  EXPECT_GT(result.measured.load_ms, 0);
  EXPECT_GT(result.measured.first_ms, 0);
  EXPECT_EQ(result.measured.warmup_runs, result.samples.warmup_runs);
  EXPECT_EQ(result.measured.peak_rss_bytes, static_cast<int64_t>(result.memory.peak_rss));
  EXPECT_GE(result.memory.peak_rss, result.memory.rss);
  EXPECT_GT(result.baseline_rss_bytes, 0U);
  EXPECT_TRUE(result.before.load_1min.has_value());
  EXPECT_THAT(result.facts, Contains(host::Fact{"threads", "2"}));
}

TEST_F(Jobs, LatencyReportsAFailureInTheTimedLoop) {
  LatencyJob job{.artifact = model(), .runtime = Fake("fake_runtime", {{"fail_at", "20"}})};
  job.samples = WriteTestTensors();
  job.settings = {.min_samples = 64, .min_seconds = 0.01, .warmup_runs = 3, .warmup_seconds = 0};
  const JobOutcome outcome = Run(job);
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_EQ(outcome.reason, "fake_runtime: failed as told");
}

// --- profile -------------------------------------------------------------------------------------

TEST_F(Jobs, ProfileTimesEveryOperator) {
  ProfileJob job{.artifact = model(), .runtime = Fake("fake_runtime"), .runs = 60};
  for (const bool images : {true, false}) {  // without: on noise
    SCOPED_TRACE(images);
    job.samples.reset();
    if (images) job.samples = WriteTestTensors();
    const JobOutcome outcome = Run(job);
    ASSERT_TRUE(outcome.ok()) << outcome.reason;
    const auto& result = std::get<ProfileResult>(outcome.result);
    EXPECT_EQ(result.delegate, "FAKE");
    EXPECT_EQ(result.invoke_ns.size(), 60U);
    EXPECT_GT(result.measured.load_ms, 0);
    ASSERT_EQ(result.operators.size(), 2U);
    const store::OperatorProfile& mean = result.operators[0];
    EXPECT_EQ(mean.op, 0);
    EXPECT_EQ(mean.kind, "MEAN");
    EXPECT_EQ(mean.name, "scores");
    EXPECT_EQ(mean.steps, "Mean (ND) + Divide (ND)");
    EXPECT_EQ(mean.partition, 0);
    EXPECT_EQ(mean.median_us, 22);  // 10, 20 or 30, and 2
    EXPECT_EQ(mean.bytes_read, 4 * 4 * 4 * 3 + 4 * 2);
    EXPECT_EQ(mean.bytes_written, 4 * 3);
    EXPECT_EQ(result.operators[1].op, -1);
    EXPECT_EQ(result.operators[1].name, "Copy");
    EXPECT_EQ(result.operators[1].median_us, 5);
    EXPECT_THAT(result.facts, Contains(host::Fact{"engine", "arithmetic mean"}));
  }
}

TEST_F(Jobs, ProfileSaysWhyThereIsNone) {
  ProfileJob job{.artifact = model(), .samples = WriteTestTensors()};
  const auto reason = [&](const PluginUse& runtime) {
    job.runtime = runtime;
    return Run(job).reason;
  };
  EXPECT_THAT(reason(Fake("fake_runtime", {{"profile", "refused"}})), HasSubstr("as told"));
  EXPECT_THAT(reason(Fake("fake_runtime", {{"profile", "beyond"}})),
              HasSubstr("fake_runtime: the profile has operator 7, the model has 1"));
  EXPECT_THAT(reason(Fake("fake_runtime", {{"profile", "no_operator"}})),
              HasSubstr("no event of operator 0, MEAN"));
  EXPECT_THAT(reason(Fake("fake_runtime", {{"profile", "changing"}})), HasSubstr("another 3"));
  job.runtime = Example("template_runtime", {{"height", "4"}, {"width", "4"}, {"classes", "3"}});
  const JobOutcome none = Run(job);
  EXPECT_EQ(none.status, store::Outcome::kUnsupported);
  EXPECT_THAT(none.reason, HasSubstr("cannot say where its time goes"));
}

// --- the process ---------------------------------------------------------------------------------

TEST_F(Jobs, CancellingEndsAJobThatListens) {
  AccuracyJob job{.artifact = model(), .runtime = Fake("fake_runtime"), .instances = 1};
  job.samples = WriteTensors("many.tensors", std::vector<FakeImage>(20000, {{1, 2, 3}, 0}));
  bool seen = false;
  const JobOutcome outcome =
      Run(job, {},
          {.progress = [&](const std::string&, uint64_t, uint64_t) { seen = true; },
           .cancelled = [&] { return seen; }});
  EXPECT_EQ(outcome.status, store::Outcome::kNotMeasured) << outcome.reason;
  EXPECT_THAT(outcome.reason, HasSubstr("stopped by the user"));
}

TEST_F(Jobs, CancellingEndsAJobThatHangs) {
  const JobOutcome outcome = Run(
      QuantizeJob{
          .model = model(), .quantizer = Hostile("hang_quantize"), .output = Path("artifact")},
      {}, {.cancelled = [] { return true; }});
  EXPECT_EQ(outcome.status, store::Outcome::kNotMeasured) << outcome.reason;
}

TEST_F(Jobs, LeaveNothingBehind) {
  ASSERT_TRUE(Run(ProbeJob{Fake("fake_runtime").file}).ok());
  for (const auto& entry : std::filesystem::directory_iterator(Path(""))) {
    EXPECT_FALSE(entry.is_directory()) << entry.path();
  }
}

TEST_F(Jobs, AMissingWorkerIsAnOutcome) {
  JobSettings settings;
  settings.programs = Path("no-such-folder");
  const JobOutcome outcome = RunJob(ProbeJob{Path("x.so")}, settings);
  EXPECT_EQ(outcome.status, store::Outcome::kFailed);
  EXPECT_THAT(outcome.reason, HasSubstr("no-such-folder"));
}

}  // namespace
}  // namespace qbench::jobs
