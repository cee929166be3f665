#include "graph/import/onnx/onnx_layout.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace qbench::graph::import::onnx {
namespace {

Shape ShapeIn(const Dims& dims, const Order& order) {
  Shape shape;
  for (const size_t axis : order) shape.push_back(static_cast<int32_t>(dims[axis]));
  return shape;
}

Result<TensorId> EmitReshape(NodeCall& call, TensorId input, Shape shape) {
  if (call.ShapeOf(input) == shape) return input;
  if (shape.empty() || shape[0] != 1)
    return call.Unsupported("it makes another dimension of the batch");
  shape[0] = -1;
  const TensorId constant = call.Ints("shape", shape);
  return call.Emit(OpKind::kReshape, ReshapeOptions{.new_shape = shape}, {input, constant});
}

// Two in a row are one, and the same one is made once.
Result<TensorId> EmitTranspose(NodeCall& call, TensorId input, std::vector<int32_t> permutation) {
  OnnxImport& import = call.import();
  if (const auto before = import.transposed_of.find(input); before != import.transposed_of.end()) {
    for (int32_t& from : permutation) {
      from = before->second.second[static_cast<size_t>(from)];
    }
    input = before->second.first;
  }
  if (std::ranges::is_sorted(permutation)) return input;
  const auto key = std::pair(input, permutation);
  if (const auto made = import.transposed.find(key); made != import.transposed.end()) {
    return made->second;
  }
  const TensorId constant = call.Ints("permutation", permutation);
  QB_ASSIGN_OR_RETURN(const TensorId output, call.Emit(OpKind::kTranspose, {input, constant}));
  import.transposed.emplace(key, output);
  import.transposed_of.emplace(output, key);
  return output;
}

// Dimensions that have more than one index, in this order.
Order WithoutOnes(const Dims& dims, const Order& order) {
  Order all;
  for (const size_t axis : order) {
    if (dims[axis] != 1) all.push_back(axis);
  }
  return all;
}

// Neighbouring dimensions before and after a Reshape that hold the same elements: the smallest such
// groups. Dimensions of 1 are in none.
struct Group {
  Order before;
  Order after;
};

std::vector<Group> Groups(const Dims& before, const Dims& after) {
  const Order from = WithoutOnes(before, SameOrder(before.size()));
  const Order to = WithoutOnes(after, SameOrder(after.size()));
  std::vector<Group> groups;
  size_t i = 0;
  size_t j = 0;
  while (i < from.size() && j < to.size()) {
    Group group;
    int64_t left = before[from[i]];
    int64_t right = after[to[j]];
    group.before.push_back(from[i++]);
    group.after.push_back(to[j++]);
    while (left != right && (left < right ? i < from.size() : j < to.size())) {
      if (left < right) {
        left *= before[from[i]];
        group.before.push_back(from[i++]);
      } else {
        right *= after[to[j]];
        group.after.push_back(to[j++]);
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

// The groups in the order in which they begin in memory.
void SortByPlace(const Value& value, std::vector<Group>& groups) {
  const auto place = [&value](const Group& group) {
    size_t first = value.rank();
    for (const size_t axis : group.before) first = std::min(first, value.PlaceOf(axis));
    return first;
  };
  std::ranges::stable_sort(groups, {}, place);
}

// An order of all dimensions, the batch first, in which those of more than one index stand as in
// `moving`: channels last or ONNX's own, where that is so.
Order OrderFrom(const Dims& dims, size_t batch, const Order& moving) {
  for (const Order& order : {ChannelsLast(dims.size()), SameOrder(dims.size())}) {
    if (order[0] == batch && WithoutOnes(dims, order) == moving) return order;
  }
  Order order = {batch};
  order.insert(order.end(), moving.begin(), moving.end());
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    if (axis != batch && dims[axis] == 1) order.push_back(axis);
  }
  return order;
}

// Where the batch, dimension `batch` of `before`, is afterwards.
Result<size_t> BatchAfter(NodeCall& call, const Dims& before, size_t batch, const Dims& after) {
  const auto product = [](const Dims& dims, size_t count) {
    return std::accumulate(dims.begin(), dims.begin() + static_cast<ptrdiff_t>(count), int64_t{1},
                           std::multiplies<>());
  };
  for (size_t i = 0; i < after.size(); ++i) {
    if (after[i] == 1 && product(after, i) == product(before, batch)) return i;
  }
  return call.Unsupported("it makes another dimension of the batch");
}

}  // namespace

Value Like(const Value& value, TensorId tensor) {
  Value result;
  result.dims = value.dims;
  result.order = value.order;
  result.tensor = tensor;
  return result;
}

Value InMemory(NodeCall& call, TensorId tensor, Order order) {
  Value value;
  value.tensor = tensor;
  value.dims.resize(order.size());
  const Shape& shape = call.ShapeOf(tensor);
  for (size_t i = 0; i < order.size(); ++i) value.dims[order[i]] = shape[i];
  value.order = std::move(order);
  return value;
}

Result<Value> Ordered(NodeCall& call, const Value& value, const Order& order) {
  if (value.order == order) return value;
  if (order[0] != value.order[0]) {
    return call.Unsupported("it needs its input with the batch in another place than the first");
  }
  Value result = value;
  result.order = order;
  if (WithoutOnes(value.dims, value.order) == WithoutOnes(value.dims, order)) {
    QB_ASSIGN_OR_RETURN(result.tensor, EmitReshape(call, value.tensor, ShapeIn(value.dims, order)));
    return result;
  }
  std::vector<int32_t> permutation;
  for (const size_t axis : order) permutation.push_back(static_cast<int32_t>(value.PlaceOf(axis)));
  QB_ASSIGN_OR_RETURN(result.tensor, EmitTranspose(call, value.tensor, permutation));
  return result;
}

Result<Value> Plain(NodeCall& call, const Value& value) {
  return Ordered(call, value, SameOrder(value.rank()));
}

Result<Value> Image(NodeCall& call, const Value& value) {
  if (value.rank() == 4) return Ordered(call, value, ChannelsLast(4));
  return call.Unsupported(
      fmt::format("its input has {} dimensions, and is no batch of images", value.rank()));
}

Value Transposed(const Value& value, const std::vector<size_t>& permutation) {
  Value result = value;
  std::vector<size_t> now(permutation.size());  // where a dimension is afterwards
  for (size_t i = 0; i < permutation.size(); ++i) {
    result.dims[i] = value.dims[permutation[i]];
    now[permutation[i]] = i;
  }
  for (size_t& axis : result.order) axis = now[axis];
  return result;
}

Result<Value> Reshaped(NodeCall& call, const Value& value, const Dims& dims) {
  QB_ASSIGN_OR_RETURN(const size_t batch, BatchAfter(call, value.dims, value.order[0], dims));
  std::vector<Group> groups = Groups(value.dims, dims);
  SortByPlace(value, groups);
  Order needed;
  Order after;
  for (const Group& group : groups) {
    needed.insert(needed.end(), group.before.begin(), group.before.end());
    after.insert(after.end(), group.after.begin(), group.after.end());
  }
  Value input = value;
  if (WithoutOnes(value.dims, value.order) != needed) {
    QB_ASSIGN_OR_RETURN(input, Ordered(call, value, OrderFrom(value.dims, value.order[0], needed)));
  }
  Value result = value;
  result.dims = dims;
  result.order = OrderFrom(dims, batch, after);
  QB_ASSIGN_OR_RETURN(result.tensor, EmitReshape(call, input.tensor, ShapeIn(dims, result.order)));
  return result;
}

Result<TensorId> Beside(NodeCall& call, std::string_view suffix, const HostTensor& constant,
                        const Value& value) {
  if (!constant.is_float()) return call.Unsupported("it computes with whole numbers");
  HostTensor padded = constant;
  const size_t rank = value.rank();
  while (padded.dims.size() > rank && padded.dims.front() == 1) {
    padded.dims.erase(padded.dims.begin());
  }
  if (padded.dims.size() > rank ||
      ElementCount(Shape(padded.dims.begin(), padded.dims.end())) == 0) {
    return call.Unsupported("it takes a constant of more dimensions than its input has");
  }
  const size_t missing = rank - padded.dims.size();
  padded.dims.insert(padded.dims.begin(), missing, 1);
  if (padded.range) padded.range->axis += static_cast<int32_t>(rank - constant.dims.size());
  if (padded.dims[value.order[0]] != 1) {
    return call.Unsupported("it takes a constant with a value for each sample of a batch");
  }
  HostTensor placed = Permuted(padded, value.order);
  size_t ones = 0;
  while (ones + 1 < placed.dims.size() && placed.dims[ones] == 1) ++ones;
  placed.dims.erase(placed.dims.begin(), placed.dims.begin() + static_cast<ptrdiff_t>(ones));
  if (placed.range) placed.range->axis -= static_cast<int32_t>(ones);
  if (placed.range && placed.range->axis < 0) placed.range->axis = 0;
  return call.Constant(suffix, placed);
}

}  // namespace qbench::graph::import::onnx
