#include "kernels/elementwise.h"

#include <array>
#include <cmath>

namespace qbench::kernels {
namespace {

constexpr size_t kMaxRank = 8;

// How two inputs are walked through, for each dimension of the output: a stride of 0 repeats.
struct Broadcast {
  size_t rank = 0;
  std::array<int64_t, kMaxRank> size{}, stride_1{}, stride_2{};
};

Result<Broadcast> MakeBroadcast(const graph::Shape& a, const graph::Shape& b,
                                const graph::Shape& out) {
  Broadcast broadcast;
  if (out.size() > kMaxRank) {
    return Error(StatusCode::kUnsupported, "{} dimensions; at most {}", out.size(), kMaxRank);
  }
  broadcast.rank = std::max<size_t>(out.size(), 1);
  broadcast.size.fill(1);
  int64_t step_1 = 1;
  int64_t step_2 = 1;
  for (size_t back = 1; back <= out.size(); ++back) {
    const size_t d = broadcast.rank - back;
    const int64_t size_1 = back <= a.size() ? a[a.size() - back] : 1;
    const int64_t size_2 = back <= b.size() ? b[b.size() - back] : 1;
    broadcast.size[d] = out[out.size() - back];
    broadcast.stride_1[d] = size_1 == 1 ? 0 : step_1;
    broadcast.stride_2[d] = size_2 == 1 ? 0 : step_2;
    step_1 *= size_1;
    step_2 *= size_2;
  }
  return broadcast;
}

// output[i] = function(a[…], b[…]) from dimension `d` on; returns the output's next element.
template <typename Element, typename Function>
Element* ForEachPair(const Broadcast& broadcast, size_t d, const Element* a, const Element* b,
                     Element* output, const Function& function) {
  const int64_t size = broadcast.size[d];
  const int64_t step_1 = broadcast.stride_1[d];
  const int64_t step_2 = broadcast.stride_2[d];
  const bool innermost = d + 1 == broadcast.rank;
  for (int64_t i = 0; i < size; ++i, a += step_1, b += step_2) {
    if (innermost) {
      *output++ = function(*a, *b);
    } else {
      output = ForEachPair(broadcast, d + 1, a, b, output, function);
    }
  }
  return output;
}

// The Run that applies `function` (Element, Element) -> Element.
template <typename Element, typename Function>
Result<Run> PrepareBinary(const OpContext& context, const Function& function) {
  QB_ASSIGN_OR_RETURN(
      const Broadcast broadcast,
      MakeBroadcast(context.input(0).shape(), context.input(1).shape(), context.output().shape()));
  return Run([=, a = context.input(0).As<Element>(), b = context.input(1).As<Element>(),
              out = context.output().As<Element>()] {
    ForEachPair<Element>(broadcast, 0, a, b, out, function);
  });
}

}  // namespace

namespace {

int32_t MultiplyInput(AddQuantization::InputRounding rounding, int32_t x,
                      graph::QuantizedMultiplier m) {
  switch (rounding) {
    case AddQuantization::InputRounding::kTwice:
      break;
    case AddQuantization::InputRounding::kOnce:
      return graph::MultiplyByQuantizedMultiplierSingleRounding(x, m);
    case AddQuantization::InputRounding::kCut:  // multipliers are at most 1/2: shift <= 0
      return graph::SaturatingRoundingDoublingHighMul(x, m.multiplier) >> -m.shift;
  }
  return Multiply(x, m);
}

}  // namespace

int32_t AddQuantized(const AddQuantization& q, int32_t a, int32_t b) {
  const int32_t scaled_1 =
      MultiplyInput(q.input_rounding, (a - q.zero_point_1) * (1 << q.left_shift), q.multiplier_1);
  const int32_t scaled_2 =
      MultiplyInput(q.input_rounding, (b - q.zero_point_2) * (1 << q.left_shift), q.multiplier_2);
  const int32_t sum = q.subtract ? scaled_1 - scaled_2 : scaled_1 + scaled_2;
  return q.range.Clamp(WrappingAdd(Multiply(sum, q.output_multiplier), q.output_zero_point));
}

int32_t AddInOneStep(const OneStepAddition& q, int32_t a, int32_t b) {
  const int64_t acc = q.bias + int64_t{a} * q.multiplier_1 + int64_t{b} * q.multiplier_2;
  return q.range.Clamp(static_cast<int32_t>(acc >> q.shift) + q.output_zero_point);
}

int32_t MulQuantized(const MulQuantization& q, int32_t a, int32_t b) {
  return q.requantize((a - q.zero_point_1) * (b - q.zero_point_2), 0);
}

Result<Run> PrepareBinaryFloat(const OpContext& context) {
  const FloatRange range = RangeOf(context.options<graph::BinaryOptions>().activation);
  switch (context.op->kind) {
    case graph::OpKind::kAdd:
      return PrepareBinary<float>(context, [=](float a, float b) { return range.Clamp(a + b); });
    case graph::OpKind::kSub:
      return PrepareBinary<float>(context, [=](float a, float b) { return range.Clamp(a - b); });
    case graph::OpKind::kDiv:
      return PrepareBinary<float>(context, [=](float a, float b) { return range.Clamp(a / b); });
    default:
      return PrepareBinary<float>(context, [=](float a, float b) { return range.Clamp(a * b); });
  }
}

int32_t PreluQuantized(const PreluQuantization& q, int32_t input, int32_t slope) {
  const int32_t x = input - q.input_zero_point;
  const int32_t scaled =
      x >= 0 ? Multiply(x, q.above) : Multiply(x * (slope - q.slope_zero_point), q.below);
  return q.range.Clamp(WrappingAdd(scaled, q.output_zero_point));
}

Result<Run> PreparePreluFloat(const OpContext& context) {
  return PrepareBinary<float>(context,
                              [](float x, float slope) { return x >= 0.0F ? x : x * slope; });
}

template <typename Element>
Result<Run> PreparePreluQuantized(const OpContext& context) {
  const Operand& input = context.input(0);
  const Operand& slope = context.input(1);
  const Operand& output = context.output();
  PreluQuantization q;
  q.input_zero_point = input.zero_point();
  q.slope_zero_point = slope.zero_point();
  q.output_zero_point = output.zero_point();
  q.range = RangeOf(graph::Activation::kNone, output);
  // In float, as TensorFlow Lite does.
  QB_ASSIGN_OR_RETURN(q.above, MultiplierOf(input.scale() / output.scale()));
  QB_ASSIGN_OR_RETURN(q.below, MultiplierOf(input.scale() * slope.scale() / output.scale()));
  return PrepareBinary<Element>(
      context, [q](Element x, Element y) { return static_cast<Element>(PreluQuantized(q, x, y)); });
}

template <typename Element>
Result<Run> PrepareExtremum(const OpContext& context) {
  if (context.op->kind == graph::OpKind::kMaximum) {
    return PrepareBinary<Element>(context, [](Element a, Element b) { return a > b ? a : b; });
  }
  return PrepareBinary<Element>(context, [](Element a, Element b) { return a < b ? a : b; });
}

namespace {

template <typename Element>
Result<Run> PrepareAddInOneStep(const OpContext& context) {
  const Operand& a = context.input(0);
  const Operand& b = context.input(1);
  const Operand& output = context.output();
  const float scale_1 = a.scale() / output.scale();
  const float scale_2 = b.scale() / output.scale();
  OneStepAddition q;
  // The larger multiplier gets 21 bits.
  q.shift = 20 - std::ilogb(std::max(scale_1, scale_2));
  if (q.shift < 1 || q.shift > 31) {
    return Error(StatusCode::kUnsupported, "inputs {} times the output's scale",
                 std::max(scale_1, scale_2));
  }
  q.multiplier_1 = static_cast<int32_t>(std::nearbyint(std::ldexp(scale_1, q.shift)));
  q.multiplier_2 = static_cast<int32_t>(std::nearbyint(std::ldexp(scale_2, q.shift)));
  if (context.op->kind == graph::OpKind::kSub) q.multiplier_2 = -q.multiplier_2;
  q.bias = (int64_t{1} << (q.shift - 1)) - int64_t{q.multiplier_1} * a.zero_point() -
           int64_t{q.multiplier_2} * b.zero_point();
  q.output_zero_point = output.zero_point();
  q.range = RangeOf(context.options<graph::BinaryOptions>().activation, output);
  return PrepareBinary<Element>(
      context, [q](Element x, Element y) { return static_cast<Element>(AddInOneStep(q, x, y)); });
}

}  // namespace

template <typename Element>
Result<Run> PrepareAddQuantized(const OpContext& context) {
  if (context.arithmetic == Arithmetic::kXnnpack) return PrepareAddInOneStep<Element>(context);
  const Operand& a = context.input(0);
  const Operand& b = context.input(1);
  const Operand& output = context.output();
  AddQuantization q;
  q.left_shift = sizeof(Element) == 1 ? 20 : 15;
  q.zero_point_1 = a.zero_point();
  q.zero_point_2 = b.zero_point();
  q.output_zero_point = output.zero_point();
  const double twice_max_scale = 2.0F * std::max(a.scale(), b.scale());
  const auto shifted_output_scale = static_cast<float>(1 << q.left_shift) * output.scale();
  QB_ASSIGN_OR_RETURN(q.multiplier_1, MultiplierOf(a.scale() / twice_max_scale));
  QB_ASSIGN_OR_RETURN(q.multiplier_2, MultiplierOf(b.scale() / twice_max_scale));
  QB_ASSIGN_OR_RETURN(q.output_multiplier, MultiplierOf(twice_max_scale / shifted_output_scale));
  q.subtract = context.op->kind == graph::OpKind::kSub;
  q.range = RangeOf(context.options<graph::BinaryOptions>().activation, output);
  // LiteRT's own ADD of uint8 and int16 has vector code of its own where the shapes are the same.
  const bool vectors = context.arithmetic == Arithmetic::kBuiltin && !q.subtract &&
                       !std::is_same_v<Element, int8_t> && a.shape() == b.shape();
  const int64_t whole_vectors = vectors ? output.count() / 8 * 8 : 0;
  AddQuantization in_vectors = q;
  in_vectors.input_rounding = sizeof(Element) == 1 ? AddQuantization::InputRounding::kCut
                                                   : AddQuantization::InputRounding::kOnce;
  if (whole_vectors > 0) {
    return Run([q, in_vectors, whole_vectors, x = a.As<Element>(), y = b.As<Element>(),
                out = output.As<Element>(), count = output.count()] {
      for (int64_t i = 0; i < count; ++i) {
        out[i] = static_cast<Element>(AddQuantized(i < whole_vectors ? in_vectors : q, x[i], y[i]));
      }
    });
  }
  return PrepareBinary<Element>(
      context, [q](Element x, Element y) { return static_cast<Element>(AddQuantized(q, x, y)); });
}

template <typename Element>
Result<Run> PrepareMulQuantized(const OpContext& context) {
  const Operand& a = context.input(0);
  const Operand& b = context.input(1);
  const Operand& output = context.output();
  MulQuantization q;
  q.zero_point_1 = a.zero_point();
  q.zero_point_2 = b.zero_point();
  // In float, as TensorFlow Lite and XNNPACK do.
  const float real = a.scale() * b.scale() / output.scale();
  QB_ASSIGN_OR_RETURN(const graph::QuantizedMultiplier multiplier, MultiplierOf(real));
  q.requantize.rounding =
      context.arithmetic == Arithmetic::kXnnpack ? Rounding::kFloat : Rounding::kTwiceAwayFromZero;
  q.requantize.multipliers = {multiplier};
  q.requantize.reals = {real};
  q.requantize.zero_point = output.zero_point();
  q.requantize.range = RangeOf(context.options<graph::BinaryOptions>().activation, output);
  return PrepareBinary<Element>(
      context, [q](Element x, Element y) { return static_cast<Element>(MulQuantized(q, x, y)); });
}

template Result<Run> PreparePreluQuantized<int8_t>(const OpContext&);
template Result<Run> PreparePreluQuantized<uint8_t>(const OpContext&);
template Result<Run> PrepareAddQuantized<int8_t>(const OpContext&);
template Result<Run> PrepareAddQuantized<uint8_t>(const OpContext&);
template Result<Run> PrepareAddQuantized<int16_t>(const OpContext&);
template Result<Run> PrepareMulQuantized<int8_t>(const OpContext&);
template Result<Run> PrepareMulQuantized<uint8_t>(const OpContext&);
template Result<Run> PrepareMulQuantized<int16_t>(const OpContext&);
template Result<Run> PrepareExtremum<float>(const OpContext&);
template Result<Run> PrepareExtremum<int8_t>(const OpContext&);
template Result<Run> PrepareExtremum<uint8_t>(const OpContext&);
template Result<Run> PrepareExtremum<int16_t>(const OpContext&);

}  // namespace qbench::kernels
