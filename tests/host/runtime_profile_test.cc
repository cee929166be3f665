// The profile extension through the host's classes, with a runtime of which every time is known.
#include "base/aligned_bytes.h"
#include "gmock/gmock.h"
#include "graph/tflite/tflite_writer.h"
#include "harness/host/plugin_host.h"
#include "harness/host/plugin_library.h"

namespace qbench::host {
namespace {

using ::testing::HasSubstr;

// float32 [1, 2, 2, 3] -> MEAN over height and width -> [1, 3].
Bytes MeanModel() {
  graph::Model model;
  graph::Graph& graph = model.graph;
  const graph::TensorId x = graph.AddTensor({.name = "x", .shape = {1, 2, 2, 3}});
  const graph::TensorId axes = graph.AddConstant("axes", {2}, std::vector<int32_t>{1, 2});
  const graph::TensorId y = graph.AddTensor({.name = "y", .shape = {1, 3}});
  graph.inputs = {x};
  graph.outputs = {y};
  graph.ops.push_back({graph::OpKind::kMean, graph::MeanOptions{}, {x, axes}, {y}, "mean"});
  Result<Bytes> bytes = graph::WriteTflite(model);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return bytes.ok() ? *bytes : Bytes();
}

class RuntimeProfile : public ::testing::Test {
 protected:
  Result<Runtime> Make(const std::string& folder, const std::string& id) {
    const std::string file = std::string(QBENCH_BINARY_DIR "/lib/qbench/") + folder + "/" + id;
    QB_ASSIGN_OR_RETURN(const auto library, PluginLibrary::Load(file + ".so"));
    return library->CreateRuntime(id, host_.host());
  }

  Status Run(Runtime& runtime) {
    QB_RETURN_IF_ERROR(runtime.Load(model_.span()));
    const Bytes input(runtime.inputs()[0].ByteSize());
    QB_RETURN_IF_ERROR(runtime.SetInput(0, input));
    return runtime.Invoke();
  }

  PluginHost host_{"test", {}};
  AlignedBytes model_{MeanModel()};
};

TEST_F(RuntimeProfile, ReadsTheLatestInvoke) {
  Result<Runtime> runtime = Make("fake", "fake_runtime");
  ASSERT_TRUE(runtime.ok()) << runtime.status().message();
  ASSERT_TRUE(runtime->Init({}, 1).ok());
  ASSERT_TRUE(runtime->EnableProfile().ok());
  ASSERT_TRUE(Run(*runtime).ok());
  for (const uint64_t time : {30000, 10000, 20000}) {
    const Result<Profile> profile = runtime->ReadProfile();
    ASSERT_TRUE(profile.ok()) << profile.status().message();
    ASSERT_EQ(profile->events.size(), 3U);
    EXPECT_EQ(profile->events[0].op, 0);
    EXPECT_EQ(profile->events[0].partition, 0);
    EXPECT_EQ(profile->events[0].name, "Mean (ND)");
    EXPECT_EQ(profile->events[0].time_ns, time);
    EXPECT_EQ(profile->events[2].op, -1);
    EXPECT_EQ(profile->events[2].partition, -1);
    EXPECT_EQ(profile->resolution_ns, 1000U);
    EXPECT_EQ(profile->delegate, "FAKE");
    ASSERT_TRUE(runtime->Invoke().ok());
  }
}

TEST_F(RuntimeProfile, IsEnabledBetweenInitAndLoad) {
  Result<Runtime> early = Make("fake", "fake_runtime");
  ASSERT_TRUE(early.ok());
  EXPECT_THAT(early->EnableProfile().message(), HasSubstr("after init() and before load()"));
  ASSERT_TRUE(early->Init({}, 1).ok());
  ASSERT_TRUE(Run(*early).ok());
  EXPECT_THAT(early->EnableProfile().message(), HasSubstr("after init() and before load()"));
  // Without enable there is nothing to read.
  EXPECT_THAT(early->ReadProfile().status().message(), HasSubstr("has 0 events"));
}

TEST_F(RuntimeProfile, SaysWhoHasNone) {
  Result<Runtime> runtime = Make("examples", "template_runtime");
  ASSERT_TRUE(runtime.ok()) << runtime.status().message();
  ASSERT_TRUE(runtime->Init({}, 1).ok());
  const Status status = runtime->EnableProfile();
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("template_runtime cannot say where its time goes"));
}

TEST_F(RuntimeProfile, HandsOnARefusal) {
  Result<Runtime> runtime = Make("fake", "fake_runtime");
  ASSERT_TRUE(runtime.ok());
  const Option refused{"profile", "refused"};
  ASSERT_TRUE(runtime->Init({&refused, 1}, 1).ok());
  EXPECT_EQ(runtime->EnableProfile().message(), "fake_runtime: no profile, as told");
}

}  // namespace
}  // namespace qbench::host
