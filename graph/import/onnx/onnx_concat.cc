// Concat. Constants beside samples (the class token of a transformer) are not repeated for the
// batch, whose size is open: zeros take their places, and the constants are added to all of it.
#include <algorithm>

#include "graph/import/onnx/onnx_fold.h"
#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

// The dims of the result, of which those of one part are `dims`; kCorrupt where the others do not
// fit.
Result<Dims> JoinedDims(const NodeCall& call, const std::vector<Value>& parts, Dims dims,
                        size_t axis) {
  dims[axis] = 0;
  for (const Value& part : parts) {
    if (part.rank() != dims.size()) return call.Corrupt("its inputs differ in dimensions");
    dims[axis] += part.dims[axis];
    Dims rest = part.dims;
    rest[axis] = dims[axis];
    if (rest != dims) return call.Corrupt("its inputs differ in dimensions");
  }
  return dims;
}

// Zeros in front of and behind it.
Result<Value> Widened(NodeCall& call, const Value& part, size_t axis, int64_t before,
                      int64_t after) {
  if (before == 0 && after == 0) return part;
  std::vector<int32_t> paddings(2 * part.order.size(), 0);
  if (part.order.size() > kMostDimensions)
    return call.Unsupported("it pads a tensor of more than 5 dimensions");
  paddings[2 * part.PlaceOf(axis)] = static_cast<int32_t>(before);
  paddings[2 * part.PlaceOf(axis) + 1] = static_cast<int32_t>(after);
  QB_ASSIGN_OR_RETURN(const TensorId output, EmitPad(call, part.tensor, paddings));
  return InMemory(call, output, part);
}

// The computed parts, with zeros in the places of the constants.
Result<Value> WithZeros(NodeCall& call, const std::vector<Value>& parts, size_t axis) {
  std::vector<Value> widened;
  int64_t before = 0;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].is_constant()) {
      if (widened.empty()) before += parts[i].dims[axis];
      continue;
    }
    int64_t after = 0;
    for (size_t j = i + 1; j < parts.size() && parts[j].is_constant(); ++j) {
      after += parts[j].dims[axis];
    }
    QB_ASSIGN_OR_RETURN(Value part, Widened(call, parts[i], axis, before, after));
    before = 0;
    widened.push_back(std::move(part));
  }
  return Joined(call, std::move(widened), axis);
}

// The constants in their places, and zeros in those of the computed parts.
HostTensorRef ConstantParts(const std::vector<Value>& parts, const Dims& dims, size_t axis) {
  const int64_t inner = StridesOf(dims)[axis];
  int64_t outer = 1;
  for (size_t i = 0; i < axis; ++i) outer *= dims[i];
  std::vector<float> values(static_cast<size_t>(outer * dims[axis] * inner), 0.0F);
  int64_t begin = 0;
  for (const Value& part : parts) {
    const int64_t size = part.dims[axis] * inner;
    if (part.is_constant()) {
      const ConstantValues<float> from(part.constant->floats);
      for (int64_t o = 0; o < outer; ++o) {
        std::copy_n(from.span().begin() + o * size, size,
                    values.begin() + o * dims[axis] * inner + begin);
      }
    }
    begin += size;
  }
  return MakeFloats(dims, std::move(values));
}

}  // namespace

Result<Value> Joined(NodeCall& call, std::vector<Value> parts, size_t axis) {
  if (parts.size() == 1) return parts[0];
  const Order order = parts[0].order;
  if (parts[0].IsBatch(axis)) return call.Unsupported("it joins along the batch");
  std::vector<TensorId> tensors;
  for (const Value& part : parts) {
    if (part.rank() != parts[0].rank()) return call.Corrupt("its inputs differ in dimensions");
    QB_RETURN_IF_ERROR(CheckBatches(call, part, parts[0]));
    QB_ASSIGN_OR_RETURN(const Value placed, Ordered(call, part, order));
    tensors.push_back(placed.tensor);
  }
  const ConcatenationOptions options{.axis = static_cast<int32_t>(parts[0].PlaceOf(axis))};
  QB_ASSIGN_OR_RETURN(const TensorId output,
                      call.Emit(OpKind::kConcatenation, options, std::move(tensors)));
  return InMemory(call, output, parts[0]);
}

Result<Value> BuildConcat(NodeCall& call) {
  std::vector<Value> parts;
  const Value* computed = nullptr;
  bool constants = false;
  for (size_t i = 0; i < call.inputs(); ++i) {
    QB_ASSIGN_OR_RETURN(Value part, call.Input(i));
    if (!part.is_constant()) QB_RETURN_IF_ERROR(call.Computed(i).status());
    if (part.is_constant() && !part.constant->is_float()) {
      return call.Unsupported("it joins a computed tensor and whole numbers");
    }
    constants = constants || part.is_constant();
    parts.push_back(std::move(part));
  }
  for (const Value& part : parts) {
    if (computed == nullptr && !part.is_constant()) computed = &part;
  }
  if (computed == nullptr) return call.Corrupt("it has no computed input");
  QB_ASSIGN_OR_RETURN(const size_t axis, call.AxisOf(call.Int("axis", 1), computed->rank()));
  if (!constants) return Joined(call, std::move(parts), axis);
  if (computed->IsBatch(axis)) return call.Unsupported("it joins along the batch");
  QB_ASSIGN_OR_RETURN(const Dims dims, JoinedDims(call, parts, computed->dims, axis));
  const auto count = CountOf(dims);
  if (!count.ok()) return call.Corrupt(count.status().message());
  QB_RETURN_IF_ERROR(Spend(call, *count, call.import().budget));
  HostTensorRef constant = ConstantParts(parts, dims, axis);
  QB_ASSIGN_OR_RETURN(const Value padded, WithZeros(call, parts, axis));
  QB_ASSIGN_OR_RETURN(Value result, Binary(call, OpKind::kAdd, padded, ConstantValue(constant)));
  call.import().joined.emplace(result.tensor, JoinedConstant{padded, std::move(constant)});
  return result;
}

}  // namespace qbench::graph::import::onnx
