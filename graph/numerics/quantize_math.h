// Quantization numerics: the arithmetic that quantizers and kernels share, so that what one writes
// into a file is what the other computes with. Every function is pure and gives the same bits on
// every machine.
//
// Sources: TensorFlow Lite's 8-bit quantization specification; Jacob et al. 2018 (arXiv
// 1712.05877), sections 2.1 to 2.3; gemmlowp's fixedpoint.h for the fixed-point multiplication.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/ir.h"

namespace qbench::graph {

// ---- float16 (IEEE 754 binary16) ----

// Rounds to nearest, ties to even; overflow becomes infinity, NaN stays a (quiet) NaN.
uint16_t FloatToHalf(float value);
// Exact.
float HalfToFloat(uint16_t half);

// ---- affine quantization: real = scale * (quantized - zero_point) ----

struct QuantizedRange {
  int32_t min = 0;
  int32_t max = 0;
};
// The numbers that activations of this type take: int8, uint8, int16 (symmetric: -32767 to 32767).
// Other types give {0, 0}.
QuantizedRange ActivationRange(DataType type);

struct AffineParameters {
  float scale = 1.0F;
  int32_t zero_point = 0;
  bool operator==(const AffineParameters&) const = default;
};

// Asymmetric parameters for real values in [min, max]. The range is widened to hold zero, and the
// zero point is nudged to an integer, so that zero is exact (arXiv 1712.05877, section 3; the same
// rule as gemmlowp's ChooseQuantizationParams, in double). A range of {0, 0}, or one so narrow that
// its scale is not a normal float, gets scale 1. min and max must be finite.
AffineParameters ChooseAsymmetric(float min, float max, QuantizedRange range);

// Symmetric parameters, zero point 0: scale = max(|min|, |max|) / range.max, as int16 activations
// have. The same rule for a range of zero.
AffineParameters ChooseSymmetric(float min, float max, QuantizedRange range);

// round(value / scale) + zero_point, halves away from zero, clamped to the range: QUANTIZE of
// TensorFlow Lite's reference kernels, in float.
int32_t QuantizeValue(float value, AffineParameters parameters, QuantizedRange range);

struct QuantizedWeights {
  std::vector<int8_t> values;  // in the order of the weights
  Quantization quantization;   // zero points 0
};

// Symmetric int8 weights in [-127, 127], scale = max|w| / 127 for each index of `axis`, halves away
// from zero. A channel of nothing but zeros gets the whole tensor's scale (1 where that is zero
// too), so that its bias keeps a sensible resolution. weights.size() == ElementCount(shape),
// 0 <= axis < rank.
QuantizedWeights QuantizeWeightsPerChannel(std::span<const float> weights, const Shape& shape,
                                           int32_t axis);
// The same with one scale for the tensor.
QuantizedWeights QuantizeWeightsPerTensor(std::span<const float> weights);

// round(bias / (input_scale * weight_scale)), halves away from zero, clamped to the type.
int32_t QuantizeBias32(float bias, float input_scale, float weight_scale);
int64_t QuantizeBias64(float bias, float input_scale, float weight_scale);

// ---- fixed-point multiplication ----

// A real multiplier as multiplier * 2^(shift - 31), multiplier in [2^30, 2^31) (or both 0).
struct QuantizedMultiplier {
  int32_t multiplier = 0;
  int shift = 0;  // > 0: to the left
  bool operator==(const QuantizedMultiplier&) const = default;
};

// `real` >= 0 and below 2^30; what is below 2^-32 becomes 0 (TensorFlow Lite's QuantizeMultiplier).
QuantizedMultiplier QuantizeMultiplier(double real);

// round(a * b / 2^31), halves up (gemmlowp's formula: a positive half goes away from zero, a
// negative one towards it), saturated in the one case that overflows (a = b = -2^31).
int32_t SaturatingRoundingDoublingHighMul(int32_t a, int32_t b);

// round(x / 2^exponent), halves away from zero; 0 <= exponent <= 31.
int32_t RoundingDivideByPowerOfTwo(int32_t x, int exponent);

// x times the multiplier, rounded twice: the two functions above one after the other, as
// TensorFlow Lite's reference kernels do. A left shift wraps on overflow, which the
// ranges of well-formed models exclude.
int32_t MultiplyByQuantizedMultiplier(int32_t x, QuantizedMultiplier m);

// x times the multiplier, rounded once, halves up, and saturated (TensorFlow Lite built with
// TFLITE_SINGLE_ROUNDING).
int32_t MultiplyByQuantizedMultiplierSingleRounding(int32_t x, QuantizedMultiplier m);

// The same for the 48-bit accumulators of int16 activations: the multiplier is reduced to 16 bits,
// halves go up. |x| < 2^47, m.shift < 8.
int32_t MultiplyByQuantizedMultiplier64(int64_t x, QuantizedMultiplier m);

}  // namespace qbench::graph
