// The `xnnpack` plugin as the host uses it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/aligned_bytes.h"
#include "graph/tflite/tflite_writer.h"
#include "harness/host/plugin_library.h"
#include "tests/graph/model_builder.h"

namespace qbench {
namespace {

using testing::HasSubstr;

class XnnpackPlugin : public testing::Test {
 protected:
  void SetUp() override {
    auto library = host::PluginLibrary::Load(QBENCH_BINARY_DIR "/lib/qbench/plugins/xnnpack.so");
    ASSERT_TRUE(library.ok()) << library.status().message();
    library_ = *library;
    const Status probe = library_->ProbeRuntime("xnnpack");
    ASSERT_TRUE(probe.ok()) << probe.message();
  }
  host::Runtime Make() {
    auto runtime = library_->CreateRuntime("xnnpack", nullptr);
    EXPECT_TRUE(runtime.ok()) << runtime.status().message();
    return std::move(*runtime);
  }
  static std::map<std::string, std::string> FactsOf(host::Runtime& runtime) {
    std::map<std::string, std::string> facts;
    auto list = runtime.Facts();
    EXPECT_TRUE(list.ok()) << list.status().message();
    for (const host::Fact& fact : *list) facts[fact.name] = fact.value;
    return facts;
  }

  std::shared_ptr<host::PluginLibrary> library_;
};

TEST_F(XnnpackPlugin, IsARuntimeForMeasuring) {
  const host::PluginDescriptor* descriptor = library_->Find(host::PluginKind::kRuntime, "xnnpack");
  ASSERT_NE(descriptor, nullptr);
  EXPECT_FALSE(descriptor->oracle);
}

TEST_F(XnnpackPlugin, TellsItsLibraryAndWhereOperatorsRan) {
  const Result<Bytes> file = graph::WriteTflite(graph::EveryFloatOperator());
  ASSERT_TRUE(file.ok());
  const AlignedBytes model{ByteSpan(*file)};
  host::Runtime runtime = Make();
  ASSERT_TRUE(runtime.Init({}, 2).ok());
  auto facts = FactsOf(runtime);
  EXPECT_THAT(facts["library_path"], HasSubstr("XNNPACK"));
  EXPECT_EQ(facts["library_sha256"].size(), 64U);
  EXPECT_FALSE(facts.contains("operators_on_kernels"));

  const Status loaded = runtime.Load(model.span());
  ASSERT_TRUE(loaded.ok()) << loaded.message();
  facts = FactsOf(runtime);
  EXPECT_THAT(facts["operators_on_xnnpack"], HasSubstr(" subgraphs"));
  EXPECT_THAT(facts["operators_on_kernels"], HasSubstr("TANH x1"));
  EXPECT_FALSE(facts.contains("time_on_kernels"));

  ASSERT_TRUE(runtime.SetInput(0, Bytes(runtime.inputs()[0].ByteSize())).ok());
  ASSERT_TRUE(runtime.Invoke().ok());
  EXPECT_THAT(FactsOf(runtime)["time_on_kernels"], testing::MatchesRegex("[0-9]+\\.[0-9] %"));
}

TEST_F(XnnpackPlugin, TellsWhereItsTimeGoes) {
  const graph::Model whole = graph::EveryFloatOperator();
  const Result<Bytes> file = graph::WriteTflite(whole);
  ASSERT_TRUE(file.ok());
  const AlignedBytes model{ByteSpan(*file)};
  host::Runtime runtime = Make();
  ASSERT_TRUE(runtime.Init({}, 1).ok());
  ASSERT_TRUE(runtime.EnableProfile().ok());
  ASSERT_TRUE(runtime.Load(model.span()).ok());
  ASSERT_TRUE(runtime.SetInput(0, Bytes(runtime.inputs()[0].ByteSize())).ok());
  ASSERT_TRUE(runtime.Invoke().ok());
  const Result<host::Profile> profile = runtime.ReadProfile();
  ASSERT_TRUE(profile.ok()) << profile.status().message();
  EXPECT_EQ(profile->events.size(), whole.graph.ops.size());
  EXPECT_EQ(profile->delegate, "XNNPACK");
}

TEST_F(XnnpackPlugin, RefusesOptionsItDoesNotHave) {
  host::Runtime runtime = Make();
  const std::vector<host::Option> options = {{"kernels", "fast"}};
  const Status status = runtime.Init(options, 1);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("kernels"));
}

}  // namespace
}  // namespace qbench
