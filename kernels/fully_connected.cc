#include "kernels/fully_connected.h"

#include <cmath>
#include <numeric>

namespace qbench::kernels {
namespace {

Rounding RoundingOf(const OpContext& context) {
  switch (context.arithmetic) {
    case Arithmetic::kReference:
      break;
    case Arithmetic::kBuiltin:
      if (context.input(0).type() != graph::DataType::kInt16) return Rounding::kTwiceUp;
      // Of int16, only what has no 64-bit biases to add is fast.
      if (!context.input(2).present()) return Rounding::kTwiceUp;
      break;
    case Arithmetic::kXnnpack:
      return Rounding::kFloat;
  }
  return Rounding::kDouble;
}

}  // namespace

void FullyConnectedFloat(const FullyConnectedShape& shape, const float* input, const float* weights,
                         const float* bias, FloatSums rule, FloatRange range, float* output) {
  for (int64_t b = 0; b < shape.rows; ++b, input += shape.depth) {
    for (int64_t u = 0; u < shape.units; ++u) {
      const float* unit = weights + u * shape.depth;
      if (rule == FloatSums::kFused) {
        float sum = bias != nullptr ? bias[u] : 0.0F;
        for (int64_t d = 0; d < shape.depth; ++d) sum = FusedMultiplyAdd(input[d], unit[d], sum);
        *output++ = range.Clamp(sum);
        continue;
      }
      double sum = bias != nullptr ? bias[u] : 0.0;
      for (int64_t d = 0; d < shape.depth; ++d) sum += double{input[d]} * unit[d];
      *output++ = range.Clamp(static_cast<float>(sum));
    }
  }
}

template <typename Activation, typename Weight>
void FullyConnectedQuantized(const FullyConnectedShape& shape, const FullyConnectedQuantization& q,
                             const Activation* input, const Weight* weights,
                             const AccumulatorOf<Activation>* bias, int16_t* row,
                             Activation* output) {
  using Accumulator = AccumulatorOf<Activation>;
  for (int64_t b = 0; b < shape.rows; ++b, input += shape.depth) {
    std::transform(input, input + shape.depth, row,
                   [&](Activation x) { return static_cast<int16_t>(x - q.input_zero_point); });
    // sum of row * (weights - zero point) = sum of row * weights - zero point * sum of row
    Accumulator correction = 0;
    if (q.weights_zero_point != 0) {
      const Accumulator sum = std::accumulate(row, row + shape.depth, Accumulator{0});
      correction = WrappingMultiply<Accumulator>(sum, -q.weights_zero_point);
    }
    for (int64_t u = 0; u < shape.units; ++u) {
      Accumulator acc = Dot<Accumulator>(row, weights + u * shape.depth, shape.depth);
      acc = WrappingAdd(acc, correction);
      if (bias != nullptr) acc = WrappingAdd(acc, bias[u]);
      *output++ = static_cast<Activation>(q.requantize(acc, static_cast<size_t>(u)));
    }
  }
}

void FullyConnectedDynamicRange(const FullyConnectedShape& shape, const DynamicRange& rules,
                                const float* input, const int8_t* weights,
                                const std::vector<float>& weights_scales, const float* bias,
                                FloatRange range, int8_t* quantized, int16_t* row, float* output) {
  for (int64_t b = 0; b < shape.rows; ++b, input += shape.depth) {
    const DynamicScale in = rules.Quantize(input, shape.depth, quantized);
    std::transform(quantized, quantized + shape.depth, row,
                   [&](int8_t x) { return static_cast<int16_t>(x - in.zero_point); });
    for (int64_t u = 0; u < shape.units; ++u) {
      const auto sum = Dot<int32_t>(row, weights + u * shape.depth, shape.depth);
      *output++ = range.Clamp(rules.Scale(sum, in.scale, weights_scales[static_cast<size_t>(u)],
                                          bias != nullptr ? bias[u] : 0.0F));
    }
  }
}

namespace {

FullyConnectedShape ShapeOf(const OpContext& context) {
  const graph::Shape& weights = context.input(1).shape();
  return {.rows = context.input(0).count() / weights[1], .units = weights[0], .depth = weights[1]};
}

template <typename Activation, typename Weight>
Result<Run> PrepareQuantized(const OpContext& context) {
  const FullyConnectedShape shape = ShapeOf(context);
  const Operand& input = context.input(0);
  const Operand& weights = context.input(1);
  const Operand& output = context.output();
  FullyConnectedQuantization q;
  q.input_zero_point = input.zero_point();
  // Weights with a scale for each unit are symmetric.
  q.weights_zero_point = weights.tensor->quantization->per_channel() ? 0 : weights.zero_point();
  QB_ASSIGN_OR_RETURN(q.requantize,
                      MakeRequantizer(context, shape.units, RoundingOf(context),
                                      context.options<graph::FullyConnectedOptions>().activation));
  return Run([=, bias = context.input(2).As<AccumulatorOf<Activation>>(),
              row = std::vector<int16_t>(static_cast<size_t>(shape.depth))]() mutable {
    FullyConnectedQuantized(shape, q, input.As<Activation>(), weights.As<Weight>(), bias,
                            row.data(), output.As<Activation>());
  });
}

}  // namespace

Result<Run> PrepareFullyConnectedFloat(const OpContext& context) {
  const FullyConnectedShape shape = ShapeOf(context);
  return Run([shape, in = context.input(0).As<float>(), weights = context.input(1).As<float>(),
              bias = context.input(2).As<float>(), out = context.output().As<float>(),
              rule = FloatSumsOf(context.arithmetic),
              range = RangeOf(context.options<graph::FullyConnectedOptions>().activation)] {
    FullyConnectedFloat(shape, in, weights, bias, rule, range, out);
  });
}

Result<Run> PrepareFullyConnectedInt8(const OpContext& context) {
  return PrepareQuantized<int8_t, int8_t>(context);
}
Result<Run> PrepareFullyConnectedUInt8(const OpContext& context) {
  return PrepareQuantized<uint8_t, uint8_t>(context);
}
Result<Run> PrepareFullyConnectedInt16(const OpContext& context) {
  return PrepareQuantized<int16_t, int8_t>(context);
}

Result<Run> PrepareFullyConnectedDynamicRange(const OpContext& context) {
  const FullyConnectedShape shape = ShapeOf(context);
  const Operand& weights = context.input(1);
  const auto& options = context.options<graph::FullyConnectedOptions>();
  DynamicRange rules;
  if (context.arithmetic == Arithmetic::kXnnpack) {
    rules = {DynamicRange::Inputs::kXnnpack, DynamicRange::Sums::kFused};
  } else if (options.asymmetric_quantize_inputs) {
    rules.inputs = DynamicRange::Inputs::kAsymmetric;
  }
  return Run([shape, rules, in = context.input(0).As<float>(), units = weights.As<int8_t>(),
              scales = weights.ChannelScales(shape.units), bias = context.input(2).As<float>(),
              out = context.output().As<float>(), range = RangeOf(options.activation),
              quantized = std::vector<int8_t>(static_cast<size_t>(shape.depth)),
              row = std::vector<int16_t>(static_cast<size_t>(shape.depth))]() mutable {
    FullyConnectedDynamicRange(shape, rules, in, units, scales, bias, range, quantized.data(),
                               row.data(), out);
  });
}

template void FullyConnectedQuantized(const FullyConnectedShape&, const FullyConnectedQuantization&,
                                      const int8_t*, const int8_t*, const int32_t*, int16_t*,
                                      int8_t*);
template void FullyConnectedQuantized(const FullyConnectedShape&, const FullyConnectedQuantization&,
                                      const uint8_t*, const uint8_t*, const int32_t*, int16_t*,
                                      uint8_t*);
template void FullyConnectedQuantized(const FullyConnectedShape&, const FullyConnectedQuantization&,
                                      const int16_t*, const int8_t*, const int64_t*, int16_t*,
                                      int16_t*);

}  // namespace qbench::kernels
