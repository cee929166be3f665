#include "quantize/ranges/input_range.h"

#include <algorithm>
#include <cmath>

#include "graph/numerics/quantize_math.h"

namespace qbench::quantize {
namespace {

double SquaredError(ValueRange range, std::span<const float> values) {
  const graph::QuantizedRange integers = graph::ActivationRange(graph::DataType::kInt8);
  const graph::AffineParameters parameters =
      graph::ChooseAsymmetric(std::min(range.min, 0.0F), std::max(range.max, 0.0F), integers);
  double sum = 0.0;
  for (const float value : values) {
    const auto steps = graph::QuantizeValue(value, parameters, integers) - parameters.zero_point;
    const double error = static_cast<double>(parameters.scale) * static_cast<double>(steps) - value;
    sum += error * error;
  }
  return sum;
}

}  // namespace

ValueRange ChooseInputRange(ValueRange range, std::span<const float> values) {
  if (!(range.min < range.max)) return range;
  constexpr float kWider = 255.0F / 254.0F;
  const ValueRange wider{range.min * kWider, range.max * kWider};
  return SquaredError(wider, values) < SquaredError(range, values) ? wider : range;
}

}  // namespace qbench::quantize
