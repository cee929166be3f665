// Nodes that give a tensor another shape.
#include <algorithm>
#include <numeric>

#include "graph/import/onnx/onnx_fold.h"
#include "graph/import/onnx/onnx_nodes.h"

namespace qbench::graph::import::onnx {
namespace {

int64_t Product(const Dims& dims) {
  return std::accumulate(dims.begin(), dims.end(), int64_t{1}, std::multiplies<>());
}

}  // namespace

// 0 stands for the input's dimension, -1 for what is left.
Result<Dims> ReshapeDims(const NodeCall& call, const Dims& dims) {
  QB_ASSIGN_OR_RETURN(Dims shape, call.IntsOf(1));
  const bool zeros = call.Int("allowzero", 0) != 0;
  int64_t known = 1;
  int64_t* open = nullptr;
  const int64_t elements = Product(dims);
  if (shape.size() > 8) return call.Unsupported("it makes more than 8 dimensions");
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t& dim = shape[i];
    if (dim == 0 && !zeros && i < dims.size()) dim = dims[i];
    if (dim == -1 && open == nullptr) {
      open = &dim;
    } else if (dim < 1 || dim > elements || (known *= dim) > elements) {
      return call.Corrupt(fmt::format("{} elements do not take its shape", elements));
    }
  }
  if (open != nullptr) *open = elements / known;
  if (Product(shape) == elements) return shape;
  return call.Corrupt(fmt::format("{} elements do not take its shape", elements));
}

Result<Dims> SqueezeDims(const NodeCall& call, const Dims& dims) {
  QB_ASSIGN_OR_RETURN(const auto given, call.IntsFrom("axes", 1));
  std::vector<size_t> axes;
  if (given) {
    QB_ASSIGN_OR_RETURN(axes, call.AxesOf(*given, dims.size()));
  }
  Dims result;
  for (size_t i = 0; i < dims.size(); ++i) {
    const bool named = std::ranges::find(axes, i) != axes.end();
    if (named && dims[i] != 1) return call.Corrupt(fmt::format("dimension {} is not 1", i));
    // Without axes all of 1, the batch among them: it is not known to be one.
    if (!named && !given && i > 0 && dims[i] == 1) continue;
    if (!named) result.push_back(dims[i]);
  }
  return result;
}

Result<Dims> UnsqueezeDims(const NodeCall& call, const Dims& dims) {
  QB_ASSIGN_OR_RETURN(const auto given, call.IntsFrom("axes", 1));
  if (!given || given->size() > 8) return call.Corrupt("it has no axes");
  QB_ASSIGN_OR_RETURN(const auto axes, call.AxesOf(*given, dims.size() + given->size()));
  Dims result(dims.size() + axes.size(), 0);
  for (const size_t axis : axes) result[axis] = 1;
  size_t next = 0;
  for (size_t i = 0; i < result.size(); ++i) {
    if (std::ranges::find(axes, i) == axes.end()) result[i] = dims[next++];
  }
  return result;
}

Result<Dims> FlattenDims(const NodeCall& call, const Dims& dims) {
  const int64_t given = call.Int("axis", 1);
  size_t axis = dims.size();
  if (given != static_cast<int64_t>(dims.size())) {
    QB_ASSIGN_OR_RETURN(axis, call.AxisOf(given, dims.size()));
  }
  Dims result = {1, 1};
  for (size_t i = 0; i < dims.size(); ++i) result[i < axis ? 0 : 1] *= dims[i];
  return result;
}

Result<std::vector<size_t>> Permutation(const NodeCall& call, size_t rank) {
  const auto given = call.Ints("perm");
  std::vector<size_t> order = SameOrder(rank);
  std::ranges::reverse(order);
  if (!given) return order;
  QB_ASSIGN_OR_RETURN(order, call.AxesOf(*given, rank));
  if (order.size() == rank) return order;
  return call.Corrupt("its perm is no order of its input's dimensions");
}

Result<Dims> ExpandDims(const NodeCall& call, const Dims& dims, const Dims& shape) {
  Dims result(std::max(dims.size(), shape.size()), 1);
  for (size_t back = 1; back <= result.size(); ++back) {
    const int64_t a = back <= dims.size() ? dims[dims.size() - back] : 1;
    const int64_t b = back <= shape.size() ? shape[shape.size() - back] : 1;
    if (a != b && a != 1 && b != 1) return call.Corrupt("its shape does not fit its input");
    result[result.size() - back] = a == 1 ? b : a;
  }
  return result;
}

// Also Dropout, which is nothing at inference.
Result<Value> BuildIdentity(NodeCall& call) {
  if (call.Has(2) && call.op_type() == "Dropout") {
    QB_ASSIGN_OR_RETURN(const auto training, call.IntsOf(2));
    if (training != std::vector<int64_t>{0}) {
      return call.Unsupported("it is in training mode; export the model after model.eval()");
    }
  }
  return call.Input(0);
}

Result<Value> BuildCast(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(Value value, call.Input(0));
  if (!IsFloatType(static_cast<int32_t>(call.Int("to", 0)))) {
    return call.Unsupported("it makes whole numbers of what is computed");
  }
  value.integer = false;
  return value;
}

Result<Value> BuildFlatten(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const Dims dims, FlattenDims(call, input.dims));
  return Reshaped(call, input, dims);
}

Result<Value> BuildReshape(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const Dims dims, ReshapeDims(call, input.dims));
  QB_ASSIGN_OR_RETURN(const auto given, call.IntsOf(1));
  // What is not told is mostly the batch, or has it as a part.
  const auto open = std::ranges::find(given, -1);
  if (open == given.end()) return Reshaped(call, input, dims);
  return Reshaped(call, input, dims, static_cast<size_t>(open - given.begin()));
}

Result<Value> BuildSqueeze(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const Dims dims, SqueezeDims(call, input.dims));
  QB_ASSIGN_OR_RETURN(const auto given, call.IntsFrom("axes", 1));
  if (!given) return Reshaped(call, input, dims, size_t{0});
  QB_ASSIGN_OR_RETURN(const auto axes, call.AxesOf(*given, input.rank()));
  const size_t batch = input.BatchAxis();
  const auto before = std::ranges::count_if(axes, [batch](size_t axis) { return axis < batch; });
  return Reshaped(call, input, dims, batch - static_cast<size_t>(before));
}

Result<Value> BuildUnsqueeze(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const Dims dims, UnsqueezeDims(call, input.dims));
  QB_ASSIGN_OR_RETURN(const auto given, call.IntsFrom("axes", 1));
  QB_ASSIGN_OR_RETURN(const auto axes, call.AxesOf(*given, dims.size()));
  size_t batch = 0;
  for (size_t left = input.BatchAxis(); batch < dims.size(); ++batch) {
    if (std::ranges::find(axes, batch) != axes.end()) continue;
    if (left-- == 0) break;
  }
  return Reshaped(call, input, dims, batch);
}

Result<Value> BuildTranspose(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Input(0));
  if (input.is_constant()) return call.Corrupt("it has another input beside a constant");
  QB_ASSIGN_OR_RETURN(const auto order, Permutation(call, input.rank()));
  return Transposed(input, order);
}

// Times ones, which stretch it; not the batch.
Result<Value> BuildExpand(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0));
  QB_ASSIGN_OR_RETURN(const Dims shape, call.IntsOf(1));
  QB_ASSIGN_OR_RETURN(const Dims dims, ExpandDims(call, input.dims, shape));
  if (dims == input.dims) return input;
  if (dims.size() != input.rank()) return call.Unsupported("it makes more dimensions");
  Dims stretched(dims.size(), 1);
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] != input.dims[i]) stretched[i] = dims[i];
    if (dims[i] != input.dims[i] && input.IsBatch(i)) {
      return call.Unsupported("it repeats the batch");
    }
  }
  const auto count = CountOf(stretched);
  if (!count.ok()) return call.Corrupt(count.status().message());
  QB_RETURN_IF_ERROR(Spend(call, *count, call.import().budget));
  std::vector<float> ones(static_cast<size_t>(*count), 1.0F);
  return Binary(call, OpKind::kMul, input, ConstantValue(MakeFloats(stretched, std::move(ones))));
}

// DCR: the channels of a pixel are a block of pixels, each with its channels. CRD: the other way
// round, as torch.nn.PixelShuffle has it.
Result<Value> BuildDepthToSpace(NodeCall& call) {
  QB_ASSIGN_OR_RETURN(const Value input, call.Computed(0, 4));
  const int64_t block = call.Int("blocksize", 0);
  const std::string mode = call.Text("mode", "DCR");
  if (block < 1 || block > 64 || input.dims[1] % (block * block) != 0) {
    return call.Corrupt("its channels are no blocks");
  }
  Value blocks = input;
  if (mode == "CRD") {
    const int64_t channels = input.dims[1] / (block * block);
    QB_ASSIGN_OR_RETURN(
        const Value apart,
        Reshaped(call, input, {1, channels, block * block, input.dims[2], input.dims[3]}));
    QB_ASSIGN_OR_RETURN(blocks, Reshaped(call, Transposed(apart, {0, 2, 1, 3, 4}), input.dims));
  } else if (mode != "DCR") {
    return call.Corrupt("its mode is unknown");
  }
  QB_ASSIGN_OR_RETURN(const Value image, Image(call, blocks));
  QB_ASSIGN_OR_RETURN(
      const TensorId output,
      call.Emit(OpKind::kDepthToSpace, DepthToSpaceOptions{.block = static_cast<int32_t>(block)},
                {image.tensor}));
  return InMemory(call, output, image.order);
}

}  // namespace qbench::graph::import::onnx
