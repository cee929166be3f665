#include "quantize/weights/integer_weights.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "graph/numerics/quantize_math.h"
#include "quantize/scale_limits.h"
#include "quantize/weights/feedback_rounding.h"

namespace qbench::quantize {
namespace {

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

// What a channel's scale has to be for its accumulator and its multiplier, and what they make of
// it.
struct ScaleRange {
  double fits = 0.0;      // at least this for the sum of products and the bias,
  double smallest = 0.0;  // and this for a multiplier that is not 0 and scales that are normal
  double largest = 0.0;   // at most this for the multiplier
};

std::vector<ScaleRange> RangesOfScales(const WeightsToQuantize& from, const Channels& channels) {
  std::vector<double> sums(channels.count, 0.0);
  for (size_t i = 0; i < from.weights.size(); ++i) {
    sums[channels.Of(i)] += std::abs(static_cast<double>(from.weights[i]));
  }
  // Rounding moves each weight by half a step at most, and the bias too.
  const size_t weights_per_channel = from.weights.size() / channels.count;
  const double input_steps = LargestInput(from.activations);
  const double rounding = 0.5 * input_steps * static_cast<double>(weights_per_channel) + 1.0;
  const double largest = LargestAccumulator(from.activations) - rounding;
  const double input_scale = from.input_scale;
  const double normal = 2.0 * std::numeric_limits<float>::min() / std::min(input_scale, 1.0);
  const MultiplierLimits limits = WeightedMultiplierLimits(from.activations);
  const double of_multiplier = from.output_scale / input_scale;
  std::vector<ScaleRange> ranges(channels.count);
  for (size_t channel = 0; channel < channels.count; ++channel) {
    const double bias =
        from.bias.empty() ? 0.0 : std::abs(static_cast<double>(from.bias[channel])) / input_scale;
    const double sum = input_steps * sums[channel];
    ranges[channel] = {.fits = (sum + bias) / largest,
                       .smallest = std::max(normal, limits.smallest * kScaleMargin * of_multiplier),
                       .largest = limits.largest / kScaleMargin * of_multiplier};
  }
  return ranges;
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

// What these weights leave of a channel's accumulator to its bias, whatever the input.
double RoomForBias(std::span<const int8_t> weights, graph::DataType activations) {
  double room = LargestAccumulator(activations) - 1.0;
  for (const int8_t weight : weights) {
    room -= LargestInput(activations) * std::abs(static_cast<double>(weight));
  }
  return room;
}

// Weights that were clustered: a channel has few values, each many times. Feedback would make
// others of the same value.
bool IsClustered(std::span<const float> weights, const Channels& channels) {
  constexpr size_t kMostValues = 64;
  const size_t per_channel = weights.size() / channels.count;
  std::vector<std::set<float>> values(channels.count);
  for (size_t i = 0; i < weights.size(); ++i) {
    std::set<float>& of_channel = values[channels.Of(i)];
    of_channel.insert(weights[i]);
    if (of_channel.size() > std::min(kMostValues, per_channel / 2)) return false;
  }
  return true;
}

std::vector<int8_t> QuantizeWithFeedback(const WeightsToQuantize& from,
                                         const std::vector<float>& scales) {
  const double input_scale = from.input_scale;
  const double noise = input_scale * input_scale / 12.0;  // of rounding evenly to steps
  // Feedback may make a sum of weights larger than scales were chosen for.
  const AcceptRow accept = [&](size_t channel, std::span<const int8_t> row) {
    const double scale = scales[scales.size() == 1 ? 0 : channel];
    const double bias =
        from.bias.empty() ? 0.0 : std::abs(from.bias[channel] / (input_scale * scale));
    return bias <= RoomForBias(row, from.activations);
  };
  return RoundWithFeedback(from.weights, from.shape, from.channel_axis, scales,
                           from.inputs->moments, noise, accept);
}

// Rounded up, so that what was to fit does.
float RoundUp(double scale) {
  const auto rounded = static_cast<float>(scale);
  return rounded >= scale ? rounded
                          : std::nextafter(rounded, std::numeric_limits<float>::infinity());
}

// Raises scales that are too small for their accumulators and multipliers, then lowers those that
// are too large for their multipliers.
Status FitScales(const WeightsToQuantize& from, const std::vector<ScaleRange>& ranges,
                 IntegerWeights& result) {
  std::vector<float>& scales = result.quantization.scales;
  const auto scale_of = [&](size_t channel) -> float& {
    return scales[scales.size() == 1 ? 0 : channel];
  };
  for (size_t channel = 0; channel < ranges.size(); ++channel) {
    const ScaleRange& range = ranges[channel];
    float& scale = scale_of(channel);
    if (scale >= std::max(range.fits, range.smallest)) continue;
    // Raised for the multiplier alone it takes nothing away, unless there is a bias to be seen.
    const bool told = scale < range.fits ||
                      (!from.bias.empty() && std::abs(from.bias[channel]) > from.output_scale / 2);
    if (told) result.widened.push_back(static_cast<int32_t>(channel));
    scale = RoundUp(std::max(range.fits, range.smallest));
  }
  const size_t weights_per_channel = from.weights.size() / ranges.size();
  const bool any_weights_fit =
      127.0 * LargestInput(from.activations) * static_cast<double>(weights_per_channel) <
      LargestAccumulator(from.activations);
  for (size_t channel = 0; channel < ranges.size(); ++channel) {
    const ScaleRange& range = ranges[channel];
    float& scale = scale_of(channel);
    if (scale <= range.largest) continue;
    if (!any_weights_fit) {
      return Error(
          StatusCode::kUnsupported,
          "{} weights for one output, which are too large for the scales {:g} of the input "
          "and {:g} of the output, do not fit {:g}; keep the layer in float with a recipe "
          "(compute = \"float\")",
          weights_per_channel, from.input_scale, from.output_scale,
          LargestAccumulator(from.activations));
    }
    result.narrowed.push_back(static_cast<int32_t>(channel));
    scale = static_cast<float>(range.largest);
  }
  return OkStatus();
}

// A channel whose range is empty has no weights but zeros: any scale will do, 1 here.
graph::Quantization LearnedScales(const graph::LearnedRange& learned, bool per_channel) {
  graph::Quantization result;
  result.axis = learned.axis;
  for (size_t i = 0; i < learned.min.size(); ++i) {
    const float largest = std::max(std::abs(learned.min[i]), std::abs(learned.max[i]));
    const float scale = largest / 127.0F;
    result.scales.push_back(scale >= std::numeric_limits<float>::min() ? scale : 1.0F);
  }
  if (!per_channel) result.scales = {std::ranges::max(result.scales)};
  result.zero_points.assign(result.scales.size(), 0);
  return result;
}

// The scales before anything is known of accumulators and multipliers.
graph::Quantization PlainScales(const WeightsToQuantize& from) {
  if (from.learned != nullptr) return LearnedScales(*from.learned, from.per_channel);
  // Their integers are left: other scales may make others.
  return from.per_channel
             ? graph::QuantizeWeightsPerChannel(from.weights, from.shape, from.channel_axis)
                   .quantization
             : graph::QuantizeWeightsPerTensor(from.weights).quantization;
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
  std::vector<double> room(channels.count, LargestAccumulator(from.activations) - 1.0);
  for (size_t i = 0; i < result.weights.size(); ++i) {
    room[channels.Of(i)] -=
        LargestInput(from.activations) * std::abs(static_cast<double>(result.weights[i]));
  }
  for (size_t channel = 0; channel < from.bias.size(); ++channel) {
    const auto bias = static_cast<float>(from.bias[channel] - errors[channel]);
    const float scale = scales[scales.size() == 1 ? 0 : channel];
    const auto most = static_cast<int64_t>(std::max(room[channel], 0.0));
    result.bias.push_back(
        std::clamp(graph::QuantizeBias64(bias, from.input_scale, scale), -most, most));
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
  IntegerWeights result;
  result.quantization = PlainScales(from);
  QB_RETURN_IF_ERROR(FitScales(from, RangesOfScales(from, channels), result));
  if (from.inputs != nullptr && from.inputs->moments.measured() &&
      !IsClustered(from.weights, channels)) {
    result.weights = QuantizeWithFeedback(from, result.quantization.scales);
  } else {
    result.weights = QuantizeWith(from.weights, channels, result.quantization.scales);
  }
  QuantizeBias(from, channels, result);
  return result;
}

}  // namespace qbench::quantize
