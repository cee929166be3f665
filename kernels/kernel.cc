#include "kernels/kernel.h"

#include <cmath>
#include <limits>

namespace qbench::kernels {
namespace {

struct ZeroPointRange {
  int64_t min = 0;
  int64_t max = 0;
};
ZeroPointRange ZeroPointsOf(graph::DataType type) {
  switch (type) {
    case graph::DataType::kInt8:
      return {std::numeric_limits<int8_t>::min(), std::numeric_limits<int8_t>::max()};
    case graph::DataType::kUInt8:
      return {std::numeric_limits<uint8_t>::min(), std::numeric_limits<uint8_t>::max()};
    default:
      return {0, 0};  // the wider types are symmetric
  }
}

Status RequireQuantizedOperand(const Operand& operand, bool weights) {
  if (!operand.quantized()) {
    return Error(StatusCode::kUnsupported, "tensor '{}' without a scale", operand.tensor->name);
  }
  const graph::Quantization& quantization = *operand.tensor->quantization;
  if (quantization.per_channel() && !weights) {
    return Error(StatusCode::kUnsupported, "tensor '{}' with {} scales", operand.tensor->name,
                 quantization.scales.size());
  }
  for (const float scale : quantization.scales) {
    if (std::isnormal(scale) && scale > 0.0F) continue;
    return Error(StatusCode::kUnsupported, "tensor '{}' with a scale of {}", operand.tensor->name,
                 scale);
  }
  for (const int64_t zero_point : quantization.zero_points) {
    QB_RETURN_IF_ERROR(ZeroPointOf(zero_point, operand.type()).status());
  }
  return OkStatus();
}

}  // namespace

Result<std::vector<float>> Operand::ChannelScales(int64_t channels) const {
  const size_t given = tensor->quantization.has_value() ? tensor->quantization->scales.size() : 0;
  if (given == 1) {
    return std::vector<float>(static_cast<size_t>(channels), tensor->quantization->scales[0]);
  }
  if (given == 0 || given != static_cast<size_t>(channels)) {
    return Error(StatusCode::kUnsupported, "weights '{}' with {} scales for {} channels",
                 tensor->name, given, channels);
  }
  return tensor->quantization->scales;
}

Status RequireQuantized(const OpContext& context, size_t inputs) {
  for (size_t i = 0; i < inputs; ++i) {
    QB_RETURN_IF_ERROR(RequireQuantizedOperand(context.input(i), i == 1));
  }
  return RequireQuantizedOperand(context.output(), false);
}

Status RequireSameQuantization(const Operand& input, const Operand& output) {
  if (!input.quantized() && !output.quantized()) return OkStatus();
  QB_RETURN_IF_ERROR(RequireQuantizedOperand(input, false));
  QB_RETURN_IF_ERROR(RequireQuantizedOperand(output, false));
  if (std::abs(input.scale() - output.scale()) <= 1e-6F &&
      input.zero_point() == output.zero_point()) {
    return OkStatus();
  }
  return Error(StatusCode::kUnsupported,
               "an input of scale {} and zero point {}, but an output of {} and {}", input.scale(),
               input.zero_point(), output.scale(), output.zero_point());
}

Result<int32_t> ZeroPointOf(int64_t zero_point, graph::DataType type) {
  const ZeroPointRange range = ZeroPointsOf(type);
  if (zero_point >= range.min && zero_point <= range.max) return static_cast<int32_t>(zero_point);
  return Error(StatusCode::kUnsupported, "a zero point of {} for {}", zero_point,
               graph::DataTypeName(type));
}

}  // namespace qbench::kernels
