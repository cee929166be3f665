// What is said of a model's input before an image is tried.
#include "harness/plan/first_guess.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"

namespace qbench::plan {
namespace {

using datasets::Channels;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

PlannedModel Model(std::vector<std::string> layers = {"conv2d"}) {
  PlannedModel model;
  model.path = "net.h5";
  model.stem = "net";
  model.input_shape = {1, 8, 8, 3};
  model.output_shape = {1, 2};
  model.input_traits.layers = std::move(layers);
  return model;
}

// A normalization of all channels alike.
PlannedModel WithArithmetic(float factor, float offset) {
  PlannedModel model = Model();
  model.input_traits.factor.assign(3, factor);
  model.input_traits.offset.assign(3, offset);
  return model;
}

FirstGuess Guess(const PlannedModel& model) {
  const Result<FirstGuess> guess = GuessInput(model);
  EXPECT_TRUE(guess.ok()) << guess.status().message();
  return guess.ok() ? *guess : FirstGuess();
}

TEST(FirstGuess, IsTheMetadataWhereTheyHaveANormalization) {
  PlannedModel model = WithArithmetic(1 / 255.0F, 0);
  model.metadata = {{"mean", {127}}, {"std", {128}}};
  const FirstGuess guess = Guess(model);
  EXPECT_FALSE(guess.guess);
  EXPECT_EQ(guess.normalization.name, datasets::kMinusOneToOne);
  EXPECT_THAT(guess.normalization.mean, ElementsAre(127, 127, 127));
  EXPECT_EQ(guess.resize, datasets::Resize::kTfBilinear);
  EXPECT_THAT(guess.source, HasSubstr("metadata"));
  EXPECT_EQ(GuessInput(model, true)->normalization.name, datasets::kPixels);
  model.metadata = {{"mean", {1, 2}}, {"std", {1, 2}}};
  EXPECT_THAT(GuessInput(model).status().message(), HasSubstr("net.h5: its metadata have 2"));
}

TEST(FirstGuess, FollowsFromArithmeticAtTheStart) {
  const auto name = [](float factor, float offset) {
    const FirstGuess guess = Guess(WithArithmetic(factor, offset));
    return guess.guess ? "a guess" : guess.normalization.name;
  };
  EXPECT_EQ(name(1 / 255.0F, 0), datasets::kPixels);
  EXPECT_EQ(name(1 / 127.5F, -1), datasets::kPixels);
  EXPECT_EQ(name(1, -116.779F), datasets::kPixels);  // Caffe's mean in the model
  EXPECT_EQ(name(2, -1), datasets::kZeroToOne);
  EXPECT_EQ(name(1 / 0.229F, -0.485F / 0.229F), datasets::kZeroToOne);
  EXPECT_EQ(name(255, 0), datasets::kZeroToOne);  // back to pixels
  EXPECT_EQ(name(0.5F, 0.5F), datasets::kMinusOneToOne);
  EXPECT_EQ(name(127.5F, 127.5F), datasets::kMinusOneToOne);
  // Nothing that anybody does to pixels.
  EXPECT_EQ(name(1, 0), "a guess");
  EXPECT_EQ(name(-1, 1), "a guess");
  EXPECT_EQ(name(0, 1), "a guess");
  EXPECT_EQ(name(1e-6F, 0), "a guess");
  EXPECT_EQ(Guess(WithArithmetic(1 / 127.5F, -1)).source,
            "the model itself begins with x * 0.007843 - 1");
}

TEST(FirstGuess, FollowsFromTheIntegersOfTheInput) {
  const auto name = [](float min, float max) {
    PlannedModel model = Model();
    model.input_traits.range = {min, max};
    const FirstGuess guess = Guess(model);
    return guess.guess ? "a guess" : guess.normalization.name;
  };
  EXPECT_EQ(name(0, 255), datasets::kPixels);
  EXPECT_EQ(name(0, 1), datasets::kZeroToOne);
  EXPECT_EQ(name(-1, 0.992F), datasets::kMinusOneToOne);
  EXPECT_EQ(name(-2.118F, 2.64F), datasets::kImageNet);
  EXPECT_EQ(name(-123.68F, 151.06F), datasets::kCaffe);
  EXPECT_EQ(name(-7, 3), "a guess");
}

TEST(FirstGuess, IsElseTheConventionOfTheFamily) {
  const auto of_layers = [](std::vector<std::string> layers) {
    const FirstGuess guess = Guess(Model(std::move(layers)));
    EXPECT_TRUE(guess.guess);
    return std::pair(guess.normalization.name, guess.channels);
  };
  EXPECT_EQ(of_layers({"Conv1", "expanded_conv_depthwise"}),
            std::pair(std::string(datasets::kMinusOneToOne), Channels::kRgb));
  EXPECT_EQ(of_layers({"conv1_conv", "pool1_pool", "conv2_block1_1_conv"}),
            std::pair(std::string(datasets::kCaffe), Channels::kBgr));
  EXPECT_EQ(of_layers({"block1_conv1", "block1_conv2"}),
            std::pair(std::string(datasets::kCaffe), Channels::kBgr));
  // Xception's first layers have VGG's names.
  EXPECT_EQ(of_layers({"block1_conv1", "block1_conv2", "block2_sepconv1"}),
            std::pair(std::string(datasets::kMinusOneToOne), Channels::kRgb));
  EXPECT_EQ(of_layers({"conv2d", "dense"}),
            std::pair(std::string(datasets::kZeroToOne), Channels::kRgb));
  PlannedModel named = Model();
  named.stem = "my-DenseNet121";
  EXPECT_EQ(Guess(named).normalization.name, datasets::kImageNet);
}

TEST(FirstGuess, OfATorchFileIsImageNets) {
  const TempDir folder = *TempDir::Create("first-guess-test");
  PlannedModel model = Model({"/conv1/Conv", "/layer1/layer1.0/conv1/Conv"});
  model.path = folder.path() / "net.onnx";
  // ir_version, then a graph with a name.
  ASSERT_TRUE(WriteFileAtomically(model.path, std::string("\x08\x07\x3A\x03\x12\x01g", 7)).ok());
  EXPECT_EQ(Guess(model).normalization.name, datasets::kImageNet);
  model.input_traits.layers = {"StatefulPartitionedCall/model/conv2d/Conv2D"};
  EXPECT_EQ(Guess(model).normalization.name, datasets::kZeroToOne);
}

TEST(FirstGuess, OfOneChannelIsGray) {
  PlannedModel model = Model({"block1_conv1"});
  model.input_shape = {1, 28, 28, 1};
  const FirstGuess guess = Guess(model);
  EXPECT_EQ(guess.channels, Channels::kGray);
  EXPECT_EQ(guess.normalization.name, datasets::kZeroToOne);
  EXPECT_EQ(guess.normalization.mean.size(), 1U);
}

}  // namespace
}  // namespace qbench::plan
