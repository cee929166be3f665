#include "graph/import/onnx/onnx_layout.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace qbench::graph::import::onnx {
namespace {

Shape ShapeIn(const Dims& dims, const Order& order) {
  Shape shape;
  for (const size_t axis : order) {
    shape.push_back(axis == kWithin ? 1 : static_cast<int32_t>(dims[axis]));
  }
  return shape;
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
  TensorId output = kNoTensor;
  if (permutation.size() > kMostDimensions) {
    QB_ASSIGN_OR_RETURN(output, EmitDeepTranspose(call, input, permutation));
  } else {
    const TensorId constant = call.Ints("permutation", permutation);
    QB_ASSIGN_OR_RETURN(output, call.Emit(OpKind::kTranspose, {input, constant}));
  }
  import.transposed.emplace(key, output);
  import.transposed_of.emplace(output, key);
  return output;
}

// Dimensions that have more than one index, in this order.
Order WithoutOnes(const Dims& dims, const Order& order) {
  Order all;
  for (const size_t axis : order) {
    if (axis != kWithin && dims[axis] != 1) all.push_back(axis);
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
    size_t first = value.order.size();
    for (const size_t axis : group.before) first = std::min(first, value.PlaceOf(axis));
    return first;
  };
  std::ranges::stable_sort(groups, {}, place);
}

// An order of all dimensions, the batch first, in which those of more than one index stand as in
// `moving`: channels last or ONNX's own, where that is so.
Order OrderFrom(const Dims& dims, size_t batch, const Order& moving) {
  for (Order order : {ChannelsLast(dims.size()), SameOrder(dims.size())}) {
    if (batch == kWithin) order.insert(order.begin(), kWithin);
    if (!order.empty() && order[0] == batch && WithoutOnes(dims, order) == moving) return order;
  }
  Order order = {batch};
  order.insert(order.end(), moving.begin(), moving.end());
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    if (axis != batch && dims[axis] == 1) order.push_back(axis);
  }
  return order;
}

int64_t Product(const Dims& dims, size_t count) {
  return std::accumulate(dims.begin(), dims.begin() + static_cast<ptrdiff_t>(count), int64_t{1},
                         std::multiplies<>());
}

// Elements of a sample before the batch's own place, row by row.
int64_t BeforeBatch(const Value& value) {
  if (!value.is_within()) return Product(value.dims, value.order[0]);
  return Product(value.dims, value.within) * value.outer;
}

// The dimension that the batch becomes a part of: torch joins it with the heads of attention behind
// it, [places, batch * heads, size], or with the places before it, [places * batch, channels].
Status GoWithin(NodeCall& call, int64_t place, std::optional<size_t> hint, Value& value) {
  std::vector<size_t> possible;
  int64_t before = 1;
  for (size_t i = 0; i < value.rank(); ++i) {
    const int64_t size = value.dims[i];
    const bool inside = place >= before && place <= before * size && place % before == 0 &&
                        size % (place / before) == 0;
    if (size > 1 && inside) possible.push_back(i);
    before *= size;
  }
  if (possible.empty()) return call.Unsupported("it makes another dimension of the batch");
  const bool hinted = hint && std::ranges::find(possible, *hint) != possible.end();
  const size_t last = possible.back();
  value.within = hinted ? *hint : last + 1 == value.rank() ? possible.front() : last;
  value.outer = place / Product(value.dims, value.within);
  return OkStatus();
}

// Sets where the batch of `before` is in `after`, which has dims but no order: the dimension, or
// kWithin.
Result<size_t> BatchAfter(NodeCall& call, const Value& before, std::optional<size_t> hint,
                          Value& after) {
  const int64_t place = BeforeBatch(before);
  std::optional<size_t> found;
  for (size_t i = 0; i < after.rank(); ++i) {
    if (after.dims[i] != 1 || Product(after.dims, i) != place) continue;
    if (!found || hint == i) found = i;
  }
  if (found) return *found;
  QB_RETURN_IF_ERROR(GoWithin(call, place, hint, after));
  return kWithin;
}

// With the batch as dimension `batch` of ONNX's, or kWithin: only RESHAPE.
Result<Value> BatchMoved(NodeCall& call, const Value& value, size_t batch) {
  Value result = value;
  if (batch == kWithin) {
    result.within = value.order[0];
    result.outer = 1;
    result.order.insert(result.order.begin(), kWithin);
  } else {
    const bool there =
        !call.import().open_batch || BeforeBatch(value) == Product(value.dims, batch);
    if (!value.is_within() || value.dims[batch] != 1 || !there) {
      return call.Unsupported("it needs its input with the batch in another place than the first");
    }
    std::erase(result.order, batch);
    result.order[0] = batch;
  }
  QB_ASSIGN_OR_RETURN(result.tensor,
                      EmitReshape(call, value.tensor, ShapeIn(value.dims, result.order)));
  return result;
}

}  // namespace

Result<TensorId> EmitReshape(NodeCall& call, TensorId input, Shape shape) {
  if (const auto deep = call.import().deep.find(input); deep != call.import().deep.end()) {
    input = deep->second;
  }
  if (call.ShapeOf(input) == shape) return input;
  if (shape.empty() || shape[0] != 1)
    return call.Unsupported("it makes another dimension of the batch");
  shape[0] = -1;
  const TensorId constant = call.Ints("shape", shape);
  QB_ASSIGN_OR_RETURN(
      const TensorId output,
      call.Emit(OpKind::kReshape, ReshapeOptions{.new_shape = shape}, {input, constant}));
  if (shape.size() > kMostDimensions) call.import().deep.emplace(output, input);
  return output;
}

Status CheckBatches(const NodeCall& call, const Value& a, const Value& b) {
  const bool alike = a.order[0] == b.order[0] && a.within == b.within && a.outer == b.outer;
  const bool same = a.is_within() || b.is_within() ? alike || BeforeBatch(a) == BeforeBatch(b)
                                                   : a.order[0] == b.order[0];
  if (same || !call.import().open_batch) return OkStatus();
  return call.Unsupported("its inputs have the batch in different places");
}

Value Like(const Value& value, TensorId tensor) {
  Value result;
  result.dims = value.dims;
  result.order = value.order;
  result.within = value.within;
  result.outer = value.outer;
  result.tensor = tensor;
  return result;
}

Value InMemory(NodeCall& call, TensorId tensor, Order order) {
  Value value;
  value.tensor = tensor;
  const Shape& shape = call.ShapeOf(tensor);
  const size_t first = !order.empty() && order[0] == kWithin ? 1 : 0;
  value.dims.resize(order.size() - first);
  for (size_t i = first; i < order.size(); ++i) value.dims[order[i]] = shape[i];
  value.order = std::move(order);
  return value;
}

Value InMemory(NodeCall& call, TensorId tensor, const Value& like) {
  Value value = InMemory(call, tensor, like.order);
  value.within = like.within;
  value.outer = like.outer;
  return value;
}

Order WithLast(const Order& order, const std::vector<size_t>& last) {
  Order result;
  for (const size_t axis : order) {
    if (std::ranges::find(last, axis) == last.end()) result.push_back(axis);
  }
  result.insert(result.end(), last.begin(), last.end());
  return result;
}

Result<Value> Ordered(NodeCall& call, const Value& value, const Order& order) {
  if (value.order == order) return value;
  if (order.empty()) return call.Unsupported("it makes another dimension of the batch");
  Value result = value;
  if (order[0] != value.order[0]) {
    QB_ASSIGN_OR_RETURN(result, BatchMoved(call, value, order[0]));
  }
  std::vector<int32_t> permutation;
  for (const size_t axis : order) permutation.push_back(static_cast<int32_t>(result.PlaceOf(axis)));
  result.order = order;
  if (WithoutOnes(value.dims, value.order) == WithoutOnes(value.dims, order)) {
    QB_ASSIGN_OR_RETURN(result.tensor,
                        EmitReshape(call, result.tensor, ShapeIn(value.dims, order)));
    return result;
  }
  QB_ASSIGN_OR_RETURN(result.tensor, EmitTranspose(call, result.tensor, permutation));
  return result;
}

Result<Value> Plain(NodeCall& call, const Value& value) {
  return Ordered(call, value, SameOrder(value.rank()));
}

Result<Value> Image(NodeCall& call, const Value& value) {
  if (value.rank() == 4) return Ordered(call, value, ChannelsLast(4));
  if (value.rank() == 3) {
    QB_ASSIGN_OR_RETURN(
        const Value image,
        Reshaped(call, value, {value.dims[0], value.dims[1], 1, value.dims[2]}, size_t{0}));
    return Ordered(call, image, ChannelsLast(4));
  }
  return call.Unsupported(
      fmt::format("its input has {} dimensions, and is no batch of images or rows", value.rank()));
}

Result<Value> AsBefore(NodeCall& call, const Value& image, const Value& like) {
  if (like.rank() == 4) return image;
  return Reshaped(call, image, {image.dims[0], image.dims[1], image.dims[3]}, size_t{0});
}

Value Transposed(const Value& value, const std::vector<size_t>& permutation) {
  Value result = value;
  std::vector<size_t> now(permutation.size());  // where a dimension is afterwards
  for (size_t i = 0; i < permutation.size(); ++i) {
    result.dims[i] = value.dims[permutation[i]];
    now[permutation[i]] = i;
  }
  for (size_t& axis : result.order) {
    if (axis != kWithin) axis = now[axis];
  }
  if (value.is_within()) result.within = now[value.within];
  return result;
}

Result<Value> Reshaped(NodeCall& call, const Value& value, const Dims& dims,
                       std::optional<size_t> hint) {
  Value result = value;
  result.dims = dims;
  QB_ASSIGN_OR_RETURN(const size_t batch, BatchAfter(call, value, hint, result));
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
  Order order = value.order;
  if (value.is_within()) {
    order.erase(order.begin());
  } else if (padded.dims[order[0]] != 1) {
    return call.Unsupported("it takes a constant with a value for each sample of a batch");
  }
  HostTensor placed = Permuted(padded, order);
  size_t ones = 0;
  while (ones + 1 < placed.dims.size() && placed.dims[ones] == 1) ++ones;
  placed.dims.erase(placed.dims.begin(), placed.dims.begin() + static_cast<ptrdiff_t>(ones));
  if (placed.range) placed.range->axis -= static_cast<int32_t>(ones);
  if (placed.range && placed.range->axis < 0) placed.range->axis = 0;
  return call.Constant(suffix, placed);
}

}  // namespace qbench::graph::import::onnx
