// What every quantizer starts from: a float32 model, and which of its operators have weights.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "graph/ir.h"
#include "graph/operators.h"

namespace qbench::quantize {

// Lines for the user, each naming the tensor or layer it is about.
using Warnings = std::vector<std::string>;

// What becomes of the ranges that quantization-aware training left (graph::LearnedRange): tensors
// of other types have none.
enum class LearnedRangesAre { kDropped, kKept };

// The model in a .tflite file, whose bytes outlive it, as CheckFloatModel wants it; weights that
// the file stores as float16 are float32. `quantizer` is the id to name in messages. kCorrupt,
// kUnsupported.
Result<graph::Model> ReadFloatModel(ByteSpan tflite, std::string_view quantizer,
                                    LearnedRangesAre learned = LearnedRangesAre::kDropped);

// kUnsupported where the model is quantized already; kInvalidArgument where a weight is not a
// finite number.
Status CheckFloatModel(const graph::Model& model, std::string_view quantizer);

// The weights of a convolution, depthwise convolution or fully connected operator.
struct WeightInputs {
  graph::TensorId weights = graph::kNoTensor;
  graph::TensorId bias = graph::kNoTensor;  // or kNoTensor
  int32_t channel_axis = 0;                 // of the weights: one output channel an index
};

// Nothing for an operator of another kind.
std::optional<WeightInputs> FindWeights(const graph::Op& op);

using graph::kBiasInput;
using graph::kWeightsInput;

}  // namespace qbench::quantize
