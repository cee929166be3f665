// The layers that can be read: class name -> the function that turns a call of such a layer into
// operators. One small function a class; layers_*.cc hold them by family.
#pragma once

#include <string_view>

#include "base/json.h"
#include "graph/import/keras_layer.h"
#include "graph/ir.h"

namespace qbench::graph::import {

// Adds the layer's operators and returns its output, which is its input where the layer does
// nothing at inference.
using LayerBuilder = Result<TensorId> (*)(LayerCall& call);

// Null where the class is unknown.
LayerBuilder FindLayerBuilder(std::string_view class_name);

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
// The option `activation` of a layer, applied to `input`.
Result<TensorId> ApplyActivation(LayerCall& call, TensorId input);

// layers_shape.cc
Result<TensorId> BuildAdd(LayerCall& call);
Result<TensorId> BuildSubtract(LayerCall& call);
Result<TensorId> BuildMultiply(LayerCall& call);
Result<TensorId> BuildConcatenate(LayerCall& call);
Result<TensorId> BuildZeroPadding2D(LayerCall& call);
Result<TensorId> BuildMaxPooling2D(LayerCall& call);
Result<TensorId> BuildAveragePooling2D(LayerCall& call);
Result<TensorId> BuildGlobalAveragePooling2D(LayerCall& call);
Result<TensorId> BuildFlatten(LayerCall& call);
Result<TensorId> BuildReshape(LayerCall& call);

// layers_preprocess.cc
Result<TensorId> BuildIdentity(LayerCall& call);
Result<TensorId> BuildRescaling(LayerCall& call);
Result<TensorId> BuildNormalization(LayerCall& call);
Result<TensorId> BuildResizing(LayerCall& call);

}  // namespace qbench::graph::import
