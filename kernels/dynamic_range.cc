#include "kernels/dynamic_range.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace qbench::kernels {
namespace {

// Rounds and clamps in float, so that infinities and NaN of a broken model stay defined.
int8_t ToInt8(float value, float lowest) {
  const float rounded = std::round(value);
  if (std::isnan(rounded)) return 0;
  return static_cast<int8_t>(std::clamp(rounded, lowest, 127.0F));
}

}  // namespace

DynamicScale QuantizeSymmetric(const float* values, int64_t size, int8_t* quantized) {
  const auto [low, high] = std::minmax_element(values, values + size);
  const float range = std::max(std::abs(*low), std::abs(*high));
  if (range == 0.0F) {
    std::fill_n(quantized, size, int8_t{0});
    return {};
  }
  const float inverse = 127.0F / range;
  for (int64_t i = 0; i < size; ++i) quantized[i] = ToInt8(values[i] * inverse, -127.0F);
  return {range / 127.0F, 0};
}

DynamicScale QuantizeAsymmetric(const float* values, int64_t size, int8_t* quantized) {
  constexpr double kLowest = -128.0;
  constexpr double kHighest = 127.0;
  const auto [low, high] = std::minmax_element(values, values + size);
  const float min = std::min(0.0F, *low);
  const float max = std::max(0.0F, *high);
  if (!(min < max)) {
    std::fill_n(quantized, size, int8_t{0});
    return {};
  }
  const double scale = static_cast<double>(max - min) / (kHighest - kLowest);
  const double error_from_min = std::abs(kLowest) + std::abs(static_cast<double>(min) / scale);
  const double error_from_max = std::abs(kHighest) + std::abs(static_cast<double>(max) / scale);
  const double zero = error_from_min < error_from_max ? kLowest - static_cast<double>(min) / scale
                                                      : kHighest - static_cast<double>(max) / scale;
  DynamicScale result;
  result.scale = static_cast<float>(scale);
  result.zero_point =
      std::isnan(zero) ? 0 : static_cast<int32_t>(std::round(std::clamp(zero, kLowest, kHighest)));
  const float inverse = 1.0F / result.scale;
  for (int64_t i = 0; i < size; ++i) {
    // Rounded before the zero point is added, as TensorFlow Lite's vector code does.
    const float steps = std::round(values[i] * inverse);
    quantized[i] = ToInt8(steps + static_cast<float>(result.zero_point), -128.0F);
  }
  return result;
}

DynamicScale QuantizeAsXnnpack(const float* values, int64_t size, int8_t* quantized) {
  constexpr float kLowest = -128.0F;
  constexpr float kHighest = 127.0F;
  const auto [low, high] = std::minmax_element(values, values + size);
  const float min = std::min(0.0F, *low);
  const float max = std::max(0.0F, *high);
  const float steps = min == max ? 1.0F : (kHighest - kLowest) / (max - min);  // 1 / scale
  const float from_min = kLowest + min * steps;
  const float from_max = kHighest + max * steps;
  const float zero = from_min + from_max > 0.0F ? kLowest - min * steps : kHighest - max * steps;
  DynamicScale result;
  result.scale = 1.0F / steps;
  result.zero_point =
      std::isnan(zero) ? 0 : static_cast<int32_t>(std::rint(std::clamp(zero, kLowest, kHighest)));
  for (int64_t i = 0; i < size; ++i) {
    const float rounded = std::rint(values[i] * steps) + static_cast<float>(result.zero_point);
    quantized[i] = std::isnan(rounded)
                       ? int8_t{0}
                       : static_cast<int8_t>(std::clamp(rounded, kLowest, kHighest));
  }
  return result;
}

DynamicScale DynamicRange::Quantize(const float* values, int64_t size, int8_t* quantized) const {
  switch (inputs) {
    case Inputs::kSymmetric:
      return QuantizeSymmetric(values, size, quantized);
    case Inputs::kAsymmetric:
      return QuantizeAsymmetric(values, size, quantized);
    case Inputs::kXnnpack:
      return QuantizeAsXnnpack(values, size, quantized);
  }
  return {};
}

float DynamicRange::Scale(int32_t sum, float input_scale, float weights_scale, float bias) const {
  const auto real = static_cast<float>(sum);
  switch (sums) {
    case Sums::kBothScales:
      return real * (input_scale * weights_scale) + bias;
    case Sums::kWeightsScale:
      return real * weights_scale * input_scale + bias;
    case Sums::kInputScale:
      return real * input_scale * weights_scale + bias;
    case Sums::kFused:
      return std::fma(real * input_scale, weights_scale, bias);
  }
  return 0.0F;
}

}  // namespace qbench::kernels
