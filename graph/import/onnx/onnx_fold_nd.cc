// What is computed at import of constants of several dimensions: the masks of shifted windows and
// the biases of relative positions.
#include <algorithm>
#include <utility>

#include "graph/import/onnx/onnx_fold.h"

namespace qbench::graph::import::onnx {
namespace {

// Indices of GatherND and ScatterND: each row of `indices` is a place in the first dimensions of
// `dims`, of which a block of `block` elements is meant.
struct Blocks {
  std::vector<int64_t> begins;
  int64_t block = 1;
  Dims rest;  // of a block
};

Result<Blocks> ReadBlocks(const NodeCall& call, const Dims& dims, const HostTensor& indices) {
  if (indices.is_float() || indices.dims.empty()) return call.Corrupt("its indices are no rows");
  const int64_t depth = indices.dims.back();
  if (depth < 1 || depth > static_cast<int64_t>(dims.size())) {
    return call.Corrupt(fmt::format("indices of {} numbers for {} dimensions", depth, dims.size()));
  }
  Blocks blocks;
  const std::vector<int64_t> strides = StridesOf(dims);
  blocks.rest.assign(dims.begin() + depth, dims.end());
  blocks.block = strides[static_cast<size_t>(depth) - 1];
  for (size_t row = 0; row < indices.ints.size(); row += static_cast<size_t>(depth)) {
    int64_t begin = 0;
    for (size_t i = 0; i < static_cast<size_t>(depth); ++i) {
      QB_ASSIGN_OR_RETURN(const size_t at,
                          call.AxisOf(indices.ints[row + i], static_cast<size_t>(dims[i])));
      begin += static_cast<int64_t>(at) * strides[i];
    }
    blocks.begins.push_back(begin);
  }
  return blocks;
}

template <typename T>
std::vector<T> Gathered(std::span<const T> values, const Blocks& blocks) {
  std::vector<T> result;
  for (const int64_t begin : blocks.begins) {
    result.insert(result.end(), values.begin() + begin, values.begin() + begin + blocks.block);
  }
  return result;
}

template <typename T>
void Scatter(std::vector<T>& values, std::span<const T> updates, const Blocks& blocks) {
  auto from = updates.begin();
  for (const int64_t begin : blocks.begins) {
    std::copy_n(from, blocks.block, values.begin() + begin);
    from += blocks.block;
  }
}

// The dims before the last two, which both have alike.
Result<int64_t> Matrices(const NodeCall& call, const HostTensor& a, const HostTensor& b) {
  const size_t rank = a.dims.size();
  if (!a.is_float() || !b.is_float() || rank < 2 || b.dims.size() < 2) {
    return call.Unsupported("it multiplies constants that are no matrices of floats");
  }
  const bool one = b.dims.size() == 2;
  if (!one &&
      (rank != b.dims.size() || !std::equal(a.dims.begin(), a.dims.end() - 2, b.dims.begin()))) {
    return call.Unsupported("it multiplies constants of different dimensions");
  }
  if (a.dims[rank - 1] != b.dims[b.dims.size() - 2]) return call.Corrupt("its inputs do not fit");
  int64_t count = 1;
  for (size_t i = 0; i + 2 < rank; ++i) count *= a.dims[i];
  return count;
}

}  // namespace

Result<HostTensorRef> FoldGatherNd(NodeCall& call, int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef data, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(const HostTensorRef indices, call.ConstantInput(1));
  if (call.Int("batch_dims", 0) != 0) return call.Unsupported("batch_dims are not known");
  QB_ASSIGN_OR_RETURN(const Blocks blocks, ReadBlocks(call, data->dims, *indices));
  Dims dims(indices->dims.begin(), indices->dims.end() - 1);
  dims.insert(dims.end(), blocks.rest.begin(), blocks.rest.end());
  const auto count = CountOf(dims);
  if (!count.ok()) return call.Corrupt(count.status().message());
  QB_RETURN_IF_ERROR(Spend(call, *count + 1, budget));
  if (!data->is_float()) {
    return MakeInts(std::move(dims), Gathered<int64_t>(data->ints, blocks), data->type);
  }
  const ConstantValues<float> values(data->floats);
  return MakeFloats(std::move(dims), Gathered<float>(values.span(), blocks));
}

Result<HostTensorRef> FoldScatterNd(NodeCall& call, int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef data, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(const HostTensorRef indices, call.ConstantInput(1));
  QB_ASSIGN_OR_RETURN(const HostTensorRef updates, call.ConstantInput(2));
  if (call.Text("reduction", "none") != "none") return call.Unsupported("it adds or multiplies");
  QB_ASSIGN_OR_RETURN(const Blocks blocks, ReadBlocks(call, data->dims, *indices));
  Dims dims(indices->dims.begin(), indices->dims.end() - 1);
  dims.insert(dims.end(), blocks.rest.begin(), blocks.rest.end());
  if (updates->dims != dims || updates->is_float() != data->is_float()) {
    return call.Corrupt("its updates do not fit its indices");
  }
  QB_ASSIGN_OR_RETURN(const int64_t count, CountOf(data->dims));
  QB_RETURN_IF_ERROR(Spend(call, count + 1, budget));
  if (!data->is_float()) {
    std::vector<int64_t> values = data->ints;
    Scatter<int64_t>(values, updates->ints, blocks);
    return MakeInts(data->dims, std::move(values), data->type);
  }
  std::vector<float> values = data->floats.Values<float>();
  Scatter<float>(values, ConstantValues<float>(updates->floats).span(), blocks);
  return MakeFloats(data->dims, std::move(values));
}

// Between its inputs 1 and 2, either of which may be left out.
Result<HostTensorRef> FoldClip(NodeCall& call, int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef input, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(std::vector<float> values, call.FloatsOf(0));
  if (call.opset() < 11) return call.Unsupported("it is known on constants since operator set 11");
  QB_RETURN_IF_ERROR(Spend(call, static_cast<int64_t>(values.size()) + 1, budget));
  for (size_t i = 1; i < 3; ++i) {
    if (!call.Has(i)) continue;
    QB_ASSIGN_OR_RETURN(const float bound, call.ScalarOf(i));
    for (float& value : values) value = i == 1 ? std::max(value, bound) : std::min(value, bound);
  }
  return MakeFloats(input->dims, std::move(values));
}

Result<HostTensorRef> FoldMatMul(NodeCall& call, int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const HostTensorRef a, call.ConstantInput(0));
  QB_ASSIGN_OR_RETURN(const HostTensorRef b, call.ConstantInput(1));
  QB_ASSIGN_OR_RETURN(const int64_t matrices, Matrices(call, *a, *b));
  const int64_t rows = a->dims[a->dims.size() - 2];
  const int64_t depth = a->dims.back();
  const int64_t columns = b->dims.back();
  Dims dims = a->dims;
  dims.back() = columns;
  const auto count = CountOf(dims);
  if (!count.ok()) return call.Corrupt(count.status().message());
  // Each product is paid for, that a small file does not take hours.
  if (*count > 0 && depth > kMaxElements / *count) return call.Unsupported("it is too large");
  QB_RETURN_IF_ERROR(Spend(call, *count * std::max<int64_t>(depth / 16, 1) + 1, budget));
  const ConstantValues<float> x(a->floats);
  const ConstantValues<float> y(b->floats);
  const int64_t second = b->dims.size() == 2 ? 0 : depth * columns;
  std::vector<float> values;
  for (int64_t row = 0; row < matrices * rows; ++row) {
    const float* left = x.span().data() + row * depth;
    const float* right = y.span().data() + row / rows * second;
    for (int64_t column = 0; column < columns; ++column) {
      double sum = 0.0;
      for (int64_t k = 0; k < depth; ++k)
        sum += double{left[k]} * double{right[k * columns + column]};
      values.push_back(static_cast<float>(sum));
    }
  }
  return MakeFloats(std::move(dims), std::move(values));
}

Result<HostTensorRef> FoldWhere(NodeCall& call, int64_t& budget) {
  HostTensorRef inputs[3];
  Dims dims;
  for (size_t i = 0; i < 3; ++i) {
    QB_ASSIGN_OR_RETURN(inputs[i], call.ConstantInput(i));
    QB_ASSIGN_OR_RETURN(dims, ExpandDims(call, dims, inputs[i]->dims));
  }
  if (inputs[0]->is_float() || inputs[1]->is_float() != inputs[2]->is_float()) {
    return call.Corrupt("its inputs are of different types");
  }
  for (HostTensorRef& input : inputs) {
    QB_ASSIGN_OR_RETURN(input, Stretched(call, *input, dims, budget));
  }
  const std::vector<int64_t>& choice = inputs[0]->ints;
  if (!inputs[1]->is_float()) {
    std::vector<int64_t> values = inputs[2]->ints;
    for (size_t i = 0; i < values.size(); ++i) {
      if (choice[i] != 0) values[i] = inputs[1]->ints[i];
    }
    return MakeInts(std::move(dims), std::move(values), inputs[1]->type);
  }
  std::vector<float> values = inputs[2]->floats.Values<float>();
  const ConstantValues<float> chosen(inputs[1]->floats);
  for (size_t i = 0; i < values.size(); ++i) {
    if (choice[i] != 0) values[i] = chosen.span()[i];
  }
  return MakeFloats(std::move(dims), std::move(values));
}

}  // namespace qbench::graph::import::onnx
