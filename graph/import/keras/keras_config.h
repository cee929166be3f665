// The JSON of a Keras model (`model_config`) as a list of layers and the calls that connect them,
// the same for Sequential and Functional models and for the formats of Keras 2 and Keras 3.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace qbench::graph::import {

struct KerasModel;

// One output of one call of a layer of the same model, by indices into the vectors below.
struct KerasTensorRef {
  size_t layer = 0;
  size_t call = 0;
  size_t output = 0;
};

// A layer is called once, or more often where it is shared. An InputLayer is called once, on
// nothing.
struct KerasCall {
  std::vector<KerasTensorRef> inputs;
  // Of an operator: what it is called with, {"args": […], "kwargs": {…}}. {"tensor": i} stands for
  // inputs[i]; a hostile file may have written that itself, with any i. Of a layer: the tensors
  // that it is given by name, {"kwargs": {"value": {"tensor": 1}}}.
  Json arguments;
};

// A layer of the TensorFlow Model Optimization Toolkit around another one (keras_wrappers.h).
// NOLINTNEXTLINE(bugprone-exception-escape): as below
struct KerasWrapper {
  std::string class_name;  // without a package
  Json config;             // its options, without the layer inside
};

// NOLINTNEXTLINE(bugprone-exception-escape): nlohmann's destructor allocates, by its own account.
struct KerasLayer {
  std::string name;
  std::string class_name;              // of a wrapped layer, that of the layer inside
  Json config;                         // the layer's own options
  std::vector<KerasWrapper> wrappers;  // around it, the outermost first; `name` is that one's
  std::string inner_name;              // the layer's own name
  std::vector<KerasCall> calls;
  // Not empty: an operator on tensors that Keras wrote down as if it were a layer. Its function as
  // TensorFlow names it ("math.truediv", of Keras 2), or its class of keras.ops ("TrueDivide").
  std::string function;
  std::unique_ptr<KerasModel> model;  // set where the layer is a model (`config` is null then)
};

struct KerasModel {
  std::string name;
  std::vector<KerasLayer> layers;
  std::vector<KerasTensorRef> inputs;  // each an InputLayer of `layers`
  std::vector<KerasTensorRef> outputs;
};

// A Sequential model without an InputLayer gets one. Every reference is checked to be in range
// (but for KerasTensorRef::output, which only building the layer can tell); names are unique in a
// model and printable.
// kCorrupt: not JSON, or not as Keras writes it. kUnsupported: a subclassed model, a layer that is
// called with constants or, in Keras 2, with training=True; the message names the layer.
Result<KerasModel> ParseKerasConfig(std::string_view json);

}  // namespace qbench::graph::import
