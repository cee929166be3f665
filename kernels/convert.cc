#include "kernels/convert.h"

namespace qbench::kernels {

template <typename Element>
void Quantize(const float* input, int64_t count, float scale, int32_t zero_point, Element* output) {
  constexpr QuantizedRange kRange{std::numeric_limits<Element>::min(),
                                  std::numeric_limits<Element>::max()};
  for (int64_t i = 0; i < count; ++i) {
    output[i] = static_cast<Element>(kRange.Clamp(QuantizeUnclamped(input[i], scale, zero_point)));
  }
}

template <typename Element>
void QuantizeByReciprocal(const float* input, int64_t count, float scale, int32_t zero_point,
                          Element* output) {
  constexpr QuantizedRange kRange{std::numeric_limits<Element>::min(),
                                  std::numeric_limits<Element>::max()};
  const float inverse = 1.0F / scale;
  for (int64_t i = 0; i < count; ++i) {
    const int32_t steps = MultiplyInFloat(input[i], inverse);
    output[i] = static_cast<Element>(kRange.Clamp(WrappingAdd(steps, zero_point)));
  }
}

template <typename Input, typename Output>
void Requantize(const RequantizeParameters& q, const Input* input, int64_t count, Output* output) {
  for (int64_t i = 0; i < count; ++i) {
    const int32_t x = input[i] - q.input_zero_point;
    output[i] = static_cast<Output>(q.range.Clamp(WrappingAdd(
        i < q.whole_vectors ? MultiplyTwiceUp(x, q.multiplier) : Multiply(x, q.multiplier),
        q.output_zero_point)));
  }
}

template <typename Element>
void Dequantize(const ChannelParameters& q, const Element* input, int64_t count, float* output) {
  const size_t channels = q.scales.size();
  if (channels == 1) {
    const double scale = q.scales[0];
    const float zero = -static_cast<float>(q.zero_points[0]) * q.scales[0];
    for (int64_t i = 0; i < q.whole_vectors; ++i) {
      output[i] = zero + static_cast<float>(input[i]) * q.scales[0];
    }
    for (int64_t i = q.whole_vectors; i < count; ++i) {
      output[i] = static_cast<float>(scale * (input[i] - q.zero_points[0]));
    }
    return;
  }
  for (int64_t i = 0; i < count; ++i) {
    const size_t channel = static_cast<size_t>(i / q.inner) % channels;
    output[i] = q.scales[channel] * static_cast<float>(input[i] - q.zero_points[channel]);
  }
}

template <typename Element>
Result<Run> PrepareQuantize(const OpContext& context) {
  const Operand& output = context.output();
  // XNNPACK takes all by the reciprocal, LiteRT's kernel whole vectors of 8, the reference none.
  int64_t first = 0;
  if (context.arithmetic == Arithmetic::kXnnpack) first = output.count();
  if (context.arithmetic == Arithmetic::kBuiltin) first = output.count() / 8 * 8;
  return Run([first, in = context.input(0).As<float>(), out = output.As<Element>(),
              rest = output.count() - first, scale = output.scale(),
              zero_point = output.zero_point()] {
    QuantizeByReciprocal(in, first, scale, zero_point, out);
    Quantize(in + first, rest, scale, zero_point, out + first);
  });
}

template <typename Input, typename Output>
Result<Run> PrepareRequantize(const OpContext& context) {
  const Operand& input = context.input(0);
  const Operand& output = context.output();
  RequantizeParameters q;
  q.input_zero_point = input.zero_point();
  q.output_zero_point = output.zero_point();
  q.range = RangeOf(graph::Activation::kNone, output);
  if (context.arithmetic == Arithmetic::kXnnpack) {
    QB_ASSIGN_OR_RETURN(const int32_t multiplier,
                        CoarseMultiplierOf(input.scale() / output.scale()));
    return Run([=, in = input.As<Input>(), out = output.As<Output>(), count = output.count()] {
      std::transform(in, in + count, out, [&](Input x) {
        const int32_t scaled = MultiplyCoarse(x - q.input_zero_point, multiplier);
        return static_cast<Output>(q.range.Clamp(scaled + q.output_zero_point));
      });
    });
  }
  QB_ASSIGN_OR_RETURN(q.multiplier, MultiplierOf(static_cast<double>(input.scale()) /
                                                 static_cast<double>(output.scale())));
  // LiteRT's kernel for 8-bit values takes whole vectors of 16.
  if (context.arithmetic == Arithmetic::kBuiltin && sizeof(Input) == 1 && sizeof(Output) == 1) {
    q.whole_vectors = output.count() / 16 * 16;
  }
  return Run([q, in = input.As<Input>(), out = output.As<Output>(), count = output.count()] {
    Requantize(q, in, count, out);
  });
}

template <typename Element>
Result<Run> PrepareDequantize(const OpContext& context) {
  const Operand& input = context.input(0);
  const graph::Quantization& quantization = *input.tensor->quantization;
  ChannelParameters q;
  q.scales = quantization.scales;
  q.zero_points.assign(quantization.zero_points.begin(), quantization.zero_points.end());
  if (context.arithmetic == Arithmetic::kBuiltin && sizeof(Element) == 1) {
    q.whole_vectors = context.output().count() / 8 * 8;
  }
  for (size_t d = static_cast<size_t>(quantization.axis) + 1; d < input.shape().size(); ++d) {
    q.inner *= input.shape()[d];
  }
  return Run([q, in = input.As<Element>(), out = context.output().As<float>(),
              count = context.output().count()] { Dequantize(q, in, count, out); });
}

Result<Run> PrepareDequantizeFloat16(const OpContext& context) {
  return Run([in = context.input(0).As<uint16_t>(), out = context.output().As<float>(),
              count = context.output().count()] {
    std::transform(in, in + count, out, graph::HalfToFloat);
  });
}

template Result<Run> PrepareQuantize<int8_t>(const OpContext&);
template Result<Run> PrepareQuantize<uint8_t>(const OpContext&);
template Result<Run> PrepareQuantize<int16_t>(const OpContext&);
template Result<Run> PrepareRequantize<int8_t, int8_t>(const OpContext&);
template Result<Run> PrepareRequantize<int8_t, uint8_t>(const OpContext&);
template Result<Run> PrepareRequantize<uint8_t, int8_t>(const OpContext&);
template Result<Run> PrepareRequantize<uint8_t, uint8_t>(const OpContext&);
template Result<Run> PrepareRequantize<int16_t, int8_t>(const OpContext&);
template Result<Run> PrepareRequantize<int8_t, int16_t>(const OpContext&);
template Result<Run> PrepareRequantize<uint8_t, int16_t>(const OpContext&);
template Result<Run> PrepareRequantize<int16_t, int16_t>(const OpContext&);
template Result<Run> PrepareDequantize<int8_t>(const OpContext&);
template Result<Run> PrepareDequantize<uint8_t>(const OpContext&);
template Result<Run> PrepareDequantize<int16_t>(const OpContext&);

}  // namespace qbench::kernels
