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
    const int32_t scaled = Multiply(input[i] - q.input_zero_point, q.multiplier);
    output[i] = static_cast<Output>(q.range.Clamp(WrappingAdd(scaled, q.output_zero_point)));
  }
}

template <typename Element>
void Dequantize(const ChannelParameters& q, const Element* input, int64_t count, float* output) {
  const size_t channels = q.scales.size();
  if (channels == 1) {
    const double scale = q.scales[0];
    for (int64_t i = 0; i < count; ++i) {
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
  const auto quantize = context.arithmetic == Arithmetic::kReference
                            ? &Quantize<Element>
                            : &QuantizeByReciprocal<Element>;
  return Run([quantize, in = context.input(0).As<float>(), out = output.As<Element>(),
              count = output.count(), scale = output.scale(),
              zero_point = output.zero_point()] { quantize(in, count, scale, zero_point, out); });
}

template <typename Input, typename Output>
Result<Run> PrepareRequantize(const OpContext& context) {
  const Operand& input = context.input(0);
  const Operand& output = context.output();
  RequantizeParameters q;
  q.input_zero_point = input.zero_point();
  q.output_zero_point = output.zero_point();
  QB_ASSIGN_OR_RETURN(q.multiplier, MultiplierOf(static_cast<double>(input.scale()) /
                                                 static_cast<double>(output.scale())));
  q.range = RangeOf(graph::Activation::kNone, output);
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
