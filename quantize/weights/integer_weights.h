// Weights and biases of full integer models: symmetric int8 weights, and biases whose scale is
// input scale x weight scale: int32 for int8 activations, whose accumulators have 32 bits, int64
// for int16 activations, whose accumulators have 64.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "graph/ir.h"
#include "quantize/ranges/layer_inputs.h"

namespace qbench::quantize {

struct IntegerWeights {
  std::vector<int8_t> weights;       // in the order of the float weights, in [-127, 127]
  std::vector<int64_t> bias;         // one a channel; empty without a float bias
  graph::Quantization quantization;  // of the weights: one scale, or one a channel
  graph::Quantization bias_quantization;
  // Channels whose scale is larger than their weights ask for, so that their bias and sums fit.
  std::vector<int32_t> widened;
  // Channels whose scale is smaller: their largest weights are cut off.
  std::vector<int32_t> narrowed;
};

struct WeightsToQuantize {
  std::span<const float> weights;
  graph::Shape shape;
  int32_t channel_axis = 0;
  std::span<const float> bias = {};  // one a channel, or none
  float input_scale = 1.0F;          // of the operator's input
  float output_scale = 1.0F;         // and of its output
  bool per_channel = true;
  graph::DataType activations = graph::DataType::kInt8;  // or kInt16
  // What is known of the inputs, or null. With means, the bias makes up for what rounding the
  // weights does to the mean of each output (bias correction, Nagel et al. 2019, arXiv 1906.04721,
  // section 4.2: the expected error of an output is the weights' error times the expected input;
  // zeros that padding adds at the edge are not counted). With moments, weights are rounded with
  // feedback (feedback_rounding.h), else to the nearest integer; so are those that were clustered,
  // whose channels have few values.
  const LayerInputs* inputs = nullptr;
  // What the weights were trained to stay in, or null: then a channel's scale is that range's
  // max(|min|, |max|) / 127, one for the tensor where there is one range, and weights beyond it are
  // cut off, as training did.
  const graph::LearnedRange* learned = nullptr;
};

// A channel's scale is max|w| / 127, unless LiteRT's arithmetic (scale_limits.h) has no room for
// it:
// - larger where the sum of products and the bias could leave the accumulator, 32 bits for int8
//   activations and 48 for int16 (that is what their multiplication takes, although sums and biases
//   have 64). For inputs at most n steps from their zero point (255, 32768) it stays below
//     (n * sum|w| + |b| / input_scale) / scale;
// - larger where the multiplier, input_scale * scale / output_scale, is so small that it becomes 0:
//   what the weights lose is far below a step of the output, while the bias is kept;
// - smaller where the multiplier is too large. One step of the input times the channel's largest
//   weight is then a hundred times all of an int8 output's range, or a quarter of an int16
//   output's: next to nothing of such a channel was left, and cutting off its weights spares all
//   others.
// A bias beyond what is left of the accumulator is clamped to it.
// kUnsupported where no scale can help: more than 2^23 weights a channel, or so many that even cut
// off (66,000 of int8) they leave the accumulator.
Result<IntegerWeights> QuantizeIntegerWeights(const WeightsToQuantize& from);

// The mean of what each output channel gains by its weights being `integers` times their scales:
// the weights' errors times `means`, one for each input channel (or feature).
std::vector<double> MeanRoundingErrors(std::span<const float> weights, const graph::Shape& shape,
                                       int32_t channel_axis, std::span<const int8_t> integers,
                                       std::span<const float> scales, std::span<const float> means);

}  // namespace qbench::quantize
