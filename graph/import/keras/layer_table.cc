#include <algorithm>
#include <iterator>
#include <utility>

#include "graph/import/keras/keras_layers.h"
#include "graph/import/keras/keras_wrappers.h"

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
    {"ELU", BuildElu},
    {"PReLU", BuildPRelu},
    {"Softmax", BuildSoftmax},
    {"Add", BuildAdd},
    {"Subtract", BuildSubtract},
    {"Multiply", BuildMultiply},
    {"Average", BuildAverage},
    {"Maximum", BuildMaximum},
    {"Minimum", BuildMinimum},
    {"Concatenate", BuildConcatenate},
    {"ZeroPadding2D", BuildZeroPadding2D},
    {"MaxPooling2D", BuildMaxPooling2D},
    {"AveragePooling2D", BuildAveragePooling2D},
    {"GlobalAveragePooling2D", BuildGlobalAveragePooling2D},
    {"GlobalMaxPooling2D", BuildGlobalMaxPooling2D},
    {"Flatten", BuildFlatten},
    {"Reshape", BuildReshape},
    {"Rescaling", BuildRescaling},
    {"Normalization", BuildNormalization},
    {"Resizing", BuildResizing},
    {"CenterCrop", BuildCenterCrop},
    {"RandomCrop", BuildResizing},  // at inference
    {"Permute", BuildPermute},
    {"Cropping2D", BuildCropping2D},
    {"UpSampling2D", BuildUpSampling2D},
    {"LayerNormalization", BuildLayerNormalization},
    {"GroupNormalization", BuildGroupNormalization},
    {"UnitNormalization", BuildUnitNormalization},
    {"Conv2DTranspose", BuildConv2DTranspose},
    {"Conv1D", BuildConv1D},
    {"DepthwiseConv1D", BuildDepthwiseConv1D},
    {"SeparableConv1D", BuildSeparableConv1D},
    {"MaxPooling1D", BuildMaxPooling1D},
    {"AveragePooling1D", BuildAveragePooling1D},
    {"GlobalAveragePooling1D", BuildGlobalAveragePooling1D},
    {"GlobalMaxPooling1D", BuildGlobalMaxPooling1D},
    {"ZeroPadding1D", BuildZeroPadding1D},
    {"Cropping1D", BuildCropping1D},
    {"UpSampling1D", BuildUpSampling1D},
    {"RepeatVector", BuildRepeatVector},
    {"MultiHeadAttention", BuildMultiHeadAttention},
    {"TimeDistributed", BuildTimeDistributed},
    // Of keras.applications
    {"LayerScale", BuildLayerScale},
    {"CustomScaleLayer", BuildCustomScale},
    {"Custom>CustomScaleLayer", BuildCustomScale},
    // Of the TensorFlow Model Optimization Toolkit (its wrappers: keras_wrappers.h)
    {"QuantizeLayer", BuildQuantizeLayer},
    {"Custom>QuantizeLayer", BuildQuantizeLayer},
    // Nothing at inference
    {"StochasticDepth", BuildIdentity},
    {"Identity", BuildIdentity},
    {"Dropout", BuildIdentity},
    {"SpatialDropout1D", BuildIdentity},
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

std::vector<std::string_view> KnownLayers() {
  std::vector<std::string_view> names;
  for (const Entry& entry : kLayers) names.push_back(entry.first);
  return names;
}

}  // namespace qbench::graph::import
