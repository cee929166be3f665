// Rounding of weights that keeps a layer's outputs, not each weight, as close as it can.
//
// Frantar et al. 2022, "GPTQ" (arXiv 2210.17323): weights are rounded one after the other, and
// those that are still to come make up for the error so far, as far as their inputs go together.
// Written as in Chee et al. 2023, "QuIP" (arXiv 2307.13304), section 3.2, which shows it to be the
// same: with H = (U + I) D (U + I)^T the second moments of the inputs and U strictly upper
// triangular, weight k becomes
//   q[k] = round(w[k] + sum over i < k of (w[i] - q[i]) * U[i][k]).
// Weights with the largest inputs go first, as in GPTQ's "act order". A weight of 0 stays 0, so
// that pruned models stay as sparse as they are.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "quantize/ranges/input_moments.h"

namespace qbench::quantize {

class FeedbackRounder {
 public:
  // For the rows of one group of `moments`, which are measured. `noise` is the variance that
  // quantizing the inputs adds to each of them; it and 1 % of the mean moment (GPTQ's damping) are
  // added to the diagonal, so that weights do not chase what 100 images happen to show.
  FeedbackRounder(const InputMoments& moments, size_t group, double noise);

  // Integers in [-limit, limit], as many as taps, for one row of weights. Thread-safe. Gives what
  // it costs: the mean squared error of the row's output, with what was added to the diagonal.
  double Round(std::span<const float> weights, float scale, std::span<int8_t> integers,
               int32_t limit = 127) const;

 private:
  std::vector<size_t> order_;
  // U[i][k] for i < k, in the order of rounding: one column k behind the other, each with a place
  // for its diagonal.
  std::vector<double> feedback_;
  std::vector<double> diagonal_;  // D
};

// Rounds a whole weight tensor: `shape` has the output channels in dimension `channel_axis`, the
// first, or of a depthwise convolution [1, h, w, channels] the last; `scales` one for each of them,
// or one. `moments` are measured. A row that `accept` (may be empty) does not like is rounded to
// nearest. Integers are in [-limit, limit].
using AcceptRow = std::function<bool(size_t channel, std::span<const int8_t> row)>;
std::vector<int8_t> RoundWithFeedback(std::span<const float> weights, const graph::Shape& shape,
                                      int32_t channel_axis, std::span<const float> scales,
                                      const InputMoments& moments, double noise,
                                      const AcceptRow& accept, int32_t limit = 127);

// The same without a scale given: each channel's is the one of `candidates`, evenly between
// max|w| / limit and half of that, with the least error of the channel's output. Worth its time for
// few bits: with a smaller scale the large weights are cut off and the others rounded finer.
struct ScaledWeights {
  std::vector<int8_t> integers;
  std::vector<float> scales;  // one a channel
};
ScaledWeights RoundAndScaleWithFeedback(std::span<const float> weights, const graph::Shape& shape,
                                        int32_t channel_axis, const InputMoments& moments,
                                        int32_t limit, int candidates);

}  // namespace qbench::quantize
