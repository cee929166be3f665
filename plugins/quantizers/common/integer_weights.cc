#include "plugins/quantizers/common/integer_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/quantize_math.h"
#include "plugins/quantizers/common/feedback_rounding.h"

namespace qbench::quantize {
namespace {

constexpr double kInputSteps = 255.0;
constexpr size_t kMostWeightsPerChannel = size_t{1} << 23;

// The channels of a weight tensor: seen from the axis it is [outer, channels, inner].
struct Channels {
  size_t count = 1;
  size_t inner = 1;

  Channels(const graph::Shape& shape, int32_t axis)
      : count(static_cast<size_t>(shape[static_cast<size_t>(axis)])) {
    for (size_t i = static_cast<size_t>(axis) + 1; i < shape.size(); ++i) {
      inner *= static_cast<size_t>(shape[i]);
    }
  }
  size_t Of(size_t weight) const { return weight / inner % count; }
};

// The smallest scale of each channel with which its accumulator stays in 32 bits (for int8
// activations), and bias and accumulator scale are normal numbers.
std::vector<double> SmallestScales(const WeightsToQuantize& from, const Channels& channels) {
  std::vector<double> sums(channels.count, 0.0);
  for (size_t i = 0; i < from.weights.size(); ++i) {
    sums[channels.Of(i)] += std::abs(static_cast<double>(from.weights[i]));
  }
  // Rounding moves each weight by half a step at most, and the bias too.
  const size_t weights_per_channel = from.weights.size() / channels.count;
  const double rounding = 0.5 * kInputSteps * static_cast<double>(weights_per_channel) + 1.0;
  const double largest = static_cast<double>(std::numeric_limits<int32_t>::max()) - rounding;
  const double input_scale = from.input_scale;
  const double normal = 2.0 * std::numeric_limits<float>::min() / std::min(input_scale, 1.0);
  std::vector<double> scales(channels.count);
  for (size_t channel = 0; channel < channels.count; ++channel) {
    const double bias =
        from.bias.empty() ? 0.0 : std::abs(static_cast<double>(from.bias[channel])) / input_scale;
    const double fits = from.activations == graph::DataType::kInt16
                            ? 0.0
                            : (kInputSteps * sums[channel] + bias) / largest;
    scales[channel] = std::max(normal, fits);
  }
  return scales;
}

std::vector<int8_t> QuantizeWith(std::span<const float> weights, const Channels& channels,
                                 const std::vector<float>& scales) {
  std::vector<int8_t> values;
  values.reserve(weights.size());
  for (size_t i = 0; i < weights.size(); ++i) {
    const float scale = scales.size() == 1 ? scales[0] : scales[channels.Of(i)];
    const double steps = std::round(static_cast<double>(weights[i]) / scale);
    values.push_back(static_cast<int8_t>(std::clamp(steps, -127.0, 127.0)));
  }
  return values;
}

// Whether the accumulator of a channel stays in 32 bits with these weights and any input.
bool Fits(std::span<const int8_t> weights, double bias_steps) {
  double sum = std::abs(bias_steps) + 1.0;
  for (const int8_t weight : weights) sum += kInputSteps * std::abs(static_cast<double>(weight));
  return sum <= static_cast<double>(std::numeric_limits<int32_t>::max());
}

std::vector<int8_t> QuantizeWithFeedback(const WeightsToQuantize& from,
                                         const std::vector<float>& scales) {
  const double input_scale = from.input_scale;
  const double noise = input_scale * input_scale / 12.0;  // of rounding evenly to steps
  AcceptRow accept;
  if (from.activations == graph::DataType::kInt8) {
    // Feedback may make a sum of weights larger than scales were chosen for.
    accept = [&](size_t channel, std::span<const int8_t> row) {
      const double scale = scales[scales.size() == 1 ? 0 : channel];
      return Fits(row, from.bias.empty()
                           ? 0.0
                           : static_cast<double>(from.bias[channel]) / (input_scale * scale));
    };
  }
  return RoundWithFeedback(from.weights, from.shape, from.channel_axis, scales,
                           from.inputs->moments, noise, accept);
}

// Rounded up, so that what was to fit does.
float RoundUp(double scale) {
  const auto rounded = static_cast<float>(scale);
  return rounded >= scale ? rounded
                          : std::nextafter(rounded, std::numeric_limits<float>::infinity());
}

// Raises scales that are too small for their accumulators.
void Widen(const std::vector<double>& smallest, IntegerWeights& result) {
  std::vector<float>& scales = result.quantization.scales;
  for (size_t channel = 0; channel < smallest.size(); ++channel) {
    float& scale = scales[scales.size() == 1 ? 0 : channel];
    if (scale >= smallest[channel]) continue;
    scale = RoundUp(smallest[channel]);
    result.widened.push_back(static_cast<int32_t>(channel));
  }
}

// The mean error that rounding the weights makes in each output channel.
std::vector<double> MeanErrors(const WeightsToQuantize& from, const Channels& channels,
                               const IntegerWeights& result) {
  if (from.inputs == nullptr || from.inputs->means.empty()) {
    return std::vector<double>(channels.count, 0.0);
  }
  return MeanRoundingErrors(from.weights, from.shape, from.channel_axis, result.weights,
                            result.quantization.scales, from.inputs->means);
}

void QuantizeBias(const WeightsToQuantize& from, const Channels& channels, IntegerWeights& result) {
  const std::vector<float>& scales = result.quantization.scales;
  const std::vector<double> errors = MeanErrors(from, channels, result);
  for (size_t channel = 0; channel < from.bias.size(); ++channel) {
    const auto bias = static_cast<float>(from.bias[channel] - errors[channel]);
    const float scale = scales[scales.size() == 1 ? 0 : channel];
    result.bias.push_back(from.activations == graph::DataType::kInt16
                              ? graph::QuantizeBias64(bias, from.input_scale, scale)
                              : graph::QuantizeBias32(bias, from.input_scale, scale));
  }
  for (const float scale : scales)
    result.bias_quantization.scales.push_back(from.input_scale * scale);
  result.bias_quantization.zero_points.assign(scales.size(), 0);
}

}  // namespace

std::vector<double> MeanRoundingErrors(std::span<const float> weights, const graph::Shape& shape,
                                       int32_t channel_axis, std::span<const int8_t> integers,
                                       std::span<const float> scales,
                                       std::span<const float> means) {
  const Channels channels(shape, channel_axis);
  std::vector<double> errors(channels.count, 0.0);
  // Of a depthwise convolution, [1, h, w, channels], an output channel sees one input channel; the
  // weights of the others, output channel first, have their input channels last.
  const bool depthwise = channel_axis > 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const size_t channel = channels.Of(i);
    const size_t input = depthwise ? channel / (channels.count / means.size()) : i % means.size();
    const double rounded =
        static_cast<double>(scales[scales.size() == 1 ? 0 : channel]) * integers[i];
    errors[channel] += (rounded - weights[i]) * means[input];
  }
  return errors;
}

Result<IntegerWeights> QuantizeIntegerWeights(const WeightsToQuantize& from) {
  const Channels channels(from.shape, from.channel_axis);
  if (from.weights.size() / channels.count > kMostWeightsPerChannel) {
    return Error(StatusCode::kUnsupported, "{} weights for one output do not fit 32-bit sums",
                 from.weights.size() / channels.count);
  }
  graph::QuantizedWeights plain =
      from.per_channel
          ? graph::QuantizeWeightsPerChannel(from.weights, from.shape, from.channel_axis)
          : graph::QuantizeWeightsPerTensor(from.weights);
  IntegerWeights result;
  result.weights = std::move(plain.values);
  result.quantization = std::move(plain.quantization);
  Widen(SmallestScales(from, channels), result);
  if (from.inputs != nullptr && from.inputs->moments.measured()) {
    result.weights = QuantizeWithFeedback(from, result.quantization.scales);
  } else if (!result.widened.empty()) {
    result.weights = QuantizeWith(from.weights, channels, result.quantization.scales);
  }
  QuantizeBias(from, channels, result);
  return result;
}

}  // namespace qbench::quantize
