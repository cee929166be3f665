// The layers that can be read: class name -> the function that turns a call of such a layer into
// operators. One small function a class; layers_*.cc hold them by family.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "graph/import/keras/keras_layer.h"
#include "graph/ir.h"

namespace qbench::graph::import {

// Adds the layer's operators and returns its output, which is its input where the layer does
// nothing at inference.
using LayerBuilder = Result<TensorId> (*)(LayerCall& call);

// Null where the class is unknown.
LayerBuilder FindLayerBuilder(std::string_view class_name);

// Adds the operators of the call of a layer that FindLayerBuilder knows, in either data_format: of
// channels_first, between transposes of the image that graph/passes/move_transposes.cc takes out.
Result<TensorId> BuildLayer(LayerCall& call);

// The same of an operator, by its function as TensorFlow or keras.ops names it.
LayerBuilder FindOperatorBuilder(std::string_view function);
// All classes of layers, and all functions of operators, that can be read.
std::vector<std::string_view> KnownLayers();
std::vector<std::string_view> KnownOperators();
// Operators that make floats of whole numbers.
bool MakesFloats(std::string_view function);

// layers_convolution.cc
Result<TensorId> BuildConv2D(LayerCall& call);
Result<TensorId> BuildDepthwiseConv2D(LayerCall& call);
Result<TensorId> BuildSeparableConv2D(LayerCall& call);
Result<TensorId> BuildDense(LayerCall& call);
Result<TensorId> BuildBatchNormalization(LayerCall& call);

// layers_activation.cc
Result<TensorId> BuildActivation(LayerCall& call);
Result<TensorId> BuildRelu(LayerCall& call);
Result<TensorId> BuildLeakyRelu(LayerCall& call);
Result<TensorId> BuildSoftmax(LayerCall& call);
Result<TensorId> BuildElu(LayerCall& call);
Result<TensorId> BuildPRelu(LayerCall& call);
// The option `activation` of a layer, applied to `input`.
Result<TensorId> ApplyActivation(LayerCall& call, TensorId input);
// kUnsupported where the option `activation` names one that ApplyActivation does not know.
Status CheckActivation(const LayerOptions& options);
// Over the option `axis` of `options`, by default the last dimension.
Result<TensorId> SoftmaxOver(LayerCall& call, const LayerOptions& options, TensorId input);
// The same of an option that is at hand.
Result<TensorId> ApplyActivationOption(LayerCall& call, const Json& option, TensorId input);
// An activation by its name.
Result<TensorId> ApplyNamed(LayerCall& call, std::string_view name, TensorId input);
// `input` held between the two bounds, either of which may be infinite.
Result<TensorId> Clip(LayerCall& call, TensorId input, double low, double high);

// layers_shape.cc
Result<TensorId> BuildAdd(LayerCall& call);
Result<TensorId> BuildSubtract(LayerCall& call);
Result<TensorId> BuildMultiply(LayerCall& call);
Result<TensorId> BuildAverage(LayerCall& call);
Result<TensorId> BuildMaximum(LayerCall& call);
Result<TensorId> BuildMinimum(LayerCall& call);
Result<TensorId> BuildConcatenate(LayerCall& call);
Result<TensorId> BuildZeroPadding2D(LayerCall& call);
Result<TensorId> BuildMaxPooling2D(LayerCall& call);
Result<TensorId> BuildAveragePooling2D(LayerCall& call);
Result<TensorId> BuildGlobalAveragePooling2D(LayerCall& call);
Result<TensorId> BuildGlobalMaxPooling2D(LayerCall& call);
// Over all dimensions of an input of `rank` between the batch and the channels.
Result<TensorId> BuildReduction(LayerCall& call, OpKind kind, size_t rank);
Result<TensorId> BuildFlatten(LayerCall& call);
Result<TensorId> BuildReshape(LayerCall& call);
// `shape` is the new shape of one sample; the batch stays open.
Result<TensorId> EmitReshape(LayerCall& call, TensorId input, Shape shape);

// layers_image.cc
Result<TensorId> BuildPermute(LayerCall& call);
Result<TensorId> BuildCropping2D(LayerCall& call);
Result<TensorId> BuildUpSampling2D(LayerCall& call);
Result<TensorId> BuildResizing(LayerCall& call);
Result<TensorId> BuildCenterCrop(LayerCall& call);
// The dimensions of a sample in another order: `order` has all of the input's, the batch first.
Result<TensorId> EmitTranspose(LayerCall& call, TensorId input, const std::vector<int32_t>& order);
// The orders that move the channels, which are first, to the end of a sample, and back.
std::vector<int32_t> ChannelsLast(size_t rank);
std::vector<int32_t> ChannelsFirst(size_t rank);
// What is taken of a dimension: from `begin` to before `end`.
struct Range {
  int32_t begin = 0, end = 0, stride = 1;
  bool index = false;  // a single one, whose dimension goes
};
// Of each dimension of the input, the batch first.
Result<TensorId> EmitSlice(LayerCall& call, TensorId input, const std::vector<Range>& ranges);

// layers_transposed.cc
Result<TensorId> BuildConv2DTranspose(LayerCall& call);

// layers_attention.cc
Result<TensorId> BuildMultiHeadAttention(LayerCall& call);

// layers_wrapper.cc
Result<TensorId> BuildTimeDistributed(LayerCall& call);
// The class of the layer that a TimeDistributed has; empty where it is another layer or has none.
std::string WrappedClass(const Json& config);

// layers_1d.cc
Result<TensorId> BuildConv1D(LayerCall& call);
Result<TensorId> BuildDepthwiseConv1D(LayerCall& call);
Result<TensorId> BuildSeparableConv1D(LayerCall& call);
Result<TensorId> BuildMaxPooling1D(LayerCall& call);
Result<TensorId> BuildAveragePooling1D(LayerCall& call);
Result<TensorId> BuildGlobalAveragePooling1D(LayerCall& call);
Result<TensorId> BuildGlobalMaxPooling1D(LayerCall& call);
Result<TensorId> BuildZeroPadding1D(LayerCall& call);
Result<TensorId> BuildCropping1D(LayerCall& call);
Result<TensorId> BuildUpSampling1D(LayerCall& call);
Result<TensorId> BuildRepeatVector(LayerCall& call);

// layers_normalization.cc
Result<TensorId> BuildGroupNormalization(LayerCall& call);
Result<TensorId> BuildUnitNormalization(LayerCall& call);
Result<TensorId> BuildLayerNormalization(LayerCall& call);

// layers_preprocess.cc
Result<TensorId> BuildIdentity(LayerCall& call);
Result<TensorId> BuildRescaling(LayerCall& call);
Result<TensorId> BuildNormalization(LayerCall& call);
Result<TensorId> BuildLayerScale(LayerCall& call);
Result<TensorId> BuildCustomScale(LayerCall& call);
// input * factor and input + offset for all channels, left out where that is the identity.
Result<TensorId> Scaled(LayerCall& call, TensorId input, double factor);
Result<TensorId> Shifted(LayerCall& call, TensorId input, double offset);

}  // namespace qbench::graph::import
