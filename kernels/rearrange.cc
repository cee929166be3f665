#include "kernels/rearrange.h"

#include <cmath>
#include <cstring>

#include "graph/operators.h"

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

uint8_t* Walk(std::span<const WalkDimension> dimensions, const uint8_t* input, size_t size,
              uint8_t* output) {
  if (dimensions.empty()) {
    std::memcpy(output, input, size);
    return output + size;
  }
  const WalkDimension& here = dimensions.front();
  for (int64_t i = 0; i < here.count; ++i, input += here.step) {
    output = Walk(dimensions.subspan(1), input, size, output);
  }
  return output;
}

Result<Run> PrepareTranspose(const OpContext& context) {
  const Operand& input = context.input(0);
  const size_t size = graph::DataTypeSize(input.type());
  const auto rank = static_cast<int32_t>(input.shape().size());
  std::vector<int64_t> steps(input.shape().size());
  auto step = static_cast<int64_t>(size);
  for (size_t d = steps.size(); d-- > 0; step *= input.shape()[d]) steps[d] = step;
  std::vector<WalkDimension> dimensions;
  const auto* order = context.input(1).As<int32_t>();
  for (int32_t d = 0; d < rank; ++d) {
    const auto from = static_cast<size_t>(order[d] < 0 ? order[d] + rank : order[d]);
    dimensions.push_back({.count = input.shape()[from], .step = steps[from]});
  }
  return Run(
      [=, in = input.data, out = context.output().data] { Walk(dimensions, in, size, out); });
}

Result<Run> PrepareDepthToSpace(const OpContext& context) {
  const graph::Shape& in = context.input(0).shape();
  const int64_t block = context.options<graph::DepthToSpaceOptions>().block;
  const size_t pixel = static_cast<size_t>(context.output().shape()[3]) *
                       graph::DataTypeSize(context.output().type());
  const auto bytes = static_cast<int64_t>(pixel);
  const int64_t row = in[2] * block * block * bytes;
  const std::vector<WalkDimension> dimensions = {{.count = in[0] * in[1], .step = row},
                                                 {.count = block, .step = block * bytes},
                                                 {.count = in[2], .step = block * block * bytes},
                                                 {.count = block, .step = bytes}};
  return Run([=, in = context.input(0).data, out = context.output().data] {
    Walk(dimensions, in, pixel, out);
  });
}

Result<Run> PrepareStridedSlice(const OpContext& context) {
  const Operand& input = context.input(0);
  const size_t size = graph::DataTypeSize(input.type());
  const auto values = [&](size_t i) {
    const Operand& operand = context.input(i);
    return std::span<const int32_t>(operand.As<int32_t>(), static_cast<size_t>(operand.count()));
  };
  QB_ASSIGN_OR_RETURN(const auto sliced, graph::SliceDimensions(input.shape(), *context.op,
                                                                values(1), values(2), values(3)));
  std::vector<WalkDimension> dimensions(sliced.size());
  auto step = static_cast<int64_t>(size);
  int64_t start = 0;
  for (size_t d = sliced.size(); d-- > 0; step *= input.shape()[d]) {
    dimensions[d] = {.count = sliced[d].count, .step = step * sliced[d].stride};
    start += step * sliced[d].begin;
  }
  return Run([=, in = input.data + start, out = context.output().data] {
    Walk(dimensions, in, size, out);
  });
}

Result<Run> PrepareReshape(const OpContext& context) {
  const Operand& input = context.input(0);
  const Operand& output = context.output();
  const size_t size = static_cast<size_t>(input.count()) * graph::DataTypeSize(input.type());
  return Run([size, in = input.data, out = output.data] { std::memcpy(out, in, size); });
}

}  // namespace qbench::kernels
