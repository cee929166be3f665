// Fixed-point functions of TensorFlow Lite's reference kernels, beside the multiplications of
// graph/numerics/quantize_math.h: what replaces e^x and 1/x where there are only integers. Numbers
// are written Qm.n: m integer bits, n fraction bits, real = raw / 2^n. The method is gemmlowp's.
#pragma once

#include <cstdint>
#include <type_traits>

namespace qbench::kernels {

// a + b and a * b modulo 2^32 or 2^64, as hardware does it: an accumulator of a hostile model may
// overflow, and must not be undefined behaviour.
template <typename Integer>
Integer WrappingAdd(Integer a, Integer b) {
  using Unsigned = std::make_unsigned_t<Integer>;
  return static_cast<Integer>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
}

template <typename Integer>
Integer WrappingMultiply(Integer a, Integer b) {
  using Unsigned = std::make_unsigned_t<Integer>;
  return static_cast<Integer>(static_cast<Unsigned>(a) * static_cast<Unsigned>(b));
}

// x * 2^exponent, saturated to 32 bits; exponent 0 to 31.
int32_t SaturatingShiftLeft(int32_t x, int exponent);

// e^x for x <= 0; x is Q5.26, the result Q0.31. e^0 is the largest Q0.31.
int32_t ExpOnNegativeValues(int32_t x);

// 1 / (1 + x) for x in [0, 1), both Q0.31.
int32_t OneOverOnePlusX(int32_t x);

}  // namespace qbench::kernels
