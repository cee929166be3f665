// Layers that the TensorFlow Model Optimization Toolkit wraps around others while it trains them:
// PruneLowMagnitude, ClusterWeights, and the wrappers of quantization-aware training. What is read
// is the layer inside, with the weights that it has at inference: masked, or replaced by their
// cluster's centroid. Quantized ones leave learned ranges (ir.h) on weights and activations.
#pragma once

#include <string>
#include <string_view>

#include "graph/import/keras/keras_config.h"
#include "graph/import/keras/keras_file.h"
#include "graph/import/keras/keras_layer.h"

namespace qbench::graph::import {

// The class without the package that Keras may write before it ("Custom>QuantizeWrapperV2").
std::string_view PlainClass(std::string_view class_name);

bool IsWrapperClass(std::string_view class_name);

// Takes the wrappers off `layer`: class and configuration become those of the layer inside, and
// `wrappers` and `inner_name` are set. kCorrupt where there is none inside; kUnsupported where a
// whole model is, or wrappers nest too deep.
Status Unwrap(KerasLayer& layer);

// Gives a wrapped layer the wrapper's name where another layer of the model has its own: names tell
// weights apart. kCorrupt where a name cannot be shown.
Status SettleInnerNames(KerasModel& model);

// The weights of a wrapped layer as they are at inference; `group` itself where they are no others.
// New ones live as long as `import` and the model. kUnsupported, naming the layer, where it cannot
// be told what a mask or centroids belong to.
Result<const KerasWeightGroup*> InferenceWeights(const KerasLayer& layer, const std::string& name,
                                                 const KerasWeightGroup* group,
                                                 KerasImport& import);

// The option `activation` of a quantized layer ({"class_name": "QuantizeAwareActivation", …}).
bool IsQuantizeAware(const Json& activation);
Result<TensorId> ApplyQuantizeAware(LayerCall& call, const Json& activation, TensorId input);

// The layer that quantizes a model's input.
Result<TensorId> BuildQuantizeLayer(LayerCall& call);

// What quantization-aware training left in `graph`, for people; empty where that is nothing.
std::string DescribeLearnedRanges(const Graph& graph);

}  // namespace qbench::graph::import
