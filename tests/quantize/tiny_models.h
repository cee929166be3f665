// Small float models with seeded weights, for the tests of the quantizers.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "graph/ir.h"
#include "quantize/operator_choices.h"

namespace qbench::quantize {

// Builds a graph operator by operator; every function gives its output tensor.
class ModelBuilder {
 public:
  explicit ModelBuilder(uint32_t seed) : random_(seed) {}

  graph::TensorId Input(graph::Shape shape);
  graph::TensorId Conv(graph::TensorId input, int32_t channels, int32_t kernel,
                       graph::Activation activation = graph::Activation::kRelu6);
  graph::TensorId Depthwise(graph::TensorId input, int32_t kernel);
  graph::TensorId Dense(graph::TensorId input, int32_t units);
  // An operator with two activations or an activation and a constant, of the first one's shape.
  graph::TensorId Binary(graph::OpKind kind, graph::TensorId a, graph::TensorId b);
  // An operator with one input and an output of the same shape.
  graph::TensorId Unary(graph::OpKind kind, graph::TensorId input);
  graph::TensorId Pool(graph::OpKind kind, graph::TensorId input);  // 2x2, stride 2
  graph::TensorId Mean(graph::TensorId input);                      // over height and width
  graph::TensorId Pad(graph::TensorId input);                       // 1 on each side
  graph::TensorId Flatten(graph::TensorId input);
  graph::TensorId Concat(const std::vector<graph::TensorId>& inputs);  // along the channels
  graph::TensorId Constant(graph::Shape shape, float low, float high);

  // The model with these outputs; the builder is used up.
  graph::Model Finish(std::vector<graph::TensorId> outputs);

 private:
  graph::TensorId Output(graph::OpKind kind, graph::OpOptions options,
                         std::vector<graph::TensorId> inputs, graph::Shape shape);
  const graph::Shape& ShapeOf(graph::TensorId id) const;
  std::string NextName(const std::string& prefix) {
    return prefix + "_" + std::to_string(count_++);
  }

  std::mt19937 random_;
  graph::Model model_;
  int count_ = 0;
};

// [1, 16, 16, 3] -> conv 24 -> depthwise -> max pool -> conv 24 + skip -> average pool -> flatten
// -> dense 6 -> softmax. Conv weights: 648, then 5,184 elements; depthwise 216; dense 2,304.
graph::Model TinyClassifier(uint32_t seed = 1);

// These operators stay float32, one place each.
inline OperatorChoices InFloat(const std::vector<bool>& ops) {
  OperatorChoices choices;
  for (const bool in_float : ops) choices.push_back({.in_float = in_float});
  return choices;
}

// Fills `size` floats with values in [low, high].
std::vector<float> RandomFloats(std::mt19937& random, size_t size, float low, float high);

}  // namespace qbench::quantize
