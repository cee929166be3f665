#include "kernels/rearrange.h"

#include <cstring>

namespace qbench::kernels {
namespace {

// Writes the pad of one dimension; returns the next byte of the output.
uint8_t* PadFrom(std::span<const PadDimension> dimensions, const uint8_t*& input,
                 std::span<const uint8_t> value, uint8_t* output) {
  if (dimensions.empty()) {
    std::memcpy(output, input, value.size());
    input += value.size();
    return output + value.size();
  }
  int64_t inner = 1;
  for (const PadDimension& d : dimensions.subspan(1)) inner *= d.before + d.size + d.after;
  const auto fill = [&](int64_t count) {
    for (int64_t i = 0; i < count * inner; ++i, output += value.size()) {
      std::memcpy(output, value.data(), value.size());
    }
  };
  const PadDimension& here = dimensions.front();
  fill(here.before);
  for (int64_t i = 0; i < here.size; ++i) {
    output = PadFrom(dimensions.subspan(1), input, value, output);
  }
  fill(here.after);
  return output;
}

bool IsFloat(graph::DataType type) {
  return type == graph::DataType::kFloat32 || type == graph::DataType::kFloat16;
}

}  // namespace

void Concatenate(std::span<const ConcatenationPart> parts, int64_t rows, uint8_t* output) {
  for (int64_t row = 0; row < rows; ++row) {
    for (const ConcatenationPart& part : parts) {
      std::memcpy(output, part.data + row * part.run, static_cast<size_t>(part.run));
      output += part.run;
    }
  }
}

void Pad(std::span<const PadDimension> dimensions, const uint8_t* input,
         std::span<const uint8_t> value, uint8_t* output) {
  PadFrom(dimensions, input, value, output);
}

Result<Run> PrepareConcatenation(const OpContext& context) {
  const auto& options = context.options<graph::ConcatenationOptions>();
  if (options.activation != graph::Activation::kNone) {
    return Error(StatusCode::kUnsupported, "a fused activation");
  }
  const graph::Shape& shape = context.output().shape();
  const auto rank = static_cast<int32_t>(shape.size());
  const int32_t axis = options.axis < 0 ? options.axis + rank : options.axis;
  if (axis < 0 || axis >= rank) return Error(StatusCode::kCorrupt, "axis {}", options.axis);
  int64_t rows = 1;
  for (int32_t d = 0; d < axis; ++d) rows *= shape[static_cast<size_t>(d)];
  std::vector<ConcatenationPart> parts;
  const auto element = static_cast<int64_t>(graph::DataTypeSize(context.output().type()));
  for (const Operand& input : context.inputs) {
    if (!IsFloat(input.type()))
      QB_RETURN_IF_ERROR(RequireSameQuantization(input, context.output()));
    parts.push_back({input.data, input.count() / rows * element});
  }
  return Run([parts, rows, out = context.output().data] { Concatenate(parts, rows, out); });
}

Result<Run> PreparePad(const OpContext& context) {
  const Operand& input = context.input(0);
  const Operand& paddings = context.input(1);
  const Operand& output = context.output();
  const size_t rank = input.shape().size();
  if (!paddings.tensor->is_constant() || paddings.type() != graph::DataType::kInt32) {
    return Error(StatusCode::kUnsupported, "paddings that are not constant int32");
  }
  if (!IsFloat(input.type())) QB_RETURN_IF_ERROR(RequireSameQuantization(input, output));
  if (paddings.count() != static_cast<int64_t>(2 * rank) || output.shape().size() != rank) {
    return Error(StatusCode::kCorrupt, "{} paddings for rank {}", paddings.count(), rank);
  }
  std::vector<PadDimension> dimensions;
  for (size_t d = 0; d < rank; ++d) {
    const auto* pair = paddings.As<int32_t>() + 2 * d;
    dimensions.push_back({pair[0], input.shape()[d], pair[1]});
    if (pair[0] < 0 || pair[1] < 0 ||
        int64_t{pair[0]} + input.shape()[d] + pair[1] != output.shape()[d]) {
      return Error(StatusCode::kCorrupt, "paddings that do not give the output's shape");
    }
  }
  std::vector<uint8_t> value(graph::DataTypeSize(input.type()), 0);
  const int32_t zero_point = output.zero_point();  // little endian: the low bytes come first
  std::memcpy(value.data(), &zero_point, std::min(value.size(), sizeof(zero_point)));
  return Run(
      [dimensions, value, in = input.data, out = output.data] { Pad(dimensions, in, value, out); });
}

Result<Run> PrepareReshape(const OpContext& context) {
  const Operand& input = context.input(0);
  const Operand& output = context.output();
  if (input.count() != output.count()) {
    return Error(StatusCode::kCorrupt, "{} elements into {}", input.count(), output.count());
  }
  const size_t size = static_cast<size_t>(input.count()) * graph::DataTypeSize(input.type());
  return Run([size, in = input.data, out = output.data] { std::memcpy(out, in, size); });
}

}  // namespace qbench::kernels
