#include "harness/checks/output_difference.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "fmt/format.h"
#include "graph/numerics/quantize_math.h"

namespace qbench::checks {
namespace {

using graph::DataType;

double ValueAt(DataType type, ByteSpan data, size_t i) {
  const ByteSpan at = data.subspan(i * graph::DataTypeSize(type));
  switch (type) {
    case DataType::kFloat32:
      return static_cast<double>(LoadUnaligned<float>(at));
    case DataType::kFloat16:
      return static_cast<double>(graph::HalfToFloat(LoadUnaligned<uint16_t>(at)));
    case DataType::kInt8:
      return LoadUnaligned<int8_t>(at);
    case DataType::kInt16:
      return LoadUnaligned<int16_t>(at);
    case DataType::kInt32:
      return LoadUnaligned<int32_t>(at);
    case DataType::kInt64:
      return static_cast<double>(LoadUnaligned<int64_t>(at));
    default:
      return at[0];
  }
}

}  // namespace

Difference Compare(DataType type, ByteSpan actual, ByteSpan expected) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Difference difference;
  difference.steps = type != DataType::kFloat32 && type != DataType::kFloat16;
  difference.elements = static_cast<int64_t>(expected.size() / graph::DataTypeSize(type));
  if (actual.size() != expected.size()) {
    difference.largest = kInfinity;
    return difference;
  }
  double scale = 1.0;
  for (size_t i = 0; i < static_cast<size_t>(difference.elements); ++i) {
    const double a = ValueAt(type, actual, i);
    const double e = ValueAt(type, expected, i);
    if (a == e || (std::isnan(a) && std::isnan(e))) continue;
    ++difference.different;
    const double distance = std::abs(a - e);
    difference.largest =
        std::max(difference.largest, std::isfinite(distance) ? distance : kInfinity);
  }
  if (difference.steps) return difference;
  for (size_t i = 0; i < static_cast<size_t>(difference.elements); ++i) {
    const double e = std::abs(ValueAt(type, expected, i));
    if (std::isfinite(e)) scale = std::max(scale, e);
  }
  difference.largest /= scale;
  return difference;
}

std::string Describe(const Difference& difference) {
  if (std::isinf(difference.largest)) return "no number, or of another size";
  if (!difference.steps) return fmt::format("{:.2g}", difference.largest);
  return fmt::format("{:g} step{}", difference.largest, difference.largest == 1.0 ? "" : "s");
}

}  // namespace qbench::checks
