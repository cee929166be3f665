#include "harness/plan/first_guess.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>

#include "fmt/ranges.h"
#include "harness/jobs/model_format.h"
#include "harness/plan/metadata_sidecar.h"

namespace qbench::plan {
namespace {

using datasets::Normalization;
using datasets::UsualNormalization;

struct Family {
  std::string_view name;
  std::array<std::string_view, 3> words;  // in small letters: any of them names it
  const char* normalization;
  bool bgr = false;
};

// keras.applications' own networks and those that go by their names; the more special ones first.
// Where their rescaling is a part of the network, the arithmetic at its start says so.
constexpr std::array<Family, 11> kFamilies = {{
    {"MobileNetV3", {"mobilenet_v3", "mobilenetv3", "mobilenet-v3"}, datasets::kMinusOneToOne},
    {"MobileNetV2",
     {"mobilenet_v2", "mobilenetv2", "expanded_conv_depthwise"},
     datasets::kMinusOneToOne},
    {"MobileNet", {"mobilenet", "conv_dw_1", "conv_pw_1"}, datasets::kMinusOneToOne},
    {"DenseNet", {"densenet", "conv2_block1_0_bn", ""}, datasets::kImageNet},
    {"ResNetV2", {"resnetv2", "resnet50v2", "conv2_block1_preact"}, datasets::kMinusOneToOne},
    {"ResNet", {"resnet50", "resnet101", "conv2_block1_1_conv"}, datasets::kCaffe, true},
    {"InceptionResNet", {"inception_resnet", "inceptionresnet", ""}, datasets::kMinusOneToOne},
    {"Inception", {"inception", "", ""}, datasets::kMinusOneToOne},
    {"Xception", {"xception", "block2_sepconv1", ""}, datasets::kMinusOneToOne},
    {"NASNet", {"nasnet", "", ""}, datasets::kMinusOneToOne},
    {"VGG", {"vgg16", "vgg19", "block1_conv1"}, datasets::kCaffe, true},
}};

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

const Family* FamilyOf(const PlannedModel& model) {
  const auto named = [](const std::string& text) -> const Family* {
    for (const Family& family : kFamilies) {
      for (const std::string_view word : family.words) {
        if (!word.empty() && text.find(word) != std::string::npos) return &family;
      }
    }
    return nullptr;
  };
  std::string layers;
  for (const std::string& layer : model.input_traits.layers) layers += Lower(layer) + "\n";
  const Family* family = named(layers);
  return family != nullptr ? family : named(Lower(model.stem));
}

// PyTorch's exporters name a convolution "/conv1/Conv" or "node_conv2d"; tf2onnx keeps TensorFlow's
// names.
bool IsTorch(const PlannedModel& model) {
  const Result<jobs::ModelFormat> format = jobs::DetectModelFormat(model.path);
  if (!format.ok() || *format != jobs::ModelFormat::kOnnx) return false;
  return std::ranges::none_of(model.input_traits.layers, [](const std::string& layer) {
    return layer.find("Conv2D") != std::string::npos;
  });
}

FirstGuess ByConvention(const PlannedModel& model, int channels) {
  FirstGuess guess;
  if (channels == 3 && IsTorch(model)) {
    guess.normalization = UsualNormalization(datasets::kImageNet, channels);
    guess.convention = true;
    guess.source = "as torchvision's networks are trained";
    return guess;
  }
  if (const Family* family = channels == 3 ? FamilyOf(model) : nullptr; family != nullptr) {
    guess.normalization = UsualNormalization(family->normalization, channels);
    guess.convention = true;
    if (family->bgr) guess.channels = datasets::Channels::kBgr;
    guess.source = fmt::format("as networks called {} are trained", family->name);
    return guess;
  }
  guess.normalization = UsualNormalization(datasets::kZeroToOne, channels);
  guess.source = "as most networks of one's own are trained";
  return guess;
}

// The pixels that x * factor + offset was written for: (x - mean) / std of them.
const char* PixelsBehind(const std::vector<float>& factor, const std::vector<float>& offset) {
  bool pixels = true;
  bool unit = true;      // 0 to 1
  bool centered = true;  // -1 to 1
  bool moved = false;    // else it says nothing
  for (size_t c = 0; c < factor.size(); ++c) {
    const float std = 1 / factor[c];
    const float mean = -offset[c] / factor[c];
    moved |= std::abs(std - 1) > 0.01F || std::abs(mean) > 0.01F;
    if (!std::isfinite(std) || !std::isfinite(mean) || std <= 0) return nullptr;
    pixels &= mean > -1 && mean < 256 && std <= 300 && (std >= 20 || (mean >= 20 && std >= 0.9F));
    unit &= std < 2 && mean >= 0 && mean <= 1;
    centered &= std <= 2.01F && std::abs(mean + 1) < 0.01F;
  }
  if (!moved) return nullptr;
  if (pixels) return datasets::kPixels;
  if (unit) return datasets::kZeroToOne;
  return centered ? datasets::kMinusOneToOne : nullptr;
}

// "x * 0.007843 - 1"
std::string ArithmeticText(const jobs::InputTraits& traits) {
  const auto same = [](const std::vector<float>& values) {
    return std::ranges::all_of(values, [&](float value) { return value == values.front(); });
  };
  if (!same(traits.factor) || !same(traits.offset)) {
    return fmt::format("x * [{:.4g}] + [{:.4g}]", fmt::join(traits.factor, ", "),
                       fmt::join(traits.offset, ", "));
  }
  const float offset = traits.offset.front();
  std::string text = fmt::format("x * {:.4g}", traits.factor.front());
  if (offset != 0) text += fmt::format(" {} {:.4g}", offset < 0 ? '-' : '+', std::abs(offset));
  return text;
}

std::optional<FirstGuess> ByArithmetic(const jobs::InputTraits& traits, int channels) {
  const auto count = static_cast<size_t>(channels);
  if (traits.factor.size() != count || traits.offset.size() != count) return std::nullopt;
  const char* name = PixelsBehind(traits.factor, traits.offset);
  if (name == nullptr) return std::nullopt;
  FirstGuess guess;
  guess.normalization = UsualNormalization(name, channels);
  guess.guess = false;
  guess.source = "the model itself begins with " + ArithmeticText(traits);
  return guess;
}

std::optional<FirstGuess> ByRange(const jobs::InputTraits& traits, int channels) {
  if (traits.range.size() != 2) return std::nullopt;
  for (const Normalization& usual : datasets::UsualNormalizations(channels)) {
    const datasets::ValueRange range = datasets::RangeOf(usual);
    const float most = 0.03F * (range.max - range.min);
    if (std::abs(range.min - traits.range[0]) > most ||
        std::abs(range.max - traits.range[1]) > most) {
      continue;
    }
    FirstGuess guess;
    guess.normalization = usual;
    guess.guess = false;
    guess.source = fmt::format("its input was quantized for values from {:.4g} to {:.4g}",
                               traits.range[0], traits.range[1]);
    return guess;
  }
  return std::nullopt;
}

}  // namespace

Result<FirstGuess> GuessInput(const PlannedModel& model, bool without_metadata) {
  const int channels = model.input_shape[3];
  FirstGuess guess;
  Result<datasets::Sidecar> said =
      without_metadata
          ? Result<datasets::Sidecar>(Error(StatusCode::kNotFound, "the metadata are left out"))
          : SidecarOfMetadata(model.metadata, model.input_shape);
  if (said.ok()) {
    guess.normalization = {"the metadata's", said->input.mean, said->input.std};
    for (const Normalization& usual : datasets::UsualNormalizations(channels)) {
      if (datasets::AreAlike(usual, guess.normalization)) guess.normalization.name = usual.name;
    }
    guess.resize = said->input.resize;
    guess.guess = false;
    guess.source = "the file's metadata say so";
  } else if (said.status().code() != StatusCode::kNotFound) {
    return said.status().WithContext(model.path.string());
  } else if (const auto behind = ByArithmetic(model.input_traits, channels)) {
    guess = *behind;
  } else if (const auto range = ByRange(model.input_traits, channels)) {
    guess = *range;
  } else {
    guess = ByConvention(model, channels);
  }
  if (channels == 1) guess.channels = datasets::Channels::kGray;
  return guess;
}

}  // namespace qbench::plan
