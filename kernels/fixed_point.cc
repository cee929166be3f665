#include "kernels/fixed_point.h"

#include <algorithm>
#include <array>
#include <limits>

#include "graph/numerics/quantize_math.h"

namespace qbench::kernels {
namespace {

using graph::RoundingDivideByPowerOfTwo;

constexpr int32_t kQ31One = std::numeric_limits<int32_t>::max();

int32_t Product(int32_t a, int32_t b) { return graph::SaturatingRoundingDoublingHighMul(a, b); }

// e^x for x in [-1/4, 0), Q0.31: the Taylor polynomial of degree 4 around -1/8,
// e^(-1/8) * (1 + y + y^2/2 + y^3/6 + y^4/24) with y = x + 1/8.
int32_t ExpBetweenMinusQuarterAndZero(int32_t x) {
  constexpr int32_t kExpOfMinusEighth = 1895147668;
  constexpr int32_t kOneThird = 715827883;
  const int32_t y = x + (1 << 28);
  const int32_t y2 = Product(y, y);
  const int32_t y3 = Product(y2, y);
  const int32_t y4_over_4 = RoundingDivideByPowerOfTwo(Product(y2, y2), 2);
  const int32_t tail = RoundingDivideByPowerOfTwo(Product(y4_over_4 + y3, kOneThird) + y2, 1);
  return kExpOfMinusEighth + Product(kExpOfMinusEighth, y + tail);
}

}  // namespace

int32_t SaturatingShiftLeft(int32_t x, int exponent) {
  const int64_t shifted = static_cast<int64_t>(x) * (int64_t{1} << exponent);
  return static_cast<int32_t>(std::clamp<int64_t>(shifted, std::numeric_limits<int32_t>::min(),
                                                  std::numeric_limits<int32_t>::max()));
}

int32_t ExpOnNegativeValues(int32_t x) {
  constexpr int kFractionBits = 26;
  constexpr int32_t kQuarter = 1 << (kFractionBits - 2);
  // x = r - k/4 with r in [-1/4, 0); e^x = e^r * the factors e^(-2^i) of k's binary digits.
  constexpr std::array<int32_t, 7> kExpOfMinusPowers = {
      1672461947,  // e^(-1/4)
      1302514674,  // e^(-1/2)
      790015084,   // e^-1
      290630308,   // e^-2
      39332535,    // e^-4
      720401,      // e^-8
      242,         // e^-16
  };
  if (x == 0) return kQ31One;
  const int32_t r = (x & (kQuarter - 1)) - kQuarter;
  const int32_t quarters = (r - x) >> (kFractionBits - 2);
  int32_t result = ExpBetweenMinusQuarterAndZero(SaturatingShiftLeft(r, 5));
  for (size_t i = 0; i < kExpOfMinusPowers.size(); ++i) {
    if ((quarters >> i) & 1) result = Product(result, kExpOfMinusPowers[i]);
  }
  return result;
}

int32_t OneOverOnePlusX(int32_t x) {
  // y -> y + y * (1 - d * y) converges to 1/d for the half denominator d = (1 + x) / 2 in
  // [1/2, 1); y is Q2.29 and starts at 48/17 - 32/17 d.
  constexpr int32_t k48Over17 = 1515870810;
  constexpr int32_t kMinus32Over17 = -1010580540;
  constexpr int32_t kQ29One = 1 << 29;
  const auto half_denominator = static_cast<int32_t>((static_cast<int64_t>(x) + kQ31One + 1) / 2);
  int32_t y = k48Over17 + Product(half_denominator, kMinus32Over17);
  for (int step = 0; step < 3; ++step) {
    const int32_t error = kQ29One - Product(half_denominator, y);
    y += SaturatingShiftLeft(Product(y, error), 2);
  }
  return SaturatingShiftLeft(y, 1);  // y / 2, from Q2.29 to Q0.31
}

}  // namespace qbench::kernels
