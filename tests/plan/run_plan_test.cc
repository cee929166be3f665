// MakePlan on a data set, a model and plugins that are made up: what is in a plan, and that its
// hash changes with everything on which a row depends, and with nothing else.
#include "harness/plan/run_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <map>

#include "base/files.h"
#include "base/sha256.h"

namespace qbench::plan {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void Write(const fs::path& file, std::string_view text) {
  fs::create_directories(file.parent_path());
  const Status written = WriteFileAtomically(file, text);
  ASSERT_TRUE(written.ok()) << written.message();
}

// Answers for the plugins quantizer.so and runtime.so, and imports whatever it is given.
class FakeWorkers {
 public:
  // Called on several threads.
  jobs::JobOutcome Run(const jobs::Job& job) const {
    jobs::JobOutcome outcome;
    if (const auto* probe = std::get_if<jobs::ProbeJob>(&job)) {
      const std::string name = probe->plugin.stem().string();
      if (!facts.contains(name)) return Failed("not one of this test's");
      jobs::ProbeResult result;
      for (const auto& tried : probe->tries) {
        const bool refused = tried.options == std::vector<host::Option>{{"io", "refused"}};
        result.refusals.emplace_back(refused ? "io: float or int8" : "");
      }
      result.plugins = {Entry(name)};
      outcome.result = result;
    } else if (const auto* import = std::get_if<jobs::ImportJob>(&job)) {
      EXPECT_TRUE(WriteFileAtomically(import->output, "imported").ok());
      jobs::ImportResult result;
      result.sha256 = Sha256Hex(std::string_view("imported"));
      result.float_model = true;
      result.operators = result.inputs = result.outputs = 1;
      result.input_shape = {1, 8, 8, 3};
      result.output_shape = {1, 2};
      result.output_operator = "SOFTMAX";
      result.summary = Json::object();
      outcome.result = result;
    } else {
      return Failed("no job of a plan");
    }
    outcome.status = store::Outcome::kOk;
    return outcome;
  }

  bool calibrates = true;
  bool trains = false;
  std::map<std::string, std::vector<host::Fact>> facts = {{"quantizer", {}},
                                                          {"runtime", {{"library", "1.0"}}}};

 private:
  static jobs::JobOutcome Failed(const std::string& reason) {
    jobs::JobOutcome outcome;
    outcome.status = store::Outcome::kFailed;
    outcome.reason = reason;
    return outcome;
  }
  jobs::ProbeResult::Entry Entry(const std::string& name) const {
    jobs::ProbeResult::Entry entry;
    host::PluginDescriptor& descriptor = entry.descriptor;
    descriptor.id = name;
    descriptor.version = "1";
    descriptor.summary = "made up";
    descriptor.options = {{"io", "float", "float|int8", "type"}, {"ranges", "", "FILE", "file"}};
    const bool quantizer = name == "quantizer";
    descriptor.kind = quantizer ? host::PluginKind::kQuantizer : host::PluginKind::kRuntime;
    descriptor.needs_samples = quantizer && calibrates;
    descriptor.needs_train = quantizer && trains;
    entry.facts = facts.at(name);
    return entry;
  }
};

class RunPlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* split : {"train", "calibration", "test"}) {
      for (const char* label : {"cat", "dog"}) {
        Write(Image(split, label), fmt::format("a {} to {}", label, split));
      }
    }
    Write(Model(), "\x89HDF\r\n\x1a\n and a model");
    Write(ModelSidecar(), Sidecar("127.5"));
    for (const char* plugin : {"quantizer.so", "runtime.so"})
      Write(File("plugins") / plugin, plugin);
    Write(File("ranges.json"), "{}");
    ASSERT_EQ(setenv("QBENCH_PLUGIN_PATH", File("plugins").c_str(), 1), 0);
    request_.models = {Model().string()};
    request_.dataset = File("pets").string();
    Plugins("quantizer,runtime");
    folders_.cache = File("cache");
  }
  void TearDown() override { unsetenv("QBENCH_PLUGIN_PATH"); }

  fs::path File(const std::string& name) const { return folder_.path() / name; }
  fs::path Image(const std::string& split, const std::string& label) const {
    return File("pets") / split / label / "1.jpg";
  }
  fs::path Model() const { return File("net.h5"); }
  fs::path ModelSidecar() const { return datasets::SidecarPath(Model()); }
  static std::string Sidecar(const std::string& mean) {
    return fmt::format(
        "labels = [\"cat\", \"dog\"]\n[input]\nwidth = 8\nheight = 8\nchannels = \"RGB\"\n"
        "resize = \"pil-bilinear\"\nmean = [{0}, {0}, {0}]\nstd = [1.0, 1.0, 1.0]\n",
        mean);
  }
  void Plugins(const std::string& list) { request_.plugins = *ParsePluginList(list); }

  Result<Plan> Make() {
    return MakePlan(request_, folders_,
                    [&](const jobs::Job& job, const jobs::JobSettings&, const jobs::JobCallbacks&) {
                      return workers_.Run(job);
                    });
  }
  std::string Hash() {
    const Result<Plan> plan = Make();
    EXPECT_TRUE(plan.ok()) << plan.status().message();
    return plan.ok() ? plan->hash : "";
  }

  TempDir folder_ = *TempDir::Create("run-plan-test");
  RunRequest request_;
  Folders folders_;
  FakeWorkers workers_;
};

TEST_F(RunPlanTest, HoldsEveryCombinationInOrder) {
  Write(File("other.h5"), "\x89HDF\r\n\x1a\n and another");
  Write(datasets::SidecarPath(File("other.h5")), Sidecar("0.0"));
  request_.models.push_back(File("other.h5").string());
  request_.threads = {1, 2};
  Plugins("quantizer,quantizer:io=int8,runtime");
  const Result<Plan> plan = Make();
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  std::vector<std::string> cells;
  for (const PlannedCell& cell : plan->cells) cells.push_back(plan->CellName(cell));
  EXPECT_THAT(cells, ElementsAre("net · quantizer · runtime · 1 thread",
                                 "net · quantizer:io=int8 · runtime · 1 thread",
                                 "net · quantizer · runtime · 2 threads",
                                 "net · quantizer:io=int8 · runtime · 2 threads",
                                 "other · quantizer · runtime · 1 thread",
                                 "other · quantizer:io=int8 · runtime · 1 thread",
                                 "other · quantizer · runtime · 2 threads",
                                 "other · quantizer:io=int8 · runtime · 2 threads"));
  EXPECT_EQ(plan->Test().images.size(), 2U);
  EXPECT_EQ(plan->FindSplit("holdout"), nullptr);
  ASSERT_TRUE(plan->calibration_runtime.has_value());
  EXPECT_EQ(plan->calibration_runtime->Name(), "runtime");
  EXPECT_FALSE(plan->diff_runtime.has_value());
}

TEST_F(RunPlanTest, SaysWhatCannotBe) {
  const auto refusal = [&] { return Make().status().message(); };
  request_.models.clear();
  EXPECT_THAT(refusal(), HasSubstr("data set pets has no default model; name one: qbench run"));
  fs::create_directories(File("copy"));
  fs::copy_file(Model(), File("copy/net.h5"));
  fs::copy_file(ModelSidecar(), datasets::SidecarPath(File("copy/net.h5")));
  request_.models = {Model().string(), File("copy/net.h5").string()};
  EXPECT_THAT(refusal(), HasSubstr("two models are called \"net\""));
  request_.models = {Model().string()};
  Plugins("quantizer:io=refused,runtime");
  EXPECT_THAT(refusal(), HasSubstr("io: float or int8"));
  Plugins("quantizer,runtime");
  workers_.trains = true;
  EXPECT_TRUE(Make().ok());
  fs::remove_all(File("pets/train"));
  EXPECT_THAT(refusal(), HasSubstr("quantizer trains, and data set pets has no training images"));
  workers_.trains = false;
  fs::remove_all(File("pets/test"));
  EXPECT_FALSE(Make().ok());
  request_.dataset = File("none").string();
  EXPECT_EQ(Make().status().code(), StatusCode::kNotFound);
}

TEST_F(RunPlanTest, PluginsThatCannotBeReadAreWarnedOf) {
  Write(File("plugins/broken.so"), "broken");
  const Result<Plan> plan = Make();
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_THAT(plan->warnings, Contains(HasSubstr("broken.so is left out: not one of this test's")));
}

// Each changes one thing, and the hash with it; no two of the hashes are the same.
TEST_F(RunPlanTest, TheHashChangesWithEverythingThatARowDependsOn) {
  const std::map<std::string, std::function<void()>> changes = {
      {"threads", [&] { request_.threads = {2}; }},
      {"more threads",
       [&] {
         request_.threads = {1, 2};
       }},
      {"repetitions", [&] { ++request_.measure.repetitions; }},
      {"min_samples", [&] { ++request_.measure.latency.min_samples; }},
      {"min_seconds", [&] { request_.measure.latency.min_seconds += 0.25; }},
      {"warmup_seconds", [&] { request_.measure.latency.warmup_seconds += 0.25; }},
      {"profile", [&] { request_.measure.profile = true; }},
      {"diff", [&] { request_.diff = true; }},
      {"an image of the test split", [&] { Write(Image("test", "cat"), "another cat"); }},
      {"an image of the calibration split",
       [&] { Write(Image("calibration", "cat"), "another cat"); }},
      {"an image of the training split", [&] { Write(Image("train", "cat"), "another cat"); }},
      {"an image's name", [&] { fs::rename(Image("test", "cat"), File("pets/test/cat/2.jpg")); }},
      {"one image more", [&] { Write(File("pets/test/cat/2.jpg"), "a second cat"); }},
      {"the data set's name",
       [&] {
         fs::rename(File("pets"), File("animals"));
         request_.dataset = File("animals").string();
       }},
      {"the model", [&] { Write(Model(), "\x89HDF\r\n\x1a\n and another"); }},
      {"its sidecar", [&] { Write(ModelSidecar(), Sidecar("0.0")); }},
      {"its name",
       [&] {
         fs::rename(Model(), File("network.h5"));
         fs::rename(ModelSidecar(), datasets::SidecarPath(File("network.h5")));
         request_.models = {File("network.h5").string()};
       }},
      {"the quantizer's options", [&] { Plugins("quantizer:io=int8,runtime"); }},
      {"one quantizer more", [&] { Plugins("quantizer,quantizer:io=int8,runtime"); }},
      {"a file that an option names",
       [&] {
         Write(File("ranges.json"), "{\"a\": 1}");
         Plugins(fmt::format("quantizer:ranges={},runtime", File("ranges.json").string()));
       }},
      {"a file that an option names, unchanged",
       [&] { Plugins(fmt::format("quantizer:ranges={},runtime", File("ranges.json").string())); }},
      {"the quantizer's library", [&] { Write(File("plugins/quantizer.so"), "newer"); }},
      {"the runtime's options", [&] { Plugins("quantizer,runtime:io=int8"); }},
      {"the runtime's library", [&] { Write(File("plugins/runtime.so"), "newer"); }},
      {"the engine behind the runtime", [&] { workers_.facts["runtime"][0].value = "2.0"; }},
      {"no calibration", [&] { workers_.calibrates = false; }},
      {"the calibrating runtime", [&] { request_.calibration_runtime = "runtime:io=int8"; }},
      {"the choice of calibration images", [&] { request_.calibration_seed = 1; }}};
  std::map<std::string, std::string> seen = {{Hash(), "what was begun"}};
  ASSERT_EQ(seen.size(), 1U);
  const RunRequest request = request_;
  for (const auto& [name, change] : changes) {
    SCOPED_TRACE(name);
    fs::remove_all(File("pets"));
    request_ = request;
    workers_ = FakeWorkers();
    SetUp();
    change();
    const auto [other, fresh] = seen.insert({Hash(), name});
    EXPECT_TRUE(fresh) << "the same hash as of " << other->second;
  }
}

TEST_F(RunPlanTest, TheHashStaysWhereARowStays) {
  const std::string hash = Hash();
  const std::map<std::string, std::function<void()>> changes = {
      {"nothing", [] {}},
      {"limits",
       [&] {
         request_.measure.limits.time = std::chrono::seconds(7);
         request_.measure.limits.memory_bytes = 1 << 20;
       }},
      {"another cache", [&] { folders_.cache = File("another cache"); }},
      {"the place of the data set",
       [&] {
         fs::create_directories(File("elsewhere"));
         fs::rename(File("pets"), File("elsewhere/pets"));
         request_.dataset = File("elsewhere/pets").string();
       }},
      {"the place of the model",
       [&] {
         fs::create_directories(File("elsewhere"));
         fs::rename(Model(), File("elsewhere/net.h5"));
         fs::rename(ModelSidecar(), datasets::SidecarPath(File("elsewhere/net.h5")));
         request_.models = {File("elsewhere/net.h5").string()};
       }},
      {"the place of the plugins",
       [&] {
         fs::rename(File("plugins"), File("plugins elsewhere"));
         setenv("QBENCH_PLUGIN_PATH", File("plugins elsewhere").c_str(), 1);
       }},
      {"the order of plugins of different kinds", [&] { Plugins("runtime,quantizer"); }},
      {"a broken plugin beside", [&] { Write(File("plugins/broken.so"), "broken"); }},
      {"the runtime that would calibrate anyway",
       [&] { request_.calibration_runtime = "runtime"; }}};
  const RunRequest request = request_;
  for (const auto& [name, change] : changes) {
    SCOPED_TRACE(name);
    for (const char* made : {"pets", "plugins", "elsewhere"}) fs::remove_all(File(made));
    request_ = request;
    SetUp();
    change();
    EXPECT_EQ(Hash(), hash);
  }
}

// Where nothing is calibrated the choice of images is nobody's.
TEST_F(RunPlanTest, TheSeedCountsWhereSomethingCalibrates) {
  workers_.calibrates = false;
  const std::string hash = Hash();
  request_.calibration_seed = 1;
  EXPECT_EQ(Hash(), hash);
}

}  // namespace
}  // namespace qbench::plan
