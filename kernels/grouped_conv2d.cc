#include "kernels/grouped_conv2d.h"

#include <cstring>
#include <memory>

#include "graph/operators.h"

namespace qbench::kernels {
namespace {

// The tensors and the memory of one group's convolution.
struct Group {
  graph::Tensor input, filter, bias, output;
  std::vector<uint8_t> in, out;
  Run run;
};

size_t BytesOf(const Operand& operand) { return graph::DataTypeSize(operand.type()); }

// The channels [first, first + count) of the scales, where each has its own.
void TakeScales(std::optional<graph::Quantization>& quantization, size_t first, size_t count) {
  if (!quantization || !quantization->per_channel()) return;
  const auto take = [&](auto& values) {
    if (values.size() <= 1) return;
    values.erase(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(first));
    values.resize(count);
  };
  take(quantization->scales);
  take(quantization->zero_points);
}

// Copies a run of `bytes` of each of `rows` rows from one array to another.
void CopyRows(const uint8_t* from, size_t from_step, uint8_t* to, size_t to_step, size_t bytes,
              size_t rows) {
  for (size_t i = 0; i < rows; ++i, from += from_step, to += to_step) std::memcpy(to, from, bytes);
}

}  // namespace

bool IsGrouped(const OpContext& context) {
  return context.op->kind == graph::OpKind::kConv2D &&
         graph::GroupsOf(context.input(0).shape(), context.input(1).shape()) > 1;
}

Result<Run> PrepareGroupedConv2D(const OpContext& context, Prepare prepare) {
  const Operand& input = context.input(0);
  const Operand& filter = context.input(graph::kWeightsInput);
  const Operand& bias = context.input(graph::kBiasInput);
  const Operand& output = context.output();
  if (input.type() == graph::DataType::kFloat32 && filter.type() != graph::DataType::kFloat32) {
    return Error(StatusCode::kUnsupported, "integer weights and float activations in groups");
  }
  const auto count = static_cast<size_t>(graph::GroupsOf(input.shape(), filter.shape()));
  const size_t in_c = static_cast<size_t>(filter.shape()[3]);
  const size_t out_c = static_cast<size_t>(filter.shape()[0]) / count;
  const size_t in_pixels = static_cast<size_t>(input.count()) / (in_c * count);
  const size_t out_pixels = static_cast<size_t>(output.count()) / (out_c * count);
  const size_t in_bytes = in_c * BytesOf(input);
  const size_t out_bytes = out_c * BytesOf(output);
  const size_t filter_bytes = static_cast<size_t>(filter.count()) / count * BytesOf(filter);
  auto groups = std::make_shared<std::vector<Group>>(count);
  for (size_t i = 0; i < count; ++i) {
    Group& group = (*groups)[i];
    group.input = *input.tensor;
    group.filter = *filter.tensor;
    group.output = *output.tensor;
    group.input.shape[3] = static_cast<int32_t>(in_c);
    group.filter.shape[0] = group.output.shape[3] = static_cast<int32_t>(out_c);
    TakeScales(group.filter.quantization, i * out_c, out_c);
    group.in.resize(in_pixels * in_bytes);
    group.out.resize(out_pixels * out_bytes);
    OpContext own = context;
    own.inputs[0] = {&group.input, group.in.data()};
    own.inputs[graph::kWeightsInput] = {&group.filter, filter.data + i * filter_bytes};
    if (bias.present()) {
      group.bias = *bias.tensor;
      group.bias.shape = {static_cast<int32_t>(out_c)};
      TakeScales(group.bias.quantization, i * out_c, out_c);
      own.inputs[graph::kBiasInput] = {&group.bias, bias.data + i * out_c * BytesOf(bias)};
    }
    own.outputs[0] = {&group.output, group.out.data()};
    QB_ASSIGN_OR_RETURN(group.run, prepare(own));
  }
  return Run([=, in = input.data, out = output.data] {
    for (size_t i = 0; i < count; ++i) {
      Group& group = (*groups)[i];
      CopyRows(in + i * in_bytes, in_bytes * count, group.in.data(), in_bytes, in_bytes, in_pixels);
      group.run();
      CopyRows(group.out.data(), out_bytes, out + i * out_bytes, out_bytes * count, out_bytes,
               out_pixels);
    }
  });
}

}  // namespace qbench::kernels
