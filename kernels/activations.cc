#include "kernels/activations.h"

#include <cmath>

#include "graph/operators.h"

namespace qbench::kernels {
namespace {

using graph::OpKind;

float LogisticOf(float x) { return 1.0F / (1.0F + std::exp(-x)); }
float TanhOf(float x) { return std::tanh(x); }
float EluOf(float x) { return x < 0.0F ? std::expm1(x) : x; }
float RsqrtOf(float x) { return 1.0F / std::sqrt(x); }
float SqrtOf(float x) { return std::sqrt(x); }
// x * the normal distribution's function at x (Hendrycks and Gimpel 2016, arXiv 1606.08415), and
// the paper's approximation of it.
float GeluOf(float x) { return 0.5F * x * std::erfc(x * -0.70710678F); }
float ApproximateGeluOf(float x) {
  return 0.5F * x * (1.0F + std::tanh(0.79788456F * (x + 0.044715F * x * x * x)));
}
float HardSwishOf(float x) { return x * std::min(6.0F, std::max(0.0F, x + 3.0F)) / 6.0F; }

// The Run that applies `function` to every element.
template <typename Element, typename Function>
Run ForEachElement(const OpContext& context, const Function& function) {
  return [=, in = context.input(0).As<Element>(), out = context.output().As<Element>(),
          count = context.output().count()] { std::transform(in, in + count, out, function); };
}

using Function = float (*)(float);
Function GeluFunction(const OpContext& context) {
  return context.options<graph::GeluOptions>().approximate ? ApproximateGeluOf : GeluOf;
}
Function TableFunction(const OpContext& context) {
  switch (context.op->kind) {
    case OpKind::kTanh:
      return TanhOf;
    case OpKind::kElu:
      return EluOf;
    case OpKind::kGelu:
      return GeluFunction(context);
    default:
      return LogisticOf;
  }
}

int16_t Saturate16(int32_t x) {
  return static_cast<int16_t>(std::clamp<int32_t>(x, std::numeric_limits<int16_t>::min(),
                                                  std::numeric_limits<int16_t>::max()));
}

// The product of two Q0.15 numbers, rounded: round(2 * a * b / 2^16), halves away from zero.
int16_t RoundedProduct16(int16_t a, int16_t b) {
  const int32_t product = int32_t{a} * b;
  const int32_t nudge = product >= 0 ? (1 << 14) : 1 - (1 << 14);
  return Saturate16((product + nudge) / (1 << 15));
}

// The same, truncated towards zero, which cancels the rounding's bias.
int16_t TruncatedProduct16(int16_t a, int16_t b) { return Saturate16(int32_t{a} * b / (1 << 15)); }

// A Q0.31 multiplier rounded to Q0.15.
int16_t ToQ15(int32_t multiplier) {
  constexpr int32_t kLargest = std::numeric_limits<int32_t>::max() - (1 << 15);
  if (multiplier >= kLargest) return std::numeric_limits<int16_t>::max();
  return static_cast<int16_t>((multiplier + (1 << 15)) >> 16);
}

}  // namespace

int32_t LeakyReluQuantized(const LeakyReluQuantization& q, int32_t value) {
  const int32_t x = value - q.input_zero_point;
  int32_t scaled = Multiply(x, x >= 0 ? q.above : q.below);
  if (x < 0 && q.negate_below) scaled = WrappingMultiply(scaled, -1);
  return q.range.Clamp(WrappingAdd(scaled, q.output_zero_point));
}

template <typename Element>
ByteTable MakeTable(const Operand& input, const Operand& output, float (*function)(float)) {
  const QuantizedRange range = RangeOf(graph::Activation::kNone, output);
  const float inverse_scale = 1.0F / output.scale();
  ByteTable table{};
  constexpr int32_t kLowest{std::numeric_limits<Element>::min()};
  constexpr int32_t kHighest{std::numeric_limits<Element>::max()};
  for (int32_t q = kLowest; q <= kHighest; ++q) {
    const float real = input.scale() * static_cast<float>(q - input.zero_point());
    const float steps =
        std::round(function(real) * inverse_scale) + static_cast<float>(output.zero_point());
    const float clamped = std::clamp(std::isnan(steps) ? 0.0F : steps,
                                     static_cast<float>(range.min), static_cast<float>(range.max));
    table[static_cast<uint8_t>(q)] = static_cast<uint8_t>(static_cast<int32_t>(clamped));
  }
  return table;
}

int32_t HardSwishQuantized(const HardSwishQuantization& q, int32_t value) {
  const auto x = static_cast<int16_t>((value - q.input_zero_point) * (1 << 7));
  const int16_t on_output_scale = RoundedProduct16(x, q.output_multiplier);
  // x in [-3, 3] as Q0.15 in [-1, 1]. A left shift saturates; all but its last bit comes before
  // the multiplication, to keep precision.
  int16_t relu = x;
  if (q.relu_exponent > 0) relu = Saturate16(SaturatingShiftLeft(relu, q.relu_exponent - 1));
  relu = RoundedProduct16(relu, q.relu_multiplier);
  if (q.relu_exponent > 0) relu = Saturate16(relu * 2);
  if (q.relu_exponent < 0) {
    relu = static_cast<int16_t>(graph::RoundingDivideByPowerOfTwo(relu, -q.relu_exponent));
  }
  relu = static_cast<int16_t>((relu + (1 << 15)) >> 1);  // [0, 1]
  const int16_t product = TruncatedProduct16(relu, on_output_scale);
  const int32_t output = graph::RoundingDivideByPowerOfTwo(product, -q.output_exponent);
  return q.range.Clamp(output + q.output_zero_point);
}

Result<Run> PrepareActivationFloat(const OpContext& context) {
  switch (context.op->kind) {
    case OpKind::kRelu:
      return ForEachElement<float>(context, [](float x) { return std::max(0.0F, x); });
    case OpKind::kRelu6:
      return ForEachElement<float>(context, [](float x) { return std::clamp(x, 0.0F, 6.0F); });
    case OpKind::kLeakyRelu: {
      const float alpha = context.options<graph::LeakyReluOptions>().alpha;
      return ForEachElement<float>(context, [=](float x) { return x > 0.0F ? x : x * alpha; });
    }
    case OpKind::kLogistic:
      return ForEachElement<float>(context, LogisticOf);
    case OpKind::kTanh:
      return ForEachElement<float>(context, TanhOf);
    case OpKind::kHardSwish:
      return ForEachElement<float>(context, HardSwishOf);
    case OpKind::kElu:
      return ForEachElement<float>(context, EluOf);
    case OpKind::kGelu:
      return ForEachElement<float>(context, GeluFunction(context));
    case OpKind::kRsqrt:
      return ForEachElement<float>(context, RsqrtOf);
    case OpKind::kSqrt:
      return ForEachElement<float>(context, SqrtOf);
    default:
      return Error(StatusCode::kInternal, "no activation of floats");
  }
}

namespace {

// kLeakyRelu as XNNPACK has it: the slopes with 8 fraction bits.
template <typename Element>
Result<Run> PrepareLeakyReluCoarse(const OpContext& context) {
  const Operand& input = context.input(0);
  const Operand& output = context.output();
  const float slope = input.scale() / output.scale();
  QB_ASSIGN_OR_RETURN(const int32_t above, CoarseMultiplierOf(slope));
  QB_ASSIGN_OR_RETURN(const int32_t below,
                      CoarseMultiplierOf(slope * context.options<graph::LeakyReluOptions>().alpha));
  return ForEachElement<Element>(
      context, [=, in_zero = input.zero_point(), out_zero = output.zero_point(),
                range = RangeOf(graph::Activation::kNone, output)](Element value) {
        const int32_t x = value - in_zero;
        return static_cast<Element>(
            range.Clamp(MultiplyCoarse(x, x >= 0 ? above : below) + out_zero));
      });
}

}  // namespace

template <typename Element>
Result<Run> PrepareReluQuantized(const OpContext& context) {
  const Operand& input = context.input(0);
  const Operand& output = context.output();
  if (context.op->kind == OpKind::kLeakyRelu && context.arithmetic == Arithmetic::kXnnpack) {
    return PrepareLeakyReluCoarse<Element>(context);
  }
  LeakyReluQuantization q;
  q.input_zero_point = input.zero_point();
  q.output_zero_point = output.zero_point();
  // The quotients are taken in float, as TensorFlow Lite does.
  QB_ASSIGN_OR_RETURN(q.above, MultiplierOf(input.scale() / output.scale()));
  q.below = q.above;
  q.range = RangeOf(graph::Activation::kNone, output);
  if (context.op->kind == OpKind::kLeakyRelu) {
    const float below =
        input.scale() * context.options<graph::LeakyReluOptions>().alpha / output.scale();
    q.negate_below = below < 0.0F;
    QB_ASSIGN_OR_RETURN(q.below, MultiplierOf(std::abs(below)));
  } else {
    q.range = RangeOf(graph::InfoOf(context.op->kind).activation, output);
  }
  return ForEachElement<Element>(
      context, [q](Element x) { return static_cast<Element>(LeakyReluQuantized(q, x)); });
}

template <typename Element>
Result<Run> PrepareTableQuantized(const OpContext& context) {
  const ByteTable table =
      MakeTable<Element>(context.input(0), context.output(), TableFunction(context));
  return ForEachElement<uint8_t>(context, [table](uint8_t x) { return table[x]; });
}

template <typename Element>
Result<Run> PrepareHardSwishQuantized(const OpContext& context) {
  const Operand& input = context.input(0);
  const Operand& output = context.output();
  const float fine_input_scale = input.scale() / 128.0F;
  const float relu_scale = 3.0F / 32768.0F;  // 3.0 is 32768
  QB_ASSIGN_OR_RETURN(const auto to_output, MultiplierOf(fine_input_scale / output.scale()));
  QB_ASSIGN_OR_RETURN(const auto to_relu, MultiplierOf(fine_input_scale / relu_scale));
  if (to_output.shift > 0) {
    return Error(StatusCode::kUnsupported, "an output scale below 1/128 of the input's");
  }
  HardSwishQuantization q;
  q.input_zero_point = input.zero_point();
  q.output_zero_point = output.zero_point();
  q.output_multiplier = ToQ15(to_output.multiplier);
  q.output_exponent = to_output.shift;
  q.relu_multiplier = ToQ15(to_relu.multiplier);
  q.relu_exponent = to_relu.shift;
  q.range = RangeOf(graph::Activation::kNone, output);
  return ForEachElement<Element>(
      context, [q](Element x) { return static_cast<Element>(HardSwishQuantized(q, x)); });
}

template Result<Run> PrepareReluQuantized<int8_t>(const OpContext&);
template Result<Run> PrepareReluQuantized<uint8_t>(const OpContext&);
template Result<Run> PrepareReluQuantized<int16_t>(const OpContext&);
template Result<Run> PrepareTableQuantized<int8_t>(const OpContext&);
template Result<Run> PrepareTableQuantized<uint8_t>(const OpContext&);
template Result<Run> PrepareHardSwishQuantized<int8_t>(const OpContext&);
template Result<Run> PrepareHardSwishQuantized<uint8_t>(const OpContext&);

}  // namespace qbench::kernels
