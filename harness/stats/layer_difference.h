// How far the activations of a quantized model lie from those of the float model, layer by layer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace qbench::stats {

// Sums over all elements of one activation and all images: `a` is float's, `b` the quantized
// model's, dequantized.
struct DifferenceSums {
  int64_t count = 0;
  double aa = 0;  // of a^2
  double bb = 0;
  double ab = 0;
  double dd = 0;          // of (a - b)^2
  int64_t saturated = 0;  // elements of `a` beyond what the integers reach
  double a_min = 0;
  double a_max = 0;
  double b_min = 0;
  double b_max = 0;
};

// Adds one image. a.size() == b.size(). Values of `a` below `low` or above `high` count as
// saturated; for a float activation both are infinite.
void AddDifference(std::span<const float> a, std::span<const float> b, double low, double high,
                   DifferenceSums& sums);

// The cosine of the angle between a and b; 1 where both are zero throughout, 0 where one is.
double Cosine(const DifferenceSums& sums);
// Signal to quantization noise, 10 log10(sum a^2 / sum (a - b)^2), in dB; none where a and b are
// equal.
std::optional<double> SqnrDb(const DifferenceSums& sums);
// The same from a noise share, as NoiseShare gives it.
std::optional<double> SqnrDb(double noise_share);
// The root of the mean of (a - b)^2.
double Rmse(const DifferenceSums& sums);
// sum (a - b)^2 / sum a^2: 0.01 is 20 dB. Infinite where a is zero and b is not.
double NoiseShare(const DifferenceSums& sums);

// One layer for the verdict.
struct LayerNoise {
  double share = 0;            // NoiseShare of its output
  std::vector<size_t> inputs;  // the layers that it reads, by their place in the list
  // NoiseShare of its output where its inputs are float's values, as the layer quantizes them.
  std::optional<double> own = std::nullopt;
};

// The noise that a layer adds to what it gets: its own, where that was measured; else its share
// less the largest of its inputs', at least 0.
double AddedNoise(std::span<const LayerNoise> layers, size_t layer);

// The first layer at which the error jumps: more than kJump times the largest share of its inputs,
// and more than kLoud at all. None: no layer stands out.
inline constexpr double kJump = 4.0;   // 6 dB
inline constexpr double kLoud = 0.01;  // 20 dB
std::optional<size_t> FindJump(std::span<const LayerNoise> layers);

// The layers to keep in float: those that add the most noise, largest first, at most `count`, and
// only such that add at least kWorthKeeping and a tenth of all that is added. Of two such layers
// one behind the other, the second counts only where it is more than kJump times as noisy: what
// reads a tensor of too coarse a scale is noisy by itself for that alone.
inline constexpr double kWorthKeeping = 0.001;  // 30 dB
std::vector<size_t> LayersToKeep(std::span<const LayerNoise> layers, size_t count);

}  // namespace qbench::stats
