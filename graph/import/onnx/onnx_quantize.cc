// QuantizeLinear and DequantizeLinear. A pair on what is computed becomes the tensor's learned
// range: the float model does not round. Of a constant the pair is computed, so that weights are
// what the integers stand for.
#include <algorithm>
#include <cmath>

#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

struct Parameters {
  std::vector<float> scales;
  std::vector<int64_t> zero_points;  // as many
  int32_t type = kUInt8;             // of the integers
  size_t axis = 0;
  int64_t stride = 1;  // elements between two indices of the axis

  size_t IndexOf(int64_t element) const {
    return scales.size() == 1 ? 0 : static_cast<size_t>(element / stride) % scales.size();
  }
};

// `type`: of the integers where the node has no zero point.
Result<Parameters> ReadParameters(const NodeCall& call, const Dims& dims, int32_t type) {
  Parameters p;
  p.type = type;
  QB_ASSIGN_OR_RETURN(p.scales, call.FloatsOf(1));
  if (call.Int("block_size", 0) != 0) return call.Unsupported("it quantizes block by block");
  if (call.Has(2)) {
    QB_ASSIGN_OR_RETURN(const HostTensorRef zero_point, call.ConstantInput(2));
    p.zero_points = zero_point->ints;
    p.type = zero_point->type;
  } else {
    p.zero_points.assign(p.scales.size(), 0);
  }
  if (p.scales.empty() || p.zero_points.size() != p.scales.size()) {
    return call.Corrupt("its scales and zero points are not as many");
  }
  for (const float scale : p.scales) {
    if (!std::isfinite(scale) || scale <= 0.0F) return call.Corrupt("a scale is not above 0");
  }
  if (p.scales.size() == 1) return p;
  QB_ASSIGN_OR_RETURN(p.axis, call.AxisOf(call.Int("axis", 1), dims.size()));
  p.stride = StridesOf(dims)[p.axis];
  if (dims[p.axis] == static_cast<int64_t>(p.scales.size())) return p;
  return call.Corrupt("its scales are not one for each index of its axis");
}

Result<QuantizedRange> RangeOf(const NodeCall& call, const Parameters& p, size_t index) {
  QuantizedRange range{.scale = p.scales[index], .zero_point = p.zero_points[index]};
  if (!IntegerLimits(p.type, range.low, range.high)) {
    return call.Unsupported("only integers of 8 and 16 bits are known");
  }
  if (range.zero_point >= range.low && range.zero_point <= range.high) return range;
  return call.Corrupt("a zero point is none of its integers");
}

// Integers that begin at 0 do what a RELU does, and quantizers of ONNX leave it out before them.
Result<Value> Restored(NodeCall& call, const Value& input, const QuantizedRange& range) {
  if (range.zero_point != range.low) return input;
  const Graph& graph = call.import().builder.graph;
  const bool given = std::ranges::find(graph.inputs, input.tensor) != graph.inputs.end();
  if (given || IsNonNegative(graph, input.tensor)) return input;
  const bool six = std::abs(double{range.max()} - 6.0) <= range.scale;
  return Apply(call, six ? OpKind::kRelu6 : OpKind::kRelu, input);
}

}  // namespace

Result<HostTensorRef> QuantizeConstant(const NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef input, call.ConstantInput(0));
  if (!input->is_float()) return call.Unsupported("its input is not of floats");
  QB_ASSIGN_OR_RETURN(const Parameters p, ReadParameters(call, input->dims, kUInt8));
  QB_RETURN_IF_ERROR(RangeOf(call, p, 0).status());
  const ConstantValues<float> values(input->floats);
  std::vector<int64_t> integers(values.span().size());
  for (size_t i = 0; i < integers.size(); ++i) {
    const size_t index = p.IndexOf(static_cast<int64_t>(i));
    QB_ASSIGN_OR_RETURN(const QuantizedRange range, RangeOf(call, p, index));
    const double scaled =
        std::nearbyint(values.span()[i] / p.scales[index]) + static_cast<double>(range.zero_point);
    if (std::isnan(scaled)) return call.Corrupt("a value is not a number");
    integers[i] = static_cast<int64_t>(
        std::clamp(scaled, static_cast<double>(range.low), static_cast<double>(range.high)));
  }
  return MakeInts(input->dims, std::move(integers), p.type);
}

Result<HostTensorRef> DequantizeConstant(const NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef input, call.ConstantInput(0));
  if (input->is_float()) return call.Unsupported("its input is not of integers");
  QB_ASSIGN_OR_RETURN(const Parameters p, ReadParameters(call, input->dims, input->type));
  std::vector<float> values(input->ints.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t index = p.IndexOf(static_cast<int64_t>(i));
    values[i] = static_cast<float>(static_cast<double>(input->ints[i] - p.zero_points[index]) *
                                   double{p.scales[index]});
  }
  auto output = std::make_shared<HostTensor>();
  output->dims = input->dims;
  output->floats = TakeConstant(std::move(values));
  int64_t low = 0;
  int64_t high = 0;
  if (!IntegerLimits(input->type, low, high)) return HostTensorRef(output);  // a bias of 32 bits
  LearnedRange range;
  range.axis = static_cast<int32_t>(p.axis);
  for (size_t i = 0; i < p.scales.size(); ++i) {
    QB_ASSIGN_OR_RETURN(const QuantizedRange one, RangeOf(call, p, i));
    range.min.push_back(one.min());
    range.max.push_back(one.max());
  }
  output->range = std::move(range);
  return HostTensorRef(output);
}

Result<Value> BuildQuantizeLinear(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(Value value, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const Parameters p, ReadParameters(call, value.dims, kUInt8));
  if (p.scales.size() != 1) {
    return call.Unsupported("it quantizes what is computed with a scale for each channel");
  }
  QB_ASSIGN_OR_RETURN(const QuantizedRange range, RangeOf(call, p, 0));
  QB_ASSIGN_OR_RETURN(value, Restored(call, value, range));
  value.quantized = range;
  return value;
}

Result<Value> BuildDequantizeLinear(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(Value value, call.Input(0));
  if (!value.quantized) {
    return call.Unsupported("its input is not that of a QuantizeLinear");
  }
  QB_ASSIGN_OR_RETURN(const Parameters p, ReadParameters(call, value.dims, kUInt8));
  QB_ASSIGN_OR_RETURN(const QuantizedRange range, RangeOf(call, p, 0));
  const QuantizedRange& before = *value.quantized;
  if (p.scales.size() != 1 || range.scale != before.scale ||
      range.zero_point != before.zero_point || range.low != before.low) {
    return call.Unsupported("its scale and zero point are not those of its QuantizeLinear");
  }
  value.quantized.reset();
  std::optional<LearnedRange>& learned =
      call.import().builder.graph.tensors[static_cast<size_t>(value.tensor)].learned_range;
  const LearnedRange wanted{.min = {range.min()}, .max = {range.max()}};
  if (!learned) {
    learned = wanted;
    ++call.import().quantized_pairs;
  } else if (*learned != wanted) {
    call.Note(fmt::format("\"{}\" quantizes a tensor that has another range already, which stays",
                          call.name()));
  }
  return value;
}

}  // namespace qbench::graph::import::onnx
