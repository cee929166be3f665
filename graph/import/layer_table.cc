#include <algorithm>
#include <iterator>
#include <utility>

#include "graph/import/keras_layers.h"

namespace qbench::graph::import {
namespace {

using Entry = std::pair<std::string_view, LayerBuilder>;

constexpr Entry kLayers[] = {
    // Arithmetic
    {"Conv2D", BuildConv2D},
    {"DepthwiseConv2D", BuildDepthwiseConv2D},
    {"SeparableConv2D", BuildSeparableConv2D},
    {"Dense", BuildDense},
    {"BatchNormalization", BuildBatchNormalization},
    {"BatchNormalizationV1", BuildBatchNormalization},  // TensorFlow 1's and 2's own names
    {"BatchNormalizationV2", BuildBatchNormalization},
    {"SyncBatchNormalization", BuildBatchNormalization},  // differs in training alone
    {"Activation", BuildActivation},
    {"ReLU", BuildRelu},
    {"LeakyReLU", BuildLeakyRelu},
    {"Softmax", BuildSoftmax},
    {"Add", BuildAdd},
    {"Subtract", BuildSubtract},
    {"Multiply", BuildMultiply},
    {"Concatenate", BuildConcatenate},
    {"ZeroPadding2D", BuildZeroPadding2D},
    {"MaxPooling2D", BuildMaxPooling2D},
    {"AveragePooling2D", BuildAveragePooling2D},
    {"GlobalAveragePooling2D", BuildGlobalAveragePooling2D},
    {"Flatten", BuildFlatten},
    {"Reshape", BuildReshape},
    {"Rescaling", BuildRescaling},
    {"Normalization", BuildNormalization},
    {"Resizing", BuildResizing},
    {"CenterCrop", BuildResizing},
    {"RandomCrop", BuildResizing},
    // Nothing at inference
    {"Identity", BuildIdentity},
    {"Dropout", BuildIdentity},
    {"SpatialDropout2D", BuildIdentity},
    {"AlphaDropout", BuildIdentity},
    {"GaussianDropout", BuildIdentity},
    {"GaussianNoise", BuildIdentity},
    {"ActivityRegularization", BuildIdentity},
    {"AugMix", BuildIdentity},
    {"CutMix", BuildIdentity},
    {"MixUp", BuildIdentity},
    {"RandAugment", BuildIdentity},
    {"RandomBrightness", BuildIdentity},
    {"RandomColorDegeneration", BuildIdentity},
    {"RandomColorJitter", BuildIdentity},
    {"RandomContrast", BuildIdentity},
    {"RandomElasticTransform", BuildIdentity},
    {"RandomErasing", BuildIdentity},
    {"RandomFlip", BuildIdentity},
    {"RandomGaussianBlur", BuildIdentity},
    {"RandomGrayscale", BuildIdentity},
    {"RandomHeight", BuildIdentity},
    {"RandomHue", BuildIdentity},
    {"RandomInvert", BuildIdentity},
    {"RandomPerspective", BuildIdentity},
    {"RandomPosterization", BuildIdentity},
    {"RandomRotation", BuildIdentity},
    {"RandomSaturation", BuildIdentity},
    {"RandomSharpness", BuildIdentity},
    {"RandomShear", BuildIdentity},
    {"RandomTranslation", BuildIdentity},
    {"RandomWidth", BuildIdentity},
    {"RandomZoom", BuildIdentity},
};

}  // namespace

LayerBuilder FindLayerBuilder(std::string_view class_name) {
  const auto* found = std::find_if(std::begin(kLayers), std::end(kLayers),
                                   [&](const Entry& entry) { return entry.first == class_name; });
  return found == std::end(kLayers) ? nullptr : found->second;
}

}  // namespace qbench::graph::import
