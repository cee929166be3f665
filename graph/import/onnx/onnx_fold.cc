#include "graph/import/onnx/onnx_fold.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace qbench::graph::import::onnx {
namespace {

using Folded = Result<HostTensorRef>;

Folded WithDims(const HostTensor& tensor, Dims dims) {
  auto result = std::make_shared<HostTensor>(tensor);
  result->dims = std::move(dims);
  result->range.reset();
  return HostTensorRef(std::move(result));
}

// The elements at these places, in this order.
Folded Taken(const HostTensor& tensor, Dims dims, const std::vector<int64_t>& places) {
  if (!tensor.is_float()) {
    std::vector<int64_t> values;
    for (const int64_t place : places) values.push_back(tensor.ints[static_cast<size_t>(place)]);
    return MakeInts(std::move(dims), std::move(values), tensor.type);
  }
  const ConstantValues<float> all(tensor.floats);
  std::vector<float> values;
  for (const int64_t place : places) values.push_back(all.span()[static_cast<size_t>(place)]);
  return MakeFloats(std::move(dims), std::move(values));
}

// Of a computed tensor, too; the batch counts as 1.
Folded FoldShape(NodeCall& call, int64_t&) {
  QB_ASSIGN_OR_RETURN(const Value value, call.Input(0));
  const auto rank = static_cast<int64_t>(value.rank());
  const auto inside = [rank](int64_t index) {
    return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank);
  };
  const int64_t start = inside(call.Int("start", 0));
  const int64_t end = std::max(start, inside(call.Int("end", rank)));
  Dims dims(value.dims.begin() + start, value.dims.begin() + end);
  const Dims list = {static_cast<int64_t>(dims.size())};
  return MakeInts(list, std::move(dims));
}

Folded FoldSize(NodeCall& call, int64_t&) {
  QB_ASSIGN_OR_RETURN(const Value value, call.Input(0));
  QB_ASSIGN_OR_RETURN(const int64_t count, CountOf(value.dims));
  return MakeInts({}, {count});
}

Folded FoldConstant(NodeCall& call, int64_t&) {
  if (pb::AttributeProto* tensor = call.MutableAttribute("value")) {
    if (!tensor->has_t()) return call.Corrupt("its value is no tensor");
    auto taken = TakeTensor(*tensor->mutable_t());
    if (taken.ok()) return taken;
    return taken.status().code() == StatusCode::kCorrupt
               ? call.Corrupt(taken.status().message())
               : call.Unsupported(taken.status().message());
  }
  if (const auto* one = call.Attribute("value_float")) return MakeFloats({}, {one->f()});
  if (const auto* one = call.Attribute("value_int")) return MakeInts({}, {one->i()});
  if (const auto ints = call.Ints("value_ints")) {
    return MakeInts({static_cast<int64_t>(ints->size())}, *ints);
  }
  if (const auto* list = call.Attribute("value_floats")) {
    return MakeFloats({list->floats_size()}, {list->floats().begin(), list->floats().end()});
  }
  return call.Unsupported("its value is of a kind that is not read");
}

Folded FoldConstantOfShape(NodeCall& call, int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const Dims dims, call.IntsOf(0));
  HostTensorRef value = MakeFloats({1}, {0.0F});
  if (call.Attribute("value") != nullptr) {
    QB_ASSIGN_OR_RETURN(value, FoldConstant(call, budget));
    if (value->dims.size() > 1 || (value->dims.size() == 1 && value->dims[0] != 1)) {
      return call.Corrupt("its value is not one number");
    }
  }
  const auto count = CountOf(dims);
  if (!count.ok()) return call.Corrupt(count.status().message());
  QB_RETURN_IF_ERROR(Spend(call, *count + 1, budget));
  const auto size = static_cast<size_t>(*count);
  if (value->is_float()) {
    return MakeFloats(dims, std::vector<float>(size, value->floats.Values<float>().at(0)));
  }
  return MakeInts(dims, std::vector<int64_t>(size, value->ints.at(0)), value->type);
}

Folded FoldIdentity(NodeCall& call, int64_t&) { return call.ConstantInput(0); }

Folded FoldCast(NodeCall& call, int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef input, call.ConstantInput(0));
  const auto to = static_cast<int32_t>(call.Int("to", 0));
  if (input->is_float() && IsFloatType(to)) return input;
  QB_ASSIGN_OR_RETURN(const int64_t count, CountOf(input->dims));
  QB_RETURN_IF_ERROR(Spend(call, count + 1, budget));
  if (IsFloatType(to)) {
    return MakeFloats(input->dims, std::vector<float>(input->ints.begin(), input->ints.end()));
  }
  const bool known = to == kBool || to == kInt32 || to == kInt64 || to == kUInt8 || to == kInt8;
  if (!known) return call.Unsupported("it makes a type of it that is not known");
  std::vector<int64_t> values = input->ints;
  if (input->is_float()) {
    for (const float value : input->floats.Values<float>()) {
      if (!(std::abs(value) < 9e18F)) return call.Corrupt("a value is no whole number");
      values.push_back(to == kBool ? (value != 0.0F ? 1 : 0) : static_cast<int64_t>(value));
    }
  }
  if (to == kBool) {
    for (int64_t& value : values) value = value != 0 ? 1 : 0;
  }
  return MakeInts(input->dims, std::move(values), to);
}

Folded FoldGather(NodeCall& call, int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef input, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(const HostTensorRef indices, call.ConstantInput(1));
  QB_ASSIGN_OR_RETURN(const size_t axis, call.AxisOf(call.Int("axis", 0), input->dims.size()));
  QB_ASSIGN_OR_RETURN(const auto chosen, call.IntsOf(1));
  const int64_t size = input->dims[axis];
  Dims dims(input->dims.begin(), input->dims.begin() + static_cast<ptrdiff_t>(axis));
  int64_t outer = 1;
  for (const int64_t dim : dims) outer *= dim;
  const int64_t inner = StridesOf(input->dims)[axis];
  dims.insert(dims.end(), indices->dims.begin(), indices->dims.end());
  dims.insert(dims.end(), input->dims.begin() + static_cast<ptrdiff_t>(axis) + 1,
              input->dims.end());
  const auto count = CountOf(dims);
  if (!count.ok()) return call.Corrupt(count.status().message());
  QB_RETURN_IF_ERROR(Spend(call, *count + 1, budget));
  std::vector<int64_t> places;
  for (int64_t o = 0; o < outer; ++o) {
    for (const int64_t index : chosen) {
      QB_ASSIGN_OR_RETURN(const size_t at, call.AxisOf(index, static_cast<size_t>(size)));
      for (int64_t i = 0; i < inner; ++i) {
        places.push_back((o * size + static_cast<int64_t>(at)) * inner + i);
      }
    }
  }
  return Taken(*input, std::move(dims), places);
}

template <Result<Dims> (*kNewDims)(const NodeCall&, const Dims&)>
Folded FoldReshape(NodeCall& call, int64_t&) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef input, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(Dims dims, kNewDims(call, input->dims));
  return WithDims(*input, std::move(dims));
}

// For constants all dimensions of 1 go where no axes are given.
Folded FoldSqueeze(NodeCall& call, int64_t&) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef input, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(Dims dims, SqueezeDims(call, input->dims));
  const bool all = !call.Has(1) && call.Attribute("axes") == nullptr;
  if (all && !dims.empty() && dims[0] == 1) dims.erase(dims.begin());
  return WithDims(*input, std::move(dims));
}

Folded FoldConcat(NodeCall& call, int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef first, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(const size_t axis, call.AxisOf(call.Int("axis", 0), first->dims.size()));
  Dims dims = first->dims;
  dims[axis] = 0;
  int64_t outer = 1;
  for (size_t i = 0; i < axis; ++i) outer *= dims[i];
  std::vector<HostTensorRef> parts;
  for (size_t i = 0; i < call.inputs(); ++i) {
    QB_ASSIGN_OR_RETURN(const HostTensorRef part, call.ConstantInput(i));
    Dims rest = part->dims;
    if (rest.size() == dims.size()) {
      dims[axis] += rest[axis];
      rest[axis] = dims[axis];
    }
    if (rest != dims || part->type != first->type) return call.Corrupt("its inputs do not fit");
    parts.push_back(part);
  }
  const auto count = CountOf(dims);
  if (!count.ok()) return call.Corrupt(count.status().message());
  QB_RETURN_IF_ERROR(Spend(call, *count + 1, budget));
  std::vector<float> floats;
  std::vector<int64_t> ints;
  for (int64_t o = 0; o < outer; ++o) {
    for (const HostTensorRef& part : parts) {
      const int64_t size = part->dims[axis] * StridesOf(part->dims)[axis];
      const auto append = [&](auto& to, const auto& from) {
        to.insert(to.end(), from.begin() + o * size, from.begin() + (o + 1) * size);
      };
      if (first->is_float()) {
        append(floats, ConstantValues<float>(part->floats).span());
      } else {
        append(ints, part->ints);
      }
    }
  }
  if (first->is_float()) return MakeFloats(std::move(dims), std::move(floats));
  return MakeInts(std::move(dims), std::move(ints), first->type);
}

Folded FoldSlice(NodeCall& call, int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef input, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(const auto ranges, SliceRanges(call, input->dims));
  const std::vector<int64_t> strides = StridesOf(input->dims);
  Dims dims;
  for (const Range& range : ranges) dims.push_back(range.count);
  QB_ASSIGN_OR_RETURN(const int64_t count, CountOf(dims));
  QB_RETURN_IF_ERROR(Spend(call, count + 1, budget));
  std::vector<int64_t> places = {0};
  if (count == 0) places.clear();
  for (size_t axis = 0; axis < ranges.size() && count > 0; ++axis) {
    std::vector<int64_t> longer;
    for (const int64_t place : places) {
      for (int64_t i = 0; i < ranges[axis].count; ++i) {
        longer.push_back(place + (ranges[axis].begin + i * ranges[axis].step) * strides[axis]);
      }
    }
    places = std::move(longer);
  }
  return Taken(*input, std::move(dims), places);
}

Folded FoldRange(NodeCall& call, int64_t& budget) {
  int64_t p[3];  // start, limit, delta
  for (size_t i = 0; i < 3; ++i) {
    QB_ASSIGN_OR_RETURN(const auto values, call.IntsOf(i));
    if (values.size() != 1) return call.Corrupt("its inputs are not one number each");
    p[i] = values[0];
    if (std::abs(p[i]) > kMaxElements) return call.Unsupported("it is too long");
  }
  if (p[2] == 0) return call.Corrupt("its step is 0");
  const int64_t rest = p[2] > 0 ? p[1] - p[0] : p[0] - p[1];
  const int64_t step = std::abs(p[2]);
  const int64_t count = rest <= 0 ? 0 : (rest - 1) / step + 1;
  QB_RETURN_IF_ERROR(Spend(call, count + 1, budget));
  std::vector<int64_t> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(p[0] + i * p[2]);
  return MakeInts({count}, std::move(values));
}

Folded FoldTranspose(NodeCall& call, int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef input, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(const auto order, Permutation(call, input->dims.size()));
  QB_ASSIGN_OR_RETURN(const int64_t count, CountOf(input->dims));
  QB_RETURN_IF_ERROR(Spend(call, count + 1, budget));
  return std::make_shared<const HostTensor>(Permuted(*input, order));
}

Folded FoldExpand(NodeCall& call, int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef input, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(const Dims shape, call.IntsOf(1));
  QB_ASSIGN_OR_RETURN(const Dims dims, ExpandDims(call, input->dims, shape));
  return Stretched(call, *input, dims, budget);
}

// Of a list.
Folded FoldReduceProd(NodeCall& call, int64_t&) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef input, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(const auto values, call.IntsOf(0));
  if (input->dims.size() > 1) return call.Unsupported("only the product of a list is known");
  uint64_t product = 1;
  for (const int64_t value : values) product *= static_cast<uint64_t>(value);
  Dims dims;
  if (call.Int("keepdims", 1) != 0) dims.push_back(1);
  return MakeInts(std::move(dims), {static_cast<int64_t>(product)}, input->type);
}

Folded FoldQuantize(NodeCall& call, int64_t&) { return QuantizeConstant(call); }
Folded FoldDequantize(NodeCall& call, int64_t&) { return DequantizeConstant(call); }

struct FoldedNode {
  std::string_view op_type;
  Folder fold;
};

constexpr FoldedNode kFolded[] = {
    {"Cast", FoldCast},
    {"Clip", FoldClip},
    {"Concat", FoldConcat},
    {"Constant", FoldConstant},
    {"ConstantOfShape", FoldConstantOfShape},
    {"DequantizeLinear", FoldDequantize},
    {"Dropout", FoldIdentity},
    {"Expand", FoldExpand},
    {"Flatten", FoldReshape<FlattenDims>},
    {"Gather", FoldGather},
    {"GatherND", FoldGatherNd},
    {"Identity", FoldIdentity},
    {"MatMul", FoldMatMul},
    {"QuantizeLinear", FoldQuantize},
    {"Range", FoldRange},
    {"ReduceProd", FoldReduceProd},
    {"Reshape", FoldReshape<ReshapeDims>},
    {"ScatterND", FoldScatterNd},
    {"Shape", FoldShape},
    {"Size", FoldSize},
    {"Slice", FoldSlice},
    {"Squeeze", FoldSqueeze},
    {"Transpose", FoldTranspose},
    {"Unsqueeze", FoldReshape<UnsqueezeDims>},
    {"Where", FoldWhere},
};

Folder Find(std::string_view op_type) {
  const auto* found = std::ranges::find(kFolded, op_type, &FoldedNode::op_type);
  return found == std::end(kFolded) ? FindArithmetic(op_type) : found->fold;
}

}  // namespace

bool IsFolded(std::string_view op_type) { return Find(op_type) != nullptr; }

bool IsFoldedAlways(std::string_view op_type) {
  return op_type == "Shape" || op_type == "Size" || op_type == "Constant";
}

Result<HostTensorRef> FoldNode(NodeCall& call, int64_t& budget) {
  return Find(call.op_type())(call, budget);
}

}  // namespace qbench::graph::import::onnx
