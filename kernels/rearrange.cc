#include "kernels/rearrange.h"

#include <cmath>
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

// What is moved keeps its scale.
Status RequireSameScale(const Operand& input, const Operand& output) {
  if (input.zero_point() == output.zero_point() &&
      std::abs(input.scale() - output.scale()) <= 1e-6F) {
    return OkStatus();
  }
  return Error(StatusCode::kUnsupported, "'{}' and the output differ in scale or zero point",
               input.tensor->name);
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
  const graph::Shape& shape = context.output().shape();
  const int32_t axis = context.options<graph::ConcatenationOptions>().axis;
  const int32_t from_front = axis < 0 ? axis + static_cast<int32_t>(shape.size()) : axis;
  int64_t rows = 1;
  for (int32_t d = 0; d < from_front; ++d) rows *= shape[static_cast<size_t>(d)];
  std::vector<ConcatenationPart> parts;
  const auto element = static_cast<int64_t>(graph::DataTypeSize(context.output().type()));
  for (const Operand& input : context.inputs) {
    QB_RETURN_IF_ERROR(RequireSameScale(input, context.output()));
    parts.push_back({input.data, input.count() / rows * element});
  }
  return Run([parts, rows, out = context.output().data] { Concatenate(parts, rows, out); });
}

Result<Run> PreparePad(const OpContext& context) {
  const Operand& input = context.input(0);
  const Operand& paddings = context.input(1);
  const Operand& output = context.output();
  QB_RETURN_IF_ERROR(RequireSameScale(input, output));
  std::vector<PadDimension> dimensions;
  const auto* around = paddings.As<int32_t>();
  for (const int32_t size : input.shape()) {
    dimensions.push_back({.before = around[0], .size = size, .after = around[1]});
    around += 2;
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
  const size_t size = static_cast<size_t>(input.count()) * graph::DataTypeSize(input.type());
  return Run([size, in = input.data, out = output.data] { std::memcpy(out, in, size); });
}

}  // namespace qbench::kernels
