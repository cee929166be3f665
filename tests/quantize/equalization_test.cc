#include "quantize/rewrites/equalization.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "graph/validate.h"
#include "gtest/gtest.h"
#include "quantize/full_integer.h"
#include "tests/quantize/run_model.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using graph::Activation;
using graph::Op;
using graph::OpKind;
using graph::TensorId;
using Samples = std::vector<std::vector<float>>;

constexpr size_t kClasses = 20;
constexpr size_t kPixels = 8 * 8 * 3;

// Images of each class in turn: the class's own pattern under noise.
Samples MakeImages(uint32_t seed, size_t count) {
  std::mt19937 patterns(1);
  std::vector<std::vector<float>> of_class;
  for (size_t k = 0; k < kClasses; ++k) {
    of_class.push_back(RandomFloats(patterns, kPixels, -1.0F, 1.0F));
  }
  std::mt19937 random(seed);
  Samples images;
  for (size_t n = 0; n < count; ++n) {
    std::vector<float> image = RandomFloats(random, kPixels, -1.0F, 1.0F);
    for (size_t i = 0; i < kPixels; ++i) {
      image[i] = 0.6F * image[i] + 0.4F * of_class[n % kClasses][i];
    }
    images.push_back(std::move(image));
  }
  return images;
}

size_t Largest(const std::vector<float>& scores) {
  return static_cast<size_t>(std::ranges::max_element(scores) - scores.begin());
}

double Accuracy(const graph::Model& model, const Samples& images) {
  const Samples scores = RunModel(model, images);
  size_t right = 0;
  for (size_t n = 0; n < scores.size(); ++n) right += Largest(scores[n]) == n % kClasses ? 1U : 0U;
  return 100.0 * static_cast<double>(right) / static_cast<double>(images.size());
}

std::vector<float> ValuesOf(const graph::Model& model, TensorId id) {
  return model.graph.tensors[static_cast<size_t>(id)].constant->Values<float>();
}

void SetValues(graph::Model& model, TensorId id, const std::vector<float>& values) {
  model.graph.tensors[static_cast<size_t>(id)].constant = graph::MakeConstant(values);
}

// A network with RELU (not RELU6) whose last layer is fitted: its weights are the mean features of
// each class, so that it classifies MakeImages well.
graph::Model TrainedNetwork(Activation activation = Activation::kRelu) {
  const auto build = [&](std::vector<graph::TensorId>* features) {
    ModelBuilder builder(7);
    const TensorId input = builder.Input({1, 8, 8, 3});
    const TensorId a = builder.Conv(input, 16, 3, activation);
    const TensorId b = builder.Conv(a, 24, 1, activation);
    const TensorId c = builder.Conv(b, 32, 3, activation);
    const TensorId flat = builder.Flatten(builder.Pool(OpKind::kMaxPool2D, c));
    const TensorId logits = builder.Dense(flat, kClasses);
    if (features != nullptr) *features = {flat};
    return builder.Finish({features != nullptr ? flat : logits});
  };
  std::vector<TensorId> features;
  const graph::Model head = build(&features);
  const Samples images = MakeImages(2, 160);
  const Samples seen = RunModel(head, images);
  const size_t size = seen[0].size();
  std::vector<float> means(kClasses * size, 0.0F);
  std::vector<float> overall(size, 0.0F);
  for (size_t n = 0; n < seen.size(); ++n) {
    for (size_t i = 0; i < size; ++i) {
      means[n % kClasses * size + i] += seen[n][i] * kClasses / static_cast<float>(seen.size());
      overall[i] += seen[n][i] / static_cast<float>(seen.size());
    }
  }
  graph::Model model = build(nullptr);
  std::vector<float> bias(kClasses, 0.0F);
  for (size_t k = 0; k < kClasses; ++k) {
    for (size_t i = 0; i < size; ++i) {
      float& weight = means[k * size + i];
      const float mean = weight;
      weight -= overall[i];
      bias[k] -= 0.5F * (mean + overall[i]) * weight;
    }
  }
  const Op& dense = model.graph.ops.back();
  SetValues(model, dense.inputs[1], means);
  SetValues(model, dense.inputs[2], bias);
  return model;
}

// Multiplies the channels between consecutive convolutions by factors from 1/16 to 16, and divides
// the weights that read them.
void PlantRanges(graph::Model& model) {
  std::mt19937 random(5);
  for (size_t pair = 0; pair + 1 < 3; ++pair) {
    const Op& first = model.graph.ops[pair];
    const Op& second = model.graph.ops[pair + 1];
    std::vector<float> weights = ValuesOf(model, first.inputs[1]);
    std::vector<float> bias = ValuesOf(model, first.inputs[2]);
    std::vector<float> next = ValuesOf(model, second.inputs[1]);
    const size_t channels = bias.size();
    const size_t row = weights.size() / channels;
    for (size_t channel = 0; channel < channels; ++channel) {
      const float factor = std::exp2(RandomFloats(random, 1, -4.0F, 4.0F)[0]);
      for (size_t i = 0; i < row; ++i) weights[channel * row + i] *= factor;
      bias[channel] *= factor;
      for (size_t i = channel; i < next.size(); i += channels) next[i] /= factor;
    }
    SetValues(model, first.inputs[1], weights);
    SetValues(model, first.inputs[2], bias);
    SetValues(model, second.inputs[1], next);
  }
}

double LargestDifference(const Samples& a, const Samples& b) {
  double largest = 0.0;
  double size = 0.0;
  for (size_t n = 0; n < a.size(); ++n) {
    for (size_t i = 0; i < a[n].size(); ++i) {
      largest = std::max(largest, std::abs(static_cast<double>(a[n][i]) - b[n][i]));
      size = std::max(size, std::abs(static_cast<double>(a[n][i])));
    }
  }
  return largest / size;
}

graph::Model Int8PerTensor(const graph::Model& model) {
  Warnings warnings;
  const auto scales =
      ChooseActivationScales(model, MeasureRanges(model, MakeImages(3, 40)), warnings);
  EXPECT_TRUE(scales.ok()) << scales.status().message();
  auto quantized = QuantizeFullInteger(
      model, *scales, {.choices = OperatorChoices(model.graph.ops.size(), {.per_tensor = true})},
      warnings);
  EXPECT_TRUE(quantized.ok()) << quantized.status().message();
  return std::move(*quantized);
}

TEST(Equalization, RepairsPlantedRanges) {
  const Samples images = MakeImages(4, 400);
  const graph::Model plain = TrainedNetwork();
  graph::Model planted = plain;
  PlantRanges(planted);
  const double float_accuracy = Accuracy(planted, images);
  EXPECT_GT(float_accuracy, 90.0);
  EXPECT_LT(LargestDifference(RunModel(plain, images), RunModel(planted, images)), 1e-5);
  const double int8_accuracy = Accuracy(Int8PerTensor(planted), images);
  EXPECT_LT(int8_accuracy, float_accuracy - 20.0);

  graph::Model equalized = planted;
  const auto pairs = EqualizeCrossLayer(equalized);
  ASSERT_TRUE(pairs.ok());
  EXPECT_EQ(*pairs, 3);  // two between convolutions, one over pooling and reshape
  EXPECT_TRUE(graph::Validate(equalized).ok());
  EXPECT_LT(LargestDifference(RunModel(planted, images), RunModel(equalized, images)), 1e-5);
  EXPECT_GE(Accuracy(Int8PerTensor(equalized), images), float_accuracy - 1.5);
}

// What the paper's equation 11 reaches: both ranges of every channel are alike.
TEST(Equalization, EndsWithEqualRanges) {
  graph::Model model = TrainedNetwork();
  PlantRanges(model);
  ASSERT_TRUE(EqualizeCrossLayer(model).ok());
  const Op& first = model.graph.ops[0];
  const Op& second = model.graph.ops[1];
  const auto weights = ValuesOf(model, first.inputs[1]);
  const auto next = ValuesOf(model, second.inputs[1]);
  const size_t row = weights.size() / 16;
  for (size_t channel = 0; channel < 16; ++channel) {
    float made = 0.0F;
    float read = 0.0F;
    for (size_t i = 0; i < row; ++i) made = std::max(made, std::abs(weights[channel * row + i]));
    for (size_t i = channel; i < next.size(); i += 16) read = std::max(read, std::abs(next[i]));
    EXPECT_NEAR(made, read, 0.01F * made);
  }
}

TEST(Equalization, Relu6AndBranchesStay) {
  graph::Model relu6 = TrainedNetwork(Activation::kRelu6);
  const graph::Model before = relu6;
  const auto pairs = EqualizeCrossLayer(relu6);
  ASSERT_TRUE(pairs.ok());
  EXPECT_EQ(*pairs, 0);
  EXPECT_EQ(relu6, before);

  ModelBuilder builder(1);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const TensorId a = builder.Conv(input, 8, 3, Activation::kRelu);
  const TensorId b = builder.Conv(a, 8, 1, Activation::kNone);
  graph::Model branches = builder.Finish({builder.Binary(OpKind::kAdd, a, b)});
  EXPECT_EQ(*EqualizeCrossLayer(branches), 0);
}

TEST(Equalization, DepthwiseLayersAreInTwoPairs) {
  ModelBuilder builder(3);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const TensorId a = builder.Conv(input, 8, 3, Activation::kRelu);
  const TensorId b = builder.Depthwise(a, 3);
  graph::Model model = builder.Finish({builder.Conv(b, 4, 1, Activation::kNone)});
  auto& options = std::get<graph::DepthwiseConv2DOptions>(model.graph.ops[1].options);
  options.activation = Activation::kRelu;
  PlantRanges(model);
  const Samples images = MakeImages(4, 5);
  graph::Model equalized = model;
  EXPECT_EQ(*EqualizeCrossLayer(equalized), 2);
  EXPECT_LT(LargestDifference(RunModel(model, images), RunModel(equalized, images)), 1e-5);
}

TEST(BiasAbsorption, KeepsTheFunctionAndNarrowsTheRange) {
  const Samples images = MakeImages(4, 20);
  ModelBuilder builder(9);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const TensorId a = builder.Conv(input, 8, 3, Activation::kRelu);
  graph::Model model = builder.Finish({builder.Conv(a, 4, 1, Activation::kNone)});
  const TensorId bias_id = model.graph.ops[0].inputs[2];
  std::vector<float> bias = ValuesOf(model, bias_id);
  for (size_t i = 0; i < bias.size(); i += 2) bias[i] += 40.0F;
  SetValues(model, bias_id, bias);
  // The activation of the first layer, sample by sample.
  graph::Model shown = model;
  shown.graph.outputs = {a};
  LayerInputsMeter meter(model.graph, {.minima = true});
  std::vector<float> scratch;
  for (const std::vector<float>& activation : RunModel(shown, images)) {
    meter.Add(a, activation, scratch);
  }
  const std::vector<LayerInputs> minima = meter.Finish();

  graph::Model absorbed = model;
  const auto channels = AbsorbHighBiases(absorbed, minima);
  ASSERT_TRUE(channels.ok());
  EXPECT_EQ(*channels, 4);
  EXPECT_LT(LargestDifference(RunModel(model, images), RunModel(absorbed, images)), 1e-5);
  const TensorId after = absorbed.graph.ops[0].outputs[0];
  const float narrow = MeasureRanges(absorbed, images)[static_cast<size_t>(after)]->max;
  EXPECT_LT(narrow, 0.5F * MeasureRanges(model, images)[static_cast<size_t>(a)]->max);
}

TEST(BiasAbsorption, PaddedLayersStay) {
  ModelBuilder builder(9);
  const TensorId input = builder.Input({1, 8, 8, 3});
  const TensorId a = builder.Conv(input, 8, 3, Activation::kRelu);
  graph::Model model = builder.Finish({builder.Conv(a, 4, 3, Activation::kNone)});
  std::vector<LayerInputs> minima(2);
  minima[1].minima.assign(8, 1.0F);
  EXPECT_EQ(*AbsorbHighBiases(model, minima), 0);
}

}  // namespace
}  // namespace qbench::quantize
