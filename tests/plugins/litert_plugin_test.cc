// The `litert` plugin through its C tables, as the host uses it, on a small model of our own.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <thread>

#include "base/files.h"
#include "graph/tflite/tflite_writer.h"
#include "qbench/runtime.h"
#include "tests/graph/foreign_file.h"

namespace qbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kPlugin = QBENCH_BINARY_DIR "/lib/qbench/plugins/litert.so";

const qbench_runtime_factory* Factory() {
  static const auto* factory = []() -> const qbench_runtime_factory* {
    void* library = dlopen(kPlugin, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return nullptr;
    const auto* entry =
        static_cast<const qbench_plugin_entry_t*>(dlsym(library, "qbench_plugin_entry"));
    if (entry == nullptr || entry->init(kPlugin) != QBENCH_OK) return nullptr;
    return static_cast<const qbench_runtime_factory*>(entry->get_factory(QBENCH_RUNTIME_FACTORY));
  }();
  return factory;
}

struct Destroyer {
  void operator()(qbench_runtime* runtime) const { runtime->destroy(runtime); }
};
using Runtime = std::unique_ptr<qbench_runtime, Destroyer>;

Runtime MakeRuntime() {
  qbench_runtime* runtime = nullptr;
  EXPECT_EQ(Factory()->create(nullptr, "litert", &runtime), QBENCH_OK);
  return Runtime(runtime);
}

struct alignas(64) ModelBytes {
  std::array<uint8_t, 4096> data{};
  size_t size = 0;
};

// y = relu(x + 1) over four numbers.
ModelBytes AddOneModel() {
  graph::Model model;
  graph::Graph& graph = model.graph;
  graph::Tensor tensor;
  tensor.shape = {1, 4};
  tensor.name = "x";
  const graph::TensorId x = graph.AddTensor(tensor);
  const graph::TensorId one = graph.AddConstant("one", {1, 4}, std::vector<float>(4, 1.0F));
  tensor.name = "y";
  const graph::TensorId y = graph.AddTensor(tensor);
  graph.ops.push_back(
      {graph::OpKind::kAdd, graph::BinaryOptions{graph::Activation::kRelu}, {x, one}, {y}, "add"});
  graph.inputs = {x};
  graph.outputs = {y};
  const Result<Bytes> bytes = graph::WriteTflite(model);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  ModelBytes aligned;
  aligned.size = bytes->size();
  std::copy(bytes->begin(), bytes->end(), aligned.data.begin());
  return aligned;
}

std::array<float, 4> Answer(qbench_runtime* runtime, std::array<float, 4> input) {
  std::array<float, 4> output{};
  EXPECT_EQ(runtime->set_input(runtime, 0, input.data(), sizeof(input)), QBENCH_OK);
  EXPECT_EQ(runtime->invoke(runtime), QBENCH_OK) << runtime->last_error(runtime);
  EXPECT_EQ(runtime->get_output(runtime, 0, output.data(), sizeof(output)), QBENCH_OK);
  return output;
}

// Most tests need the library. Where it is missing they are skipped if the environment says that
// this is meant, and fail otherwise, so that no machine passes without it by accident.
class LitertPlugin : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(Factory(), nullptr) << "cannot load " << kPlugin;
    std::array<char, 512> reason{};
    if (Factory()->probe("litert", reason.data(), reason.size()) == QBENCH_OK) return;
    const char* allowed = std::getenv("QBENCH_ALLOW_NO_LITERT");
    if (allowed != nullptr && std::string_view(allowed) == "1") GTEST_SKIP() << reason.data();
    FAIL() << reason.data() << " (QBENCH_ALLOW_NO_LITERT=1 skips this)";
  }
};

TEST_F(LitertPlugin, RunsAModelInEachKernelMode) {
  const ModelBytes model = AddOneModel();
  for (const char* kernels : {"xnnpack", "builtin", "reference"}) {
    const Runtime runtime = MakeRuntime();
    const qbench_option option = {"kernels", kernels};
    ASSERT_EQ(runtime->init(runtime.get(), &option, 1, 2), QBENCH_OK)
        << runtime->last_error(runtime.get());
    ASSERT_EQ(runtime->load(runtime.get(), model.data.data(), model.size), QBENCH_OK)
        << runtime->last_error(runtime.get());
    EXPECT_EQ(runtime->input_count(runtime.get()), 1U);
    EXPECT_STREQ(runtime->input_info(runtime.get(), 0)->name, "x");
    EXPECT_EQ(runtime->output_info(runtime.get(), 1), nullptr);
    EXPECT_THAT(Answer(runtime.get(), {1, -2, 3.5F, -0.5F}), ElementsAre(2, 0, 4.5F, 0.5F));
    EXPECT_THAT(Answer(runtime.get(), {0, 0, 0, -3}), ElementsAre(1, 1, 1, 0));
  }
}

TEST_F(LitertPlugin, RunsSeveralObjectsAtOnce) {
  const ModelBytes model = AddOneModel();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&model, t] {
      const Runtime runtime = MakeRuntime();
      ASSERT_EQ(runtime->init(runtime.get(), nullptr, 0, 1), QBENCH_OK);
      ASSERT_EQ(runtime->load(runtime.get(), model.data.data(), model.size), QBENCH_OK);
      const auto x = static_cast<float>(t);
      for (int i = 0; i < 200; ++i) {
        ASSERT_THAT(Answer(runtime.get(), {x, x, x, x}), ElementsAre(x + 1, x + 1, x + 1, x + 1));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(LitertPlugin, RefusesABrokenModel) {
  ModelBytes model = AddOneModel();
  const Runtime runtime = MakeRuntime();
  ASSERT_EQ(runtime->init(runtime.get(), nullptr, 0, 1), QBENCH_OK);
  EXPECT_EQ(runtime->load(runtime.get(), model.data.data(), model.size / 2),
            QBENCH_INVALID_ARGUMENT);
  EXPECT_NE(std::string_view(runtime->last_error(runtime.get())), "");
}

ModelBytes Aligned(const Bytes& bytes) {
  ModelBytes aligned;
  aligned.size = bytes.size();
  EXPECT_LE(bytes.size(), aligned.data.size());
  std::copy(bytes.begin(), bytes.end(), aligned.data.begin());
  return aligned;
}

// What the plugin says of a model that it cannot load.
std::string LoadError(const Bytes& bytes) {
  const ModelBytes model = Aligned(bytes);
  const Runtime runtime = MakeRuntime();
  EXPECT_EQ(runtime->init(runtime.get(), nullptr, 0, 1), QBENCH_OK);
  EXPECT_NE(runtime->load(runtime.get(), model.data.data(), model.size), QBENCH_OK);
  return runtime->last_error(runtime.get());
}

// An integer convolution whose result is to be multiplied by a million, which XNNPACK refuses.
Bytes ScaleOutOfRange() {
  graph::Model model;
  graph::Graph& graph = model.graph;
  const auto tensor = [](const char* name, graph::Shape shape, graph::DataType type, float scale) {
    return graph::Tensor{.name = name,
                         .type = type,
                         .shape = std::move(shape),
                         .quantization = graph::Quantization{{scale}, {0}, 0}};
  };
  const graph::TensorId x =
      graph.AddTensor(tensor("x", {1, 2, 2, 1}, graph::DataType::kInt8, 1.0F));
  graph::Tensor filter = tensor("w", {1, 1, 1, 1}, graph::DataType::kInt8, 1.0e6F);
  filter.constant = graph::MakeConstant(std::vector<int8_t>{1});
  const graph::TensorId w = graph.AddTensor(std::move(filter));
  graph::Tensor bias = tensor("b", {1}, graph::DataType::kInt32, 1.0e6F);
  bias.constant = graph::MakeConstant(std::vector<int32_t>{0});
  const graph::TensorId b = graph.AddTensor(std::move(bias));
  const graph::TensorId y =
      graph.AddTensor(tensor("y", {1, 2, 2, 1}, graph::DataType::kInt8, 1.0F));
  graph.ops.push_back({graph::OpKind::kConv2D, graph::Conv2DOptions{}, {x, w, b}, {y}, "conv"});
  graph.inputs = {x};
  graph.outputs = {y};
  const Result<Bytes> bytes = graph::WriteTflite(model);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return *bytes;
}

TEST_F(LitertPlugin, SaysWhatLiteRtSaysOfAModelThatDoesNotLoad) {
  constexpr int32_t kCustom = 32;
  EXPECT_THAT(LoadError(graph::ForeignFile{.code = kCustom, .custom_code = "Mine"}.Build()),
              HasSubstr("LiteRT says: Encountered unresolved custom op: Mine."));
  EXPECT_THAT(LoadError(graph::ForeignFile{.code = 250}.Build()),
              HasSubstr("LiteRT failed to compile the model: runtime failure (3); LiteRT says: Op "
                        "builtin_code out of range: 250"));
  const std::string scale = LoadError(ScaleOutOfRange());
  EXPECT_THAT(scale, HasSubstr("it loads without XNNPACK, with the option kernels=builtin"));
  EXPECT_THAT(scale, HasSubstr("LiteRT says: failed to create XNNPACK runtime"));
  EXPECT_THAT(LoadError(graph::ForeignFile{.shape_signature = {-1, -1}}.Build()),
              HasSubstr("its size is free"));
}

// Indices beyond the end are found when the model is run, and not before.
TEST_F(LitertPlugin, SaysWhatLiteRtSaysOfARunThatFails) {
  const auto file = ReadFile(QBENCH_SOURCE_DIR "/tests/plugins/data/gather_out_of_range.tflite");
  ASSERT_TRUE(file.ok());
  const ModelBytes model = Aligned(*file);
  const Runtime runtime = MakeRuntime();
  ASSERT_EQ(runtime->init(runtime.get(), nullptr, 0, 1), QBENCH_OK);
  ASSERT_EQ(runtime->load(runtime.get(), model.data.data(), model.size), QBENCH_OK)
      << runtime->last_error(runtime.get());
  const std::array<float, 4> input{};
  ASSERT_EQ(runtime->set_input(runtime.get(), 0, input.data(), sizeof(input)), QBENCH_OK);
  EXPECT_NE(runtime->invoke(runtime.get()), QBENCH_OK);
  EXPECT_THAT(runtime->last_error(runtime.get()),
              HasSubstr("LiteRT says: gather index out of bounds"));
}

TEST_F(LitertPlugin, TellsItsLibrary) {
  const Runtime runtime = MakeRuntime();
  ASSERT_EQ(runtime->init(runtime.get(), nullptr, 0, 1), QBENCH_OK);
  const auto* facts = static_cast<const qbench_plugin_facts*>(
      runtime->get_extension(runtime.get(), QBENCH_PLUGIN_FACTS));
  ASSERT_NE(facts, nullptr);
  std::map<std::string, std::string> values;
  for (uint32_t i = 0; i < facts->count(runtime.get()); ++i) {
    const char* name = nullptr;
    const char* value = nullptr;
    ASSERT_EQ(facts->get(runtime.get(), i, &name, &value), QBENCH_OK);
    values[name] = value;
  }
  EXPECT_EQ(values["library_sha256"].size(), 64U);
  EXPECT_FALSE(values["library_version"].empty());
}

// What follows needs no library.
// What the probe says where the environment names `library`. In a process of its own, since the
// library is looked for once.
void ProbeAndExit(const char* library) {
  setenv("QBENCH_LITERT_LIBRARY", library, 1);
  char reason[512] = {};
  const qbench_status status = Factory()->probe("litert", reason, sizeof(reason));
  std::fputs(reason, stderr);
  std::exit(status == QBENCH_UNAVAILABLE ? 0 : 1);
}

TEST(LitertPluginDeathTest, NamesTheCommandThatInstallsIt) {
  EXPECT_EXIT(ProbeAndExit("/nowhere/libLiteRt.so"), ::testing::ExitedWithCode(0),
              "/nowhere/libLiteRt.so, which is no file.*scripts/setup.sh");
}

TEST(LitertPluginDeathTest, RefusesALibraryThatIsNotLitert) {
  EXPECT_EXIT(ProbeAndExit(kPlugin), ::testing::ExitedWithCode(0), "has no function LiteRt");
}

TEST(LitertPluginOptions, RefusesUnknownOptions) {
  const Runtime runtime = MakeRuntime();
  const qbench_option option = {"kernels", "fast"};
  EXPECT_EQ(runtime->init(runtime.get(), &option, 1, 1), QBENCH_INVALID_ARGUMENT);
  EXPECT_THAT(runtime->last_error(runtime.get()), HasSubstr("xnnpack|builtin|reference"));
}

}  // namespace
}  // namespace qbench
