// Fixed-point functions of TensorFlow Lite's reference kernels, beside the multiplications of
// graph/quantize_math.h: what replaces e^x and 1/x where there are only integers. Numbers are
// written Qm.n: m integer bits, n fraction bits, real = raw / 2^n. The method is gemmlowp's.
#pragma once

#include <cstdint>

namespace qbench::kernels {

// a + b modulo 2^32 or 2^64, as hardware adds: an accumulator of a hostile model may overflow, and
// must not be undefined behaviour.
inline int32_t WrappingAdd(int32_t a, int32_t b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b));
}
inline int64_t WrappingAdd(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

// x * 2^exponent, saturated to 32 bits; exponent 0 to 31.
int32_t SaturatingShiftLeft(int32_t x, int exponent);

// e^x for x <= 0; x is Q5.26, the result Q0.31. e^0 is the largest Q0.31.
int32_t ExpOnNegativeValues(int32_t x);

// 1 / (1 + x) for x in [0, 1), both Q0.31.
int32_t OneOverOnePlusX(int32_t x);

}  // namespace qbench::kernels
