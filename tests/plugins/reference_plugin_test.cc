// The `reference` plugin through its C tables, as the host uses it.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "graph/tflite/tflite_writer.h"
#include "qbench/profile.h"
#include "qbench/runtime.h"

namespace qbench {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kPlugin = QBENCH_BINARY_DIR "/lib/qbench/plugins/reference.so";

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

// One operator from x to y.
Bytes ModelOf(graph::OpKind kind, graph::DataType type, const graph::Quantization& x_scale,
              const graph::Quantization& y_scale) {
  graph::Model model;
  graph::Graph& graph = model.graph;
  graph::Tensor tensor{.name = "x", .type = type, .shape = {1, 3}, .dynamic_batch = true};
  tensor.quantization = x_scale;
  const graph::TensorId x = graph.AddTensor(tensor);
  tensor.name = "y";
  tensor.quantization = y_scale;
  const graph::TensorId y = graph.AddTensor(tensor);
  const bool binary = kind == graph::OpKind::kAdd;
  graph.ops.push_back({kind,
                       graph::DefaultOptions(kind),
                       binary ? std::vector<graph::TensorId>{x, x} : std::vector{x},
                       {y},
                       "op"});
  graph.inputs = {x};
  graph.outputs = {y};
  const Result<Bytes> bytes = graph::WriteTflite(model);
  EXPECT_TRUE(bytes.ok()) << bytes.status().message();
  return bytes.ok() ? *bytes : Bytes();
}

// y = x + x, int8.
Bytes DoubleModel() {
  return ModelOf(graph::OpKind::kAdd, graph::DataType::kInt8,
                 {.scales = {0.5F}, .zero_points = {-3}}, {.scales = {1.0F}, .zero_points = {7}});
}

class ReferencePlugin : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(Factory(), nullptr) << "cannot load " << kPlugin;
    runtime_ = Make();
    ASSERT_NE(runtime_, nullptr);
  }
  static Runtime Make() {
    qbench_runtime* runtime = nullptr;
    EXPECT_EQ(Factory()->create(nullptr, "reference", &runtime), QBENCH_OK);
    return Runtime(runtime);
  }
  qbench_status Init(uint32_t threads) {
    return runtime_->init(runtime_.get(), nullptr, 0, threads);
  }
  qbench_status Load(const Bytes& model) {
    return runtime_->load(runtime_.get(), model.data(), model.size());
  }
  std::string LastError() const { return runtime_->last_error(runtime_.get()); }

  Runtime runtime_;
};

TEST_F(ReferencePlugin, IsAnOracleThatWorksEverywhere) {
  ASSERT_EQ(Factory()->count(), 1U);
  const qbench_runtime_descriptor* descriptor = Factory()->get_descriptor(0);
  EXPECT_STREQ(descriptor->base.id, "reference");
  EXPECT_NE(descriptor->oracle, 0);
  std::array<char, 100> reason{};
  EXPECT_EQ(Factory()->probe("reference", reason.data(), reason.size()), QBENCH_OK);
}

TEST_F(ReferencePlugin, RunsAnInt8Model) {
  const Bytes model = DoubleModel();
  ASSERT_EQ(Init(4), QBENCH_OK) << LastError();
  ASSERT_EQ(Load(model), QBENCH_OK) << LastError();
  ASSERT_EQ(runtime_->input_count(runtime_.get()), 1U);
  ASSERT_EQ(runtime_->output_count(runtime_.get()), 1U);
  const qbench_tensor_info* input = runtime_->input_info(runtime_.get(), 0);
  EXPECT_EQ(input->type, QBENCH_INT8);
  EXPECT_EQ(input->scale, 0.5F);
  EXPECT_EQ(input->zero_point, -3);
  ASSERT_EQ(input->rank, 2);
  EXPECT_EQ(input->dims[0], 1);
  EXPECT_EQ(input->dims[1], 3);
  for (int pass = 0; pass < 2; ++pass) {
    const std::array<int8_t, 3> x = {-3, 1, static_cast<int8_t>(pass)};  // reals 0, 2, …
    std::array<int8_t, 3> y{};
    ASSERT_EQ(runtime_->set_input(runtime_.get(), 0, x.data(), x.size()), QBENCH_OK);
    ASSERT_EQ(runtime_->invoke(runtime_.get()), QBENCH_OK) << LastError();
    ASSERT_EQ(runtime_->get_output(runtime_.get(), 0, y.data(), y.size()), QBENCH_OK);
    EXPECT_THAT(y, ElementsAre(7, 11, 10 + pass));
  }
}

TEST_F(ReferencePlugin, RefusesOptionsItDoesNotHave) {
  const qbench_option option = {"kernels", "fast"};
  EXPECT_EQ(runtime_->init(runtime_.get(), &option, 1, 1), QBENCH_INVALID_ARGUMENT);
  EXPECT_THAT(LastError(), HasSubstr("kernels"));
}

TEST_F(ReferencePlugin, RefusesABrokenModel) {
  Bytes model = DoubleModel();
  model.resize(model.size() / 2);
  ASSERT_EQ(Init(1), QBENCH_OK);
  EXPECT_EQ(Load(model), QBENCH_INVALID_ARGUMENT);
  EXPECT_NE(LastError(), "");
  EXPECT_EQ(runtime_->invoke(runtime_.get()), QBENCH_INVALID_ARGUMENT);
}

TEST_F(ReferencePlugin, NamesWhatItCannotRun) {
  ASSERT_EQ(Init(1), QBENCH_OK);
  const Bytes model = ModelOf(graph::OpKind::kHardSwish, graph::DataType::kInt16,
                              {.scales = {1e-3F}, .zero_points = {0}},
                              {.scales = {1.0F / 32768.0F}, .zero_points = {0}});
  EXPECT_EQ(Load(model), QBENCH_UNSUPPORTED);
  EXPECT_THAT(LastError(), HasSubstr("HARD_SWISH"));
}

TEST_F(ReferencePlugin, TellsWhereItsTimeGoes) {
  const auto* profile = static_cast<const qbench_runtime_profile*>(
      runtime_->get_extension(runtime_.get(), QBENCH_RUNTIME_PROFILE));
  ASSERT_NE(profile, nullptr);
  const Bytes model = DoubleModel();
  ASSERT_EQ(Init(1), QBENCH_OK);
  ASSERT_EQ(profile->enable(runtime_.get()), QBENCH_OK) << LastError();
  ASSERT_EQ(Load(model), QBENCH_OK) << LastError();
  EXPECT_EQ(profile->event_count(runtime_.get()), 0U);
  for (int pass = 0; pass < 2; ++pass) {
    ASSERT_EQ(runtime_->invoke(runtime_.get()), QBENCH_OK) << LastError();
    ASSERT_EQ(profile->event_count(runtime_.get()), 1U);
    const qbench_profile_event* event = profile->event(runtime_.get(), 0);
    EXPECT_EQ(event->op, 0);
    EXPECT_EQ(event->partition, -1);
    EXPECT_STREQ(event->name, "ADD");
  }
  EXPECT_EQ(profile->resolution_ns(runtime_.get()), 1U);
  EXPECT_EQ(profile->delegate_name(runtime_.get()), nullptr);
}

TEST_F(ReferencePlugin, RefusesWrongSizes) {
  const Bytes model = DoubleModel();
  ASSERT_EQ(Init(1), QBENCH_OK);
  ASSERT_EQ(Load(model), QBENCH_OK) << LastError();
  std::array<int8_t, 4> data{};
  EXPECT_EQ(runtime_->set_input(runtime_.get(), 0, data.data(), data.size()),
            QBENCH_INVALID_ARGUMENT);
  EXPECT_EQ(runtime_->get_output(runtime_.get(), 1, data.data(), 3), QBENCH_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace qbench
