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

}  // namespace qbench::kernels
