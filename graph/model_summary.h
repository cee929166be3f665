// What a model is made of, operator by operator: the figures behind `qbench inspect`. Plain data;
// printing it is the caller's business.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/ir.h"

namespace qbench::graph {

struct TensorSummary {
  TensorId id = kNoTensor;
  std::string name;
  DataType type = DataType::kFloat32;
  Shape shape;
  bool dynamic_batch = false;
  bool is_constant = false;
  std::optional<Quantization> quantization;
  std::optional<LearnedRange> learned_range;
};

struct OpSummary {
  int32_t index = 0;
  std::string name;  // the layer's, or the output tensor's
  std::string_view kind;
  std::vector<TensorSummary> inputs;  // absent optional inputs are left out
  TensorSummary output;
  // What the operator was set to, "stride 2x2, SAME, RELU6"; empty where there is nothing to say.
  std::string options;
  // Elements and bytes of its weights and biases, shared ones included; not axes, paddings and
  // shapes, which are int32 constants without quantization.
  int64_t parameters = 0;
  int64_t weight_bytes = 0;
  // Multiplications with addition, for one image: output elements x what each sums up, for
  // convolutions (padding counted), fully connected layers and BATCH_MATMUL; 0 for all others, as
  // usual.
  int64_t macs = 0;
  // Bytes of the tensors that it reads (inputs, weights and parameters, each once) and writes: what
  // must be moved at least once if nothing is in a cache.
  int64_t bytes_read = 0;
  int64_t bytes_written = 0;
};

struct ModelSummary {
  std::string description;
  std::vector<TensorSummary> inputs;
  std::vector<TensorSummary> outputs;
  std::vector<OpSummary> ops;
  // Totals count a weight that several operators share once.
  int64_t parameters = 0;
  int64_t weight_bytes = 0;
  int64_t macs = 0;
  // The largest sum of the activations that live at the same time, if each were freed after its
  // last use: about what a runtime's arena takes.
  int64_t peak_activation_bytes = 0;
};

// `model` is valid.
ModelSummary Summarize(const Model& model);

}  // namespace qbench::graph
