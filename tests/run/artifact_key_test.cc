// An artifact is taken from the cache where everything on which its bytes depend is the same, and
// only there.
#include "harness/run/artifact_key.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "harness/run/artifact_cache.h"

namespace qbench::run {
namespace {

using plan::Plan;
using plan::PlannedCell;
using plan::PlannedModel;
using plan::SelectedPlugin;

class ArtifactKeyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    plan_ = Plan();
    plan_.models = {PlannedModel()};
    plan_.models[0].tflite_sha256 = "model";
    SelectedPlugin quantizer;
    quantizer.plugin.descriptor.id = "int8";
    quantizer.plugin.descriptor.needs_samples = true;
    quantizer.plugin.sha256 = "library";
    quantizer.options = {{"io", "int8"}};
    plan_.selection.quantizers = {quantizer};
    SelectedPlugin runtime;
    runtime.plugin.descriptor.kind = host::PluginKind::kRuntime;
    runtime.plugin.descriptor.id = "litert";
    runtime.plugin.sha256 = "runtime's library";
    runtime.plugin.facts = {{"library_version", "1.0"}};
    plan_.selection.runtimes = {runtime};
    plan_.calibration_runtime = runtime;
    plan_.host = {{"cpu.features", "avx2"}, {"os.kernel", "6.1"}};
    samples_ = ModelSamples();
    samples_.calibration_content = "calibration tensors";
    samples_.calibration = jobs::SamplesRef{"/cache/a", "a", {1, 2, 3}, {4, 5, 6}, {0, 1}, {1, 0}};
    samples_.train_content = "training tensors";
    samples_.train = jobs::SamplesRef{"/cache/b", "b", {1, 2, 3}, {4, 5, 6}, {0, 1}, {0, 1}};
    cell_ = PlannedCell{};
  }
  host::PluginDescriptor& descriptor() { return plan_.selection.quantizers[0].plugin.descriptor; }
  std::string Key() const { return ArtifactCache::Key(ArtifactKeyContent(plan_, cell_, samples_)); }

  // Each of the changes gives a key that no other gives.
  void ExpectAllDiffer(const std::map<std::string, std::function<void()>>& changes) {
    std::map<std::string, std::string> seen = {{Key(), "no change"}};
    const Plan plan = plan_;
    const ModelSamples samples = samples_;
    for (const auto& [name, change] : changes) {
      plan_ = plan;
      samples_ = samples;
      change();
      const auto [other, fresh] = seen.insert({Key(), name});
      EXPECT_TRUE(fresh) << name << " gives the key of " << other->second;
    }
    plan_ = plan;
    samples_ = samples;
  }
  void ExpectAllSame(const std::map<std::string, std::function<void()>>& changes) {
    const std::string key = Key();
    const Plan plan = plan_;
    const ModelSamples samples = samples_;
    for (const auto& [name, change] : changes) {
      plan_ = plan;
      samples_ = samples;
      change();
      EXPECT_EQ(Key(), key) << name;
    }
    plan_ = plan;
    samples_ = samples;
  }

  Plan plan_;
  PlannedCell cell_;
  ModelSamples samples_;
};

TEST_F(ArtifactKeyTest, OfACalibratingQuantizerChangesWithAllThatItSees) {
  SelectedPlugin& quantizer = plan_.selection.quantizers[0];
  ExpectAllDiffer({
      {"the model", [&] { plan_.models[0].tflite_sha256 = "another"; }},
      {"the quantizer's library", [&] { quantizer.plugin.sha256 = "another"; }},
      {"its options",
       [&] {
         quantizer.options = {{"io", "float"}};
       }},
      {"the images", [&] { samples_.calibration_content = "others"; }},
      {"their order",
       [&] {
         samples_.calibration->order = {0, 1};
       }},
      {"the mean", [&] { samples_.calibration->mean[2] = 7; }},
      {"the standard deviation", [&] { samples_.calibration->std[2] = 7; }},
      {"the runtime's library", [&] { plan_.calibration_runtime->plugin.sha256 = "another"; }},
      {"the runtime's options",
       [&] {
         plan_.calibration_runtime->options = {{"kernels", "builtin"}};
       }},
      {"the engine behind it",
       [&] {
         plan_.calibration_runtime->plugin.facts = {{"library_version", "2.0"}};
       }},
      {"the processor", [&] { plan_.host[0].value = "neon"; }},
  });
}

TEST_F(ArtifactKeyTest, OfACalibratingQuantizerStaysWithWhatItDoesNotSee) {
  ExpectAllSame({
      {"the thread count", [&] { cell_.threads = 4; }},
      {"the runtime that measures", [&] { plan_.selection.runtimes[0].plugin.sha256 = "another"; }},
      {"the place of the tensors", [&] { samples_.calibration->tensor_cache = "/elsewhere"; }},
      {"training images", [&] { samples_.train_content = "others"; }},
      {"no training images", [&] { samples_.train.reset(); }},
      {"the kernel", [&] { plan_.host[1].value = "6.12"; }},
      {"the model's file, which gives the same float model",
       [&] {
         plan_.models[0].sha256 = "another";
         plan_.models[0].path = "/elsewhere/net.h5";
       }},
      {"repetitions", [&] { plan_.measure.repetitions = 9; }},
  });
}

TEST_F(ArtifactKeyTest, OfOneThatTrainsChangesWithTheTrainingImages) {
  descriptor().needs_train = true;
  ExpectAllDiffer({
      {"the images", [&] { samples_.train_content = "others"; }},
      {"their order",
       [&] {
         samples_.train->order = {1, 0};
       }},
      {"their labels",
       [&] {
         samples_.train->label_outputs = {1, 0};
       }},
      {"the mean", [&] { samples_.train->mean[0] = 7; }},
      {"calibration images", [&] { samples_.calibration_content = "others"; }},
  });
  descriptor().needs_samples = false;
  ExpectAllSame({{"calibration images", [&] { samples_.calibration_content = "others"; }},
                 {"their order", [&] {
                    samples_.calibration->order = {0, 1};
                  }}});
}

TEST_F(ArtifactKeyTest, OfOneThatSeesNoImagesIsItsOwnAndTheModels) {
  descriptor().needs_samples = false;
  SelectedPlugin& quantizer = plan_.selection.quantizers[0];
  ExpectAllDiffer({{"the model", [&] { plan_.models[0].tflite_sha256 = "another"; }},
                   {"the quantizer's library", [&] { quantizer.plugin.sha256 = "another"; }},
                   {"its options", [&] { quantizer.options = {}; }}});
  ExpectAllSame({{"the images", [&] { samples_.calibration_content = "others"; }},
                 {"no calibrating runtime", [&] { plan_.calibration_runtime.reset(); }},
                 {"the processor", [&] { plan_.host[0].value = "neon"; }}});
}

}  // namespace
}  // namespace qbench::run
