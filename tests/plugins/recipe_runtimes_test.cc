// Partly quantized models of a real network in every runtime, on real images.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "base/files.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "quantize/full_integer.h"
#include "quantize/recipe/recipe.h"
#include "tests/graph/peer_files.h"
#include "tests/plugins/runtime_comparison.h"
#include "tests/quantize/run_model.h"

namespace qbench::quantize {
namespace {

using graph::DataType;

// A file in memory at the alignment that LiteRT asks for.
class AlignedFile {
 public:
  explicit AlignedFile(const Bytes& bytes)
      : blocks_((bytes.size() + 63) / 64), size_(bytes.size()) {
    std::memcpy(blocks_.data(), bytes.data(), bytes.size());
  }
  ByteSpan bytes() const { return {blocks_.front().bytes.data(), size_}; }

 private:
  struct alignas(64) Block {
    std::array<uint8_t, 64> bytes;
  };
  std::vector<Block> blocks_;
  size_t size_;
};

class RecipeRuntimes : public ::testing::Test {
 protected:
  void SetUp() override {
    if (graph::PeerTfliteFiles("mbv2_035_96.tf_float").empty()) GTEST_SKIP() << graph::kNoPeers;
    const auto folder = graph::SharedDir() / "peers";
    auto file = ReadFile(folder / "mbv2_035_96.tf_float.tflite");
    ASSERT_TRUE(file.ok()) << file.status().message();
    auto model = graph::ReadTflite(std::make_shared<const Bytes>(std::move(*file)));
    ASSERT_TRUE(model.ok()) << model.status().message();
    model_ = std::move(*model);
    ReadImages(folder / "mbv2_035_96.check_x.npy");
    ranges_ = MeasureRanges(model_, images_);
    for (const auto& scores : RunModel(model_, images_)) expected_.push_back(TopOne(scores));
  }

  // The preprocessed images of a .npy file of float32: they are at its end.
  void ReadImages(const std::filesystem::path& path) {
    const auto file = ReadFile(path);
    ASSERT_TRUE(file.ok()) << file.status().message();
    const auto& input = model_.graph.tensors[static_cast<size_t>(model_.graph.inputs[0])];
    const size_t size = static_cast<size_t>(graph::ElementCount(input.shape)) * sizeof(float);
    const size_t count = file->size() / size;
    const uint8_t* at = file->data() + file->size() - count * size;
    for (; images_.size() < count; at += size) {
      std::memcpy(images_.emplace_back(size / sizeof(float)).data(), at, size);
    }
    ASSERT_GE(images_.size(), 4U);
  }

  static size_t TopOne(const std::vector<float>& scores) {
    return static_cast<size_t>(std::ranges::max_element(scores) - scores.begin());
  }

  graph::Model Quantized(std::string_view rules, DataType activations) const {
    OperatorChoices choices(model_.graph.ops.size());
    const auto recipe = ParseRecipe(rules, "test.toml");
    EXPECT_TRUE(recipe.ok()) << recipe.status().message();
    const Status applied = ApplyRecipe(*recipe, model_, {}, choices);
    EXPECT_TRUE(applied.ok()) << applied.message();
    Warnings warnings;
    const auto scales = ChooseActivationScales(model_, ranges_, warnings, activations, choices);
    EXPECT_TRUE(scales.ok()) << scales.status().message();
    auto mixed = QuantizeFullInteger(model_, *scales,
                                     {.activations = activations, .choices = choices}, warnings);
    EXPECT_TRUE(mixed.ok()) << mixed.status().message();
    return std::move(*mixed);
  }

  void ExpectFloatsAnswers(const graph::Model& mixed, const char* runtime,
                           const qbench_option& option) const {
    SCOPED_TRACE(fmt::format("{}:{}={}", runtime, option.name, option.value));
    const auto file = graph::WriteTflite(mixed);
    ASSERT_TRUE(file.ok()) << file.status().message();
    const AlignedFile aligned(*file);
    auto loaded = PluginModel::Load(runtime, option, aligned.bytes());
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    for (size_t i = 0; i < images_.size(); ++i) {
      Bytes input(images_[i].size() * sizeof(float));
      std::memcpy(input.data(), images_[i].data(), input.size());
      const Status status = loaded->Run({input});
      ASSERT_TRUE(status.ok()) << status.message();
      std::vector<float> scores(6);
      const auto output = loaded->Output(0, scores.size() * sizeof(float));
      ASSERT_TRUE(output.ok()) << output.status().message();
      std::memcpy(scores.data(), output->data(), output->size());
      EXPECT_EQ(TopOne(scores), expected_[i]) << "image " << i;
    }
  }

  graph::Model model_;
  std::vector<std::vector<float>> images_;
  TensorRanges ranges_;
  std::vector<size_t> expected_;
};

constexpr const char* kRecipes[] = {
    "[[rule]]\nposition = \"0-3\"\ncompute = \"float\"",
    "[[rule]]\ncompute = \"float\"\n[[rule]]\noperator = \"CONV_2D\"\ncompute = \"integer\"",
    "[[rule]]\noperator = [\"ADD\", \"DEPTHWISE_CONV_2D\"]\ncompute = \"float\"",
    "[[rule]]\nposition = \"last\"\ncompute = \"float\"\n[[rule]]\nactivations = \"symmetric\"",
};

TEST_F(RecipeRuntimes, TheReferenceAnswersAsTheFloatModel) {
  for (const char* rules : kRecipes) {
    SCOPED_TRACE(rules);
    for (const char* arithmetic : {"reference", "builtin", "xnnpack"}) {
      ExpectFloatsAnswers(Quantized(rules, DataType::kInt8), "reference",
                          {"arithmetic", arithmetic});
    }
  }
}

TEST_F(RecipeRuntimes, LitertAnswersAsTheFloatModel) {
  if (const std::string reason = WhyNoLitert(); !reason.empty()) {
    const char* allowed = std::getenv("QBENCH_ALLOW_NO_LITERT");
    if (allowed != nullptr && std::string_view(allowed) == "1") GTEST_SKIP() << reason;
    FAIL() << reason << " (QBENCH_ALLOW_NO_LITERT=1 skips this)";
  }
  for (const char* rules : kRecipes) {
    SCOPED_TRACE(rules);
    for (const char* kernels : {"reference", "builtin", "xnnpack"}) {
      ExpectFloatsAnswers(Quantized(rules, DataType::kInt8), "litert", {"kernels", kernels});
    }
  }
  ExpectFloatsAnswers(Quantized(kRecipes[0], DataType::kInt16), "litert", {"kernels", "xnnpack"});
}

}  // namespace
}  // namespace qbench::quantize
