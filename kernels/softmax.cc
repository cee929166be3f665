#include "kernels/softmax.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "kernels/fixed_point.h"
#include "kernels/requantize.h"

namespace qbench::kernels {
namespace {

constexpr int kDifferenceIntegerBits = 5;  // Q5.26
constexpr int kSumIntegerBits = 12;        // Q12.19

// e^(beta * scale * difference) in Q0.31, for a difference <= 0.
int32_t ExpOfDifference(const SoftmaxQuantization& q, int32_t difference) {
  const auto shifted =
      static_cast<int32_t>(static_cast<uint32_t>(difference) << q.multiplier.shift);
  return ExpOnNegativeValues(
      graph::SaturatingRoundingDoublingHighMul(shifted, q.multiplier.multiplier));
}

// A row's sum of exponentials as a power of two and a reciprocal: 1 / sum = reciprocal (Q0.31) *
// 2^-bits_over_unit.
struct Reciprocal {
  int32_t reciprocal = 0;
  int bits_over_unit = 0;
};
Reciprocal ReciprocalOf(int32_t sum) {
  const int headroom = std::countl_zero(static_cast<uint32_t>(sum));
  // The leading one goes to bit 31: the number is then 1 + x with x in Q0.31 below it.
  const uint32_t shifted = static_cast<uint32_t>(sum) << headroom;
  return {OneOverOnePlusX(static_cast<int32_t>(shifted - (uint32_t{1} << 31))),
          kSumIntegerBits - headroom};
}

// round(function) at 513 points of [from, to], with each point moved by half of what the
// straight line to the next one is off in the middle. Values are multiples of 1 / 32768.
Table16 MakeTable16(double from, double to, double (*function)(double)) {
  constexpr int kSteps = 512;
  constexpr double kOutputScale = 2.0 / 65535.0;
  const double step = (to - from) / kSteps;
  const double inverse = 65536.0 / (kOutputScale * 32767.0 - kOutputScale * -32768.0);
  const auto clamped = [](double x) {
    return static_cast<int16_t>(std::clamp(x, -32768.0, 32767.0));
  };
  Table16 table{};
  for (int i = 0; i < kSteps; ++i) {
    const double x = from + i * step;
    const double here = std::round(function(x) * inverse);
    const double next = function(from + (i + 1) * step) * inverse;
    const double middle = std::round(function(x + step / 2) * inverse);
    const double error = std::round((next + here) / 2) - middle;
    table[static_cast<size_t>(i)] = clamped(here - std::round(error / 2));
  }
  table[kSteps] = clamped(std::round(function(to) * inverse));
  return table;
}

// The table at index (value + 32768) / 128, interpolated.
int16_t LookUp(const Table16& table, int32_t value) {
  const size_t index = static_cast<size_t>(value + 32768) >> 7;
  const int32_t offset = value & 0x7F;
  const int32_t slope = table[index + 1] - table[index];
  return static_cast<int16_t>(table[index] + ((slope * offset + 64) >> 7));
}

}  // namespace

void SoftmaxFloat(const float* input, int64_t rows, int64_t depth, float beta, float* output) {
  for (int64_t row = 0; row < rows; ++row, input += depth, output += depth) {
    const float max = *std::max_element(input, input + depth);
    float sum = 0.0F;
    for (int64_t c = 0; c < depth; ++c) {
      output[c] = std::exp((input[c] - max) * beta);
      sum += output[c];
    }
    for (int64_t c = 0; c < depth; ++c) output[c] /= sum;
  }
}

template <typename Element>
void SoftmaxQuantized(const SoftmaxQuantization& q, const Element* input, int64_t rows,
                      int64_t depth, Element* output) {
  constexpr int32_t kLowest = +std::numeric_limits<Element>::min();
  constexpr int32_t kHighest = std::numeric_limits<Element>::max();
  for (int64_t row = 0; row < rows; ++row, input += depth) {
    const int32_t max = +*std::max_element(input, input + depth);
    int64_t sum = 0;
    for (int64_t c = 0; c < depth; ++c) {
      const int32_t difference = input[c] - max;
      if (difference < q.lowest_difference) continue;
      sum += graph::RoundingDivideByPowerOfTwo(ExpOfDifference(q, difference), kSumIntegerBits);
    }
    const Reciprocal scale = ReciprocalOf(
        static_cast<int32_t>(std::min<int64_t>(sum, std::numeric_limits<int32_t>::max())));
    const int exponent = scale.bits_over_unit + 31 - 8;  // from Q0.31 to 1/256
    for (int64_t c = 0; c < depth; ++c) {
      const int32_t difference = input[c] - max;
      int32_t value = kLowest;
      if (difference >= q.lowest_difference) {
        const int32_t share = graph::SaturatingRoundingDoublingHighMul(
            scale.reciprocal, ExpOfDifference(q, difference));
        // Beyond 31 (more than 512 equals) every share rounds to 0.
        if (exponent <= 31) value += graph::RoundingDivideByPowerOfTwo(share, exponent);
      }
      *output++ = static_cast<Element>(std::clamp(value, kLowest, kHighest));
    }
  }
}

template <typename Element>
void SoftmaxQuantizedByTable(const SoftmaxByTable& softmax, const Element* input, int64_t rows,
                             int64_t depth, Element* output) {
  constexpr int32_t kLowest = +std::numeric_limits<Element>::min();
  constexpr int32_t kHighest = std::numeric_limits<Element>::max();
  for (int64_t row = 0; row < rows; ++row, input += depth) {
    const int32_t max = +*std::max_element(input, input + depth);
    const auto exponential = [&](int64_t c) {
      return softmax.table[static_cast<size_t>(max - input[c])];
    };
    float sum = 0.0F;
    for (int64_t c = 0; c < depth; ++c) sum += exponential(c);
    const float inverse = 1.0F / (sum * softmax.output_scale);
    for (int64_t c = 0; c < depth; ++c) {
      const auto value = static_cast<int32_t>(std::round(exponential(c) * inverse));
      *output++ = static_cast<Element>(std::clamp(value + kLowest, kLowest, kHighest));
    }
  }
}

void SoftmaxInt16(const SoftmaxTables& tables, const int16_t* input, int64_t rows, int64_t depth,
                  int16_t* output) {
  for (int64_t row = 0; row < rows; ++row, input += depth, output += depth) {
    const int32_t max = +*std::max_element(input, input + depth);
    int64_t wide_sum = 0;
    for (int64_t c = 0; c < depth; ++c) {
      const int32_t scaled = Multiply(input[c] - max, tables.multiplier);  // -10 is -65535
      const int32_t centred = std::clamp(WrappingAdd(scaled, 32767), -32768, 32767);
      output[c] = LookUp(tables.exponential, centred);
      wide_sum += output[c];
    }
    // Q16.15; the maximum alone contributes 1, so that it is never 0.
    const auto sum = static_cast<int32_t>(
        std::clamp<int64_t>(wide_sum, 1 << 14, std::numeric_limits<int32_t>::max()));
    // sum = (1 + x) * 2^(16 - headroom) with x in [0, 1), which is brought to 16 bits.
    const int headroom = std::countl_zero(static_cast<uint32_t>(sum));
    const int64_t shifted = ((int64_t{sum} << (headroom - 1)) + (1 << 13)) >> 14;
    const int64_t centred = shifted - ((1 << 15) + (1 << 16));
    const int16_t reciprocal = LookUp(
        tables.reciprocal, static_cast<int32_t>(std::clamp<int64_t>(centred, -32768, 32767)));
    const int right = 31 - headroom;
    for (int64_t c = 0; c < depth; ++c) {
      const int64_t product = int64_t{output[c]} * reciprocal;
      const int64_t result = (product + (int64_t{1} << (right - 1))) >> right;
      output[c] = static_cast<int16_t>(std::clamp<int64_t>(result, 0, 32767));
    }
  }
}

namespace {

int64_t DepthOf(const OpContext& context) { return context.input(0).shape().back(); }

}  // namespace

Result<Run> PrepareSoftmaxFloat(const OpContext& context) {
  const int64_t depth = DepthOf(context);
  return Run([depth, in = context.input(0).As<float>(), out = context.output().As<float>(),
              rows = context.output().count() / depth,
              beta = context.options<graph::SoftmaxOptions>().beta] {
    SoftmaxFloat(in, rows, depth, beta, out);
  });
}

template <typename Element>
Result<Run> PrepareSoftmaxQuantized(const OpContext& context) {
  const double beta = context.options<graph::SoftmaxOptions>().beta;
  const double real = beta * static_cast<double>(context.input(0).scale()) *
                      static_cast<double>(1 << (31 - kDifferenceIntegerBits));
  if (!(real > 1.0)) {
    return Error(StatusCode::kUnsupported, "an input scale times beta of {}", real);
  }
  SoftmaxQuantization q;
  q.multiplier = graph::QuantizeMultiplier(std::min(real, 0x1p31 - 1.0));
  // The largest difference that Q5.26 holds after the multiplication.
  q.lowest_difference =
      -static_cast<int32_t>(std::floor(((1 << kDifferenceIntegerBits) - 1) *
                                       static_cast<double>(1 << (31 - kDifferenceIntegerBits)) /
                                       static_cast<double>(int64_t{1} << q.multiplier.shift)));
  const int64_t depth = DepthOf(context);
  if (context.arithmetic != Arithmetic::kReference) {
    SoftmaxByTable softmax;
    const float scale = -context.input(0).scale() * context.options<graph::SoftmaxOptions>().beta;
    for (size_t d = 0; d < softmax.table.size(); ++d) {
      softmax.table[d] = std::exp(scale * static_cast<float>(d));
    }
    softmax.output_scale = context.output().scale();
    return Run([softmax, depth, in = context.input(0).As<Element>(),
                out = context.output().As<Element>(), rows = context.output().count() / depth] {
      SoftmaxQuantizedByTable(softmax, in, rows, depth, out);
    });
  }
  return Run(
      [q, depth, in = context.input(0).As<Element>(), out = context.output().As<Element>(),
       rows = context.output().count() / depth] { SoftmaxQuantized(q, in, rows, depth, out); });
}

Result<Run> PrepareSoftmaxInt16(const OpContext& context) {
  const float beta = context.options<graph::SoftmaxOptions>().beta;
  SoftmaxTables tables;
  QB_ASSIGN_OR_RETURN(tables.multiplier,
                      MultiplierOf(context.input(0).scale() * beta / (10.0 / 65535.0)));
  tables.exponential = MakeTable16(-10.0, 0.0, [](double x) { return std::exp(x); });
  tables.reciprocal = MakeTable16(0.0, 1.0, [](double x) { return 1.0 / (1.0 + x); });
  const int64_t depth = DepthOf(context);
  return Run(
      [tables, depth, in = context.input(0).As<int16_t>(), out = context.output().As<int16_t>(),
       rows = context.output().count() / depth] { SoftmaxInt16(tables, in, rows, depth, out); });
}

template Result<Run> PrepareSoftmaxQuantized<int8_t>(const OpContext&);
template Result<Run> PrepareSoftmaxQuantized<uint8_t>(const OpContext&);

template void SoftmaxQuantized(const SoftmaxQuantization&, const int8_t*, int64_t, int64_t,
                               int8_t*);
template void SoftmaxQuantized(const SoftmaxQuantization&, const uint8_t*, int64_t, int64_t,
                               uint8_t*);

}  // namespace qbench::kernels
