// Second moments of the inputs of layers with weights, measured on calibration samples: what
// rounding with feedback (feedback_rounding.h) minimizes an error with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "graph/ir.h"

namespace qbench::quantize {

// An output of a convolution or fully connected layer is the product of its weights with a vector
// of inputs, one value for each weight ("tap"), in the weights' own order. Of a depthwise
// convolution every input channel has vectors of its own.
struct InputMoments {
  size_t taps = 0;    // weights of one output channel
  size_t groups = 1;  // input channels of a depthwise convolution
  // The sum of x[i] * x[j] over the vectors, for i <= j alone: row after row, [groups] at each
  // place.
  std::vector<float> sums;
  // The x of the sums are the inputs times 2^-exponent, so that squares of very large or small ones
  // are numbers too. 0 for inputs of usual size.
  int exponent = 0;
  int64_t vectors = 0;  // in each group

  // Places of a matrix with `taps` rows, and that of i <= j.
  static size_t Places(size_t taps) { return taps * (taps + 1) / 2; }
  size_t Place(size_t i, size_t j) const { return i * taps - i * (i + 1) / 2 + j; }

  bool measured() const { return vectors > 0; }
  // The mean of x[i] * x[j]; the same for [j] * [i].
  double Mean(size_t group, size_t i, size_t j) const {
    const size_t place = Place(std::min(i, j), std::max(i, j));
    return std::ldexp(static_cast<double>(sums[place * groups + group]), 2 * exponent) /
           static_cast<double>(vectors);
  }
};

// Layers with more taps are not measured: their moments would take more than 8 MiB.
inline constexpr size_t kMostTaps = 2048;
// Of each sample so many vectors are taken, spread over the image and shifted from one to the next:
// neighbours are alike. The few taps of a depthwise convolution need fewer.
inline constexpr size_t kVectorsPerSample = 64;
inline constexpr size_t kDepthwiseVectorsPerSample = 16;

// Takes the moments of one operator. The sums do not depend on the machine. Not synchronized.
class MomentMeter {
 public:
  // `op` is one of the model's convolutions, depthwise convolutions or fully connected layers.
  MomentMeter(const graph::Graph& graph, const graph::Op& op);

  // False where the layer has too many taps; Add must not be called then.
  bool measures() const { return moments_.taps <= kMostTaps; }
  // The operator's input for one sample. `scratch` is memory that several meters may share.
  void Add(std::span<const float> input, std::vector<float>& scratch);
  // Empties the meter.
  InputMoments Finish() { return std::move(moments_); }

 private:
  // One dimension of the window: where it begins for an output, and what lies between its taps.
  struct Window {
    int32_t inputs = 1, outputs = 1, size = 1, stride = 1, dilation = 1, before = 0;
    int32_t InputAt(int32_t output, int32_t tap) const {
      return output * stride + tap * dilation - before;
    }
  };
  static Window MakeWindow(int32_t inputs, int32_t outputs, int32_t size, int32_t stride,
                           int32_t dilation, graph::Padding padding);

  // Scales the batch, and the sums so far, so that their squares neither overflow nor vanish.
  void FitExponent(std::span<float> batch);
  // The inputs of an output position: [taps, groups].
  void Gather(std::span<const float> input, size_t position, float* vector) const;
  // `batch` is [vectors, taps, groups].
  void Accumulate(std::span<const float> batch, size_t vectors);

  InputMoments moments_;
  Window rows_, columns_;
  size_t channels_ = 1;  // of the input
  size_t samples_ = 0;
  size_t most_vectors_ = kVectorsPerSample;
};

}  // namespace qbench::quantize
