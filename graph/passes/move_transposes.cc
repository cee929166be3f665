// Transposes between images whose channels are first and operators that want them last.
#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "graph/learned_range.h"
#include "graph/operators.h"
#include "graph/passes/passes.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

// order[i]: the dimension of the input that the output's i is.
using Order = std::vector<int32_t>;

Order Inverse(const Order& order) {
  Order inverse(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    inverse[static_cast<size_t>(order[i])] = static_cast<int32_t>(i);
  }
  return inverse;
}

bool IsIdentity(const Order& order) { return std::ranges::is_sorted(order); }

Shape Permuted(const Shape& shape, const Order& order) {
  Shape permuted;
  for (const int32_t from : order) permuted.push_back(shape[static_cast<size_t>(from)]);
  return permuted;
}

// The values of a tensor of `shape`, with its dimensions in that order.
template <typename T>
std::vector<T> PermutedValues(const std::vector<T>& values, const Shape& shape,
                              const Order& order) {
  std::vector<size_t> strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * static_cast<size_t>(shape[i]);
  }
  const Shape to = Permuted(shape, order);
  std::vector<T> permuted;
  permuted.reserve(values.size());
  std::vector<int32_t> index(shape.size(), 0);
  size_t place = 0;
  for (size_t n = 0; n < values.size(); ++n) {
    permuted.push_back(values[place]);
    for (size_t i = to.size(); i-- > 0;) {
      const size_t step = strides[static_cast<size_t>(order[i])];
      place += step;
      if (++index[i] < to[i]) break;
      place -= step * static_cast<size_t>(to[i]);
      index[i] = 0;
    }
  }
  return permuted;
}

// Dimensions of 1 aside, the order is as it was: no value moves.
bool MovesNothing(const Shape& shape, const Order& order) {
  int32_t last = -1;
  for (const int32_t from : order) {
    if (shape[static_cast<size_t>(from)] == 1) continue;
    if (from < last) return false;
    last = from;
  }
  return true;
}

bool TakesSingleValues(OpKind kind) {
  static constexpr OpKind kKinds[] = {
      OpKind::kRelu,      OpKind::kRelu6, OpKind::kLogistic, OpKind::kTanh,      OpKind::kElu,
      OpKind::kLeakyRelu, OpKind::kGelu,  OpKind::kRsqrt,    OpKind::kHardSwish, OpKind::kSqrt};
  return std::ranges::find(kKinds, kind) != std::end(kKinds);
}

bool TakesPairs(OpKind kind) {
  static constexpr OpKind kKinds[] = {OpKind::kAdd,  OpKind::kSub,     OpKind::kMul,
                                      OpKind::kDiv,  OpKind::kMaximum, OpKind::kMinimum,
                                      OpKind::kPrelu};
  return std::ranges::find(kKinds, kind) != std::end(kKinds);
}

// Moves transposes behind the operators that read them, until they meet their inverse.
class Mover {
 public:
  explicit Mover(Graph& graph) : graph_(graph) {}

  void Run() {
    std::vector<Op> ops = std::move(graph_.ops);
    maker_.assign(graph_.tensors.size(), -1);
    for (Op& op : ops) {
      for (TensorId& input : op.inputs) {
        if (input != kNoTensor && Known(input)) input = *stands_for_[Index(input)];
      }
      Visit(std::move(op));
    }
    graph_.ops = std::move(done_);
  }

 private:
  static size_t Index(TensorId id) { return static_cast<size_t>(id); }
  bool Known(TensorId id) const {
    return Index(id) < stands_for_.size() && stands_for_[Index(id)].has_value();
  }
  const Tensor& At(TensorId id) const { return TensorAt(graph_, id); }

  // The order of the transpose that makes the tensor.
  std::optional<Order> OrderOf(TensorId id) const {
    if (id == kNoTensor || Index(id) >= maker_.size() || maker_[Index(id)] < 0) return std::nullopt;
    const Op& op = done_[static_cast<size_t>(maker_[Index(id)])];
    if (op.kind != OpKind::kTranspose) return std::nullopt;
    Order order = At(op.inputs[1]).constant->Values<int32_t>();
    const auto rank = static_cast<int32_t>(order.size());
    for (int32_t& from : order) from += from < 0 ? rank : 0;
    // Whatever the batch is, it stays where it is.
    if (order.empty() || order[0] != 0) return std::nullopt;
    return order;
  }
  // What that transpose reads.
  TensorId Before(TensorId id) const {
    return done_[static_cast<size_t>(maker_[Index(id)])].inputs[0];
  }

  void Add(Op op) {
    maker_.resize(graph_.tensors.size(), -1);
    maker_[Index(op.outputs[0])] = static_cast<int32_t>(done_.size());
    done_.push_back(std::move(op));
  }
  // A tensor like `id` in another shape.
  TensorId Like(TensorId id, Shape shape, std::string_view suffix) {
    Tensor tensor = At(id);
    tensor.name += suffix;
    tensor.shape = std::move(shape);
    return graph_.AddTensor(std::move(tensor));
  }
  TensorId Integers(const std::string& name, const std::vector<int32_t>& values) {
    return graph_.AddConstant(name, {static_cast<int32_t>(values.size())}, values);
  }

  // `op` gives its output in the order before; a transpose behind it gives what it gave.
  void AddBefore(Op op, const Order& order, Shape shape) {
    const TensorId output = op.outputs[0];
    const std::string layer = op.name;
    op.outputs = {Like(output, std::move(shape), "/turned")};
    const TensorId turned = op.outputs[0];
    Add(std::move(op));
    Transpose(turned, order, output, layer);
  }
  void Transpose(TensorId input, const Order& order, TensorId output, const std::string& layer) {
    Add({OpKind::kTranspose,
         NoOptions{},
         {input, Integers(At(output).name + "/order", order)},
         {output},
         layer});
  }
  void AddReshape(TensorId input, TensorId output, const std::string& layer) {
    Shape shape = At(output).shape;
    if (At(output).dynamic_batch) shape[0] = -1;
    const TensorId constant = Integers(At(output).name + "/shape", shape);
    Add({OpKind::kReshape, ReshapeOptions{.new_shape = shape}, {input, constant}, {output}, layer});
  }

  void Visit(Op op) {
    if (At(op.outputs[0]).type == DataType::kFloat32 && Moved(op)) return;
    Add(std::move(op));
  }

  bool Moved(Op& op) {
    if (op.kind == OpKind::kTranspose) return MoveTranspose(op);
    if (TakesPairs(op.kind)) return MovePair(op);
    const auto order = OrderOf(op.inputs[0]);
    if (!order) return false;
    if (TakesSingleValues(op.kind)) {
      const TensorId before = Before(op.inputs[0]);
      op.inputs[0] = before;
      AddBefore(std::move(op), *order, At(before).shape);
      return true;
    }
    switch (op.kind) {
      case OpKind::kConcatenation:
        return MoveConcatenation(op, *order);
      case OpKind::kPad:
        return MovePad(op, *order);
      case OpKind::kMean:
      case OpKind::kSum:
      case OpKind::kReduceMax:
        return MoveReduction(op, *order);
      case OpKind::kStridedSlice:
        return MoveSlice(op, *order);
      default:
        return false;
    }
  }

  // Two become one or none; one that moves no value becomes a reshape.
  bool MoveTranspose(Op& op) {
    const TensorId output = op.outputs[0];
    Add(op);
    const auto second = OrderOf(output);
    done_.pop_back();
    maker_[Index(output)] = -1;
    if (!second) return false;
    TensorId input = op.inputs[0];
    Order order = *second;
    if (const auto first = OrderOf(input)) {
      order.clear();
      for (const int32_t from : *second) order.push_back((*first)[static_cast<size_t>(from)]);
      input = Before(input);
    }
    if (IsIdentity(order) && !IsGraphOutput(graph_, output)) {
      if (stands_for_.size() <= Index(output)) stands_for_.resize(Index(output) + 1);
      stands_for_[Index(output)] = input;
      return true;
    }
    if (MovesNothing(At(input).shape, order)) {
      AddReshape(input, output, op.name);
    } else {
      Transpose(input, order, output, op.name);
    }
    return true;
  }

  // The operand in the order before, or nothing. Constants are turned; a tensor of which no value
  // moves is reshaped.
  bool CanTurn(TensorId id, const Order& order, size_t rank) const {
    if (const auto own = OrderOf(id)) return *own == order;
    const Tensor& tensor = At(id);
    if (IsFloatConstant(tensor)) return tensor.shape.size() <= rank;
    return tensor.shape.size() == rank && MovesNothing(tensor.shape, Inverse(order));
  }
  TensorId Turned(TensorId id, const Order& order, size_t rank, const std::string& layer) {
    if (OrderOf(id)) return Before(id);
    const Order back = Inverse(order);
    Shape shape = At(id).shape;
    shape.insert(shape.begin(), rank - shape.size(), 1);
    if (!At(id).is_constant()) {
      const TensorId turned = Like(id, Permuted(shape, back), "/turned");
      AddReshape(id, turned, layer);
      return turned;
    }
    const auto values = PermutedValues(At(id).constant->Values<float>(), shape, back);
    Shape to = Permuted(shape, back);
    while (to.size() > 1 && to.front() == 1) to.erase(to.begin());
    const TensorId turned = Like(id, std::move(to), "");
    TensorAt(graph_, turned).constant = MakeConstant(values);
    return turned;
  }

  bool MovePair(Op& op) {
    auto order = OrderOf(op.inputs[0]);
    if (!order) order = OrderOf(op.inputs[1]);
    const size_t rank = At(op.outputs[0]).shape.size();
    if (!order || order->size() != rank) return false;
    for (const TensorId input : op.inputs) {
      if (!CanTurn(input, *order, rank)) return false;
    }
    const std::string layer = op.name;
    for (TensorId& input : op.inputs) input = Turned(input, *order, rank, layer);
    AddBefore(std::move(op), *order, Permuted(At(op.outputs[0]).shape, Inverse(*order)));
    return true;
  }

  bool MoveConcatenation(Op& op, const Order& order) {
    for (const TensorId input : op.inputs) {
      if (OrderOf(input) != order) return false;
    }
    auto& options = std::get<ConcatenationOptions>(op.options);
    const auto rank = static_cast<int32_t>(order.size());
    options.axis =
        order[static_cast<size_t>(options.axis < 0 ? options.axis + rank : options.axis)];
    for (TensorId& input : op.inputs) input = Before(input);
    AddBefore(std::move(op), order, Permuted(At(op.outputs[0]).shape, Inverse(order)));
    return true;
  }

  // What stands for each dimension, in the order before.
  std::vector<int32_t> TurnedBack(const std::vector<int32_t>& values, const Order& order,
                                  size_t each) const {
    std::vector<int32_t> turned(values.size());
    for (size_t i = 0; i < order.size(); ++i) {
      for (size_t j = 0; j < each; ++j) {
        turned[static_cast<size_t>(order[i]) * each + j] = values[i * each + j];
      }
    }
    return turned;
  }

  bool MovePad(Op& op, const Order& order) {
    const Tensor& paddings = At(op.inputs[1]);
    const auto turned = TurnedBack(paddings.constant->Values<int32_t>(), order, 2);
    op.inputs = {Before(op.inputs[0]),
                 graph_.AddConstant(paddings.name, Shape(paddings.shape), turned)};
    AddBefore(std::move(op), order, Permuted(At(op.outputs[0]).shape, Inverse(order)));
    return true;
  }

  bool MoveReduction(Op& op, const Order& order) {
    const auto rank = static_cast<int32_t>(order.size());
    std::vector<int32_t> axes = At(op.inputs[1]).constant->Values<int32_t>();
    std::vector<bool> reduced(order.size(), false);
    for (int32_t& axis : axes) {
      axis = order[static_cast<size_t>(axis < 0 ? axis + rank : axis)];
      reduced[static_cast<size_t>(axis)] = true;
    }
    std::ranges::sort(axes);
    Order left;  // the dimensions that stay, as they follow each other now
    for (const int32_t from : order) {
      if (!reduced[static_cast<size_t>(from)]) left.push_back(from);
    }
    const std::string name = At(op.inputs[1]).name;
    op.inputs = {Before(op.inputs[0]), Integers(name, axes)};
    if (std::get<MeanOptions>(op.options).keep_dims) {
      AddBefore(std::move(op), order, Permuted(At(op.outputs[0]).shape, Inverse(order)));
      return true;
    }
    if (IsIdentity(left)) {
      Add(std::move(op));
      return true;
    }
    Order sorted = left;
    std::ranges::sort(sorted);
    Order rest;
    for (const int32_t from : left) {
      rest.push_back(static_cast<int32_t>(std::ranges::find(sorted, from) - sorted.begin()));
    }
    AddBefore(std::move(op), rest, Permuted(At(op.outputs[0]).shape, Inverse(rest)));
    return true;
  }

  bool MoveSlice(Op& op, const Order& order) {
    auto& options = std::get<StridedSliceOptions>(op.options);
    if (options.shrink_axis_mask != 0) return false;
    for (size_t i = 1; i < 4; ++i) {
      if (ElementCount(At(op.inputs[i]).shape) != static_cast<int64_t>(order.size())) return false;
    }
    for (size_t i = 1; i < 4; ++i) {
      const Tensor& values = At(op.inputs[i]);
      const auto turned = TurnedBack(values.constant->Values<int32_t>(), order, 1);
      op.inputs[i] = Integers(std::string(values.name), turned);
    }
    const auto masked = [&](int32_t mask) {
      int32_t turned = 0;
      for (size_t i = 0; i < order.size(); ++i) {
        if (((mask >> i) & 1) != 0) turned |= 1 << order[i];
      }
      return turned;
    };
    options.begin_mask = masked(options.begin_mask);
    options.end_mask = masked(options.end_mask);
    op.inputs[0] = Before(op.inputs[0]);
    AddBefore(std::move(op), order, Permuted(At(op.outputs[0]).shape, Inverse(order)));
    return true;
  }

  Graph& graph_;
  std::vector<Op> done_;
  std::vector<int32_t> maker_;  // the operator of done_ that makes the tensor, or -1
  std::vector<std::optional<TensorId>> stands_for_;
};

// A transpose in front of a reshape to rows that fully connected layers read: their weights are
// turned instead.
class FlattenFolder {
 public:
  explicit FlattenFolder(Graph& graph) : graph_(graph), uses_(FindUses(graph)) {}

  void Run() {
    for (Op& op : graph_.ops) {
      if (op.kind == OpKind::kReshape) Fold(op);
    }
  }

 private:
  void Fold(Op& reshape) {
    const int32_t maker = uses_.producer[static_cast<size_t>(reshape.inputs[0])];
    if (maker < 0) return;
    const Op& transpose = graph_.ops[static_cast<size_t>(maker)];
    if (transpose.kind != OpKind::kTranspose) return;
    const Order order = TensorAt(graph_, transpose.inputs[1]).constant->Values<int32_t>();
    const Shape shape = TensorAt(graph_, transpose.inputs[0]).shape;
    const TensorId rows = reshape.outputs[0];
    const Shape& to = TensorAt(graph_, rows).shape;
    if (order.size() < 2 || order[0] != 0 || std::ranges::min(order) < 0 || shape[0] != 1 ||
        to.size() != 2 || to[0] != 1 || IsGraphOutput(graph_, rows)) {
      return;
    }
    const std::vector<int32_t>& users = uses_.users[static_cast<size_t>(rows)];
    if (users.empty()) return;
    for (const int32_t user : users) {
      const Op& dense = graph_.ops[static_cast<size_t>(user)];
      if (dense.kind != OpKind::kFullyConnected || dense.inputs[0] != rows ||
          dense.inputs[1] == rows || !IsFloatConstant(TensorAt(graph_, dense.inputs[1])) ||
          TensorAt(graph_, dense.inputs[1]).shape[1] != to[1]) {
        return;
      }
    }
    for (const int32_t user : users) Turn(graph_.ops[static_cast<size_t>(user)], shape, order);
    StandInFor(TensorAt(graph_, transpose.outputs[0]), TensorAt(graph_, transpose.inputs[0]));
    reshape.inputs[0] = transpose.inputs[0];
  }

  // Columns were the turned image's values; now they are the image's.
  void Turn(Op& dense, const Shape& shape, const Order& order) {
    const Tensor old = TensorAt(graph_, dense.inputs[1]);
    Shape dims = Permuted(shape, order);
    dims[0] = old.shape[0];
    const auto values = PermutedValues(old.constant->Values<float>(), dims, Inverse(order));
    dense.inputs[1] = graph_.AddConstant(old.name, Shape(old.shape), values);
    TensorAt(graph_, dense.inputs[1]).learned_range = old.learned_range;  // one, or for each row
  }

  Graph& graph_;
  const Uses uses_;
};

size_t CountTransposes(const Graph& graph) {
  return static_cast<size_t>(std::ranges::count(graph.ops, OpKind::kTranspose, &Op::kind));
}

}  // namespace

// On a copy, since what moves does not always meet its inverse.
Status MoveTransposes(Model& model) {
  if (CountTransposes(model.graph) == 0) return OkStatus();
  Model moved = model;
  for (size_t before = SIZE_MAX; moved.graph.ops.size() < before;) {
    before = moved.graph.ops.size();
    Mover(moved.graph).Run();
    FlattenFolder(moved.graph).Run();
    QB_RETURN_IF_ERROR(RemoveDeadCode(moved));
  }
  if (moved.graph.ops.size() < model.graph.ops.size()) model = std::move(moved);
  return OkStatus();
}

}  // namespace qbench::graph
