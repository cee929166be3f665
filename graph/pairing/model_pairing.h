// Finds the same layers in two models: a float model and what a quantizer made of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/ir.h"

namespace qbench::graph {

// One layer: an operator of each model, as indices into Graph::ops, and what it makes.
struct LayerPair {
  size_t op_a = 0;
  size_t op_b = 0;
  bool operator==(const LayerPair&) const = default;
};

struct ModelPairing {
  std::vector<LayerPair> layers;  // in the order of both models
  // Layers that only one of the models has.
  std::vector<size_t> only_a;
  std::vector<size_t> only_b;
};

// Operators that compute an activation count as layers; QUANTIZE, DEQUANTIZE and RESHAPE do not.
// The pairing is the longest common subsequence of the two lists: layers can be the same where kind
// and output elements are, and of several such pairings the one with most equal names wins.
// (Converters rename layers: "Conv1_relu" is "model/Conv1_relu/Relu6;model/bn_Conv1/..." in
// TensorFlow's.)
ModelPairing PairLayers(const Model& a, const Model& b);

// The model with the outputs of these operators as its outputs, in this order, and no signature.
// What comes after the last of them is gone. `ops` are in ascending order.
Result<Model> ShowOps(const Model& model, const std::vector<size_t>& ops);

// The model cut into its layers, which then run apart from each other: the outputs of these
// operators are its outputs, and whoever read one reads a new input instead. `new_inputs[i]` is the
// place of the input that stands for the output of ops[i] among the model's inputs, which keep
// theirs; -1 where nothing reads it. `ops` are in ascending order.
struct CutModel {
  Model model;
  std::vector<int32_t> new_inputs;
};
Result<CutModel> CutAtOps(const Model& model, const std::vector<size_t>& ops);

// kInvalidArgument where the two are not the same network: inputs of other shapes, or fewer than
// half of a's convolutions and fully connected layers are among the pairs.
Status CheckSameNetwork(const Model& a, const Model& b, const ModelPairing& pairing);

// Has it a tensor that is not float32, but for the integers that operators take as parameters?
bool IsQuantized(const Model& model);

// Flaws of a quantized model that its bytes show, a line each: a channel whose weights are all
// zero, a bias at the end of its type's range, an activation whose range is next to nothing.
std::vector<std::string> FindFlaws(const Model& model);

}  // namespace qbench::graph
