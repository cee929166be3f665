// Einsum of a tensor and a matrix, or of two tensors: a product of matrices between the reshapes
// and transposes that bring its letters into order.
#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/one_line.h"
#include "graph/import/tensorflow/tf_builders.h"
#include "graph/import/tensorflow/tf_fold.h"

namespace qbench::graph::import {
namespace {

// "abc,cd->abd": a letter a dimension.
struct Equation {
  std::string a, b, output;
};

// The same, by what becomes of the letters; each in the order of the output, then of `a`.
struct Letters {
  std::string batch;       // in all three
  std::string left;        // of a alone
  std::string right;       // of b alone
  std::string contracted;  // summed over
};

Result<Equation> ReadEquation(const TfNode& node) {
  std::string text = node.Text("equation", "");
  std::erase(text, ' ');
  const auto fail = [&](std::string_view what) {
    return node.Unsupported(fmt::format("its equation \"{}\" {}", SafeName(text), what));
  };
  const size_t comma = text.find(',');
  const size_t arrow = text.find("->");
  if (node.inputs() != 2 || comma == std::string::npos || arrow == std::string::npos ||
      comma > arrow) {
    return fail("is not of two tensors");
  }
  Equation equation{.a = text.substr(0, comma),
                    .b = text.substr(comma + 1, arrow - comma - 1),
                    .output = text.substr(arrow + 2)};
  for (const std::string* part : {&equation.a, &equation.b, &equation.output}) {
    const bool letters = std::ranges::all_of(
        *part, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
    const std::set<char> distinct(part->begin(), part->end());
    if (!letters || distinct.size() != part->size() || part->empty() || part->size() > 8) {
      return fail("is not of distinct letters");
    }
  }
  return equation;
}

Result<Letters> Sorted(const TfNode& node, const Equation& equation) {
  Letters letters;
  const auto in = [](const std::string& part, char c) { return part.find(c) != part.npos; };
  for (const char c : equation.output) {
    const bool a = in(equation.a, c);
    const bool b = in(equation.b, c);
    if (!a && !b) return node.Corrupt("its equation makes a dimension of nothing");
    (a && b ? letters.batch : a ? letters.left : letters.right) += c;
  }
  for (const char c : equation.a) {
    if (in(equation.b, c) && !in(equation.output, c)) letters.contracted += c;
  }
  const size_t of_a = letters.batch.size() + letters.left.size() + letters.contracted.size();
  const size_t of_b = letters.batch.size() + letters.right.size() + letters.contracted.size();
  if (of_a == equation.a.size() && of_b == equation.b.size() && !letters.contracted.empty()) {
    return letters;
  }
  return node.Unsupported(fmt::format("its equation \"{},{}->{}\" is no product of matrices",
                                      equation.a, equation.b, equation.output));
}

// Where the letters of `to` stand in `from`.
std::vector<int32_t> Order(const std::string& from, const std::string& to) {
  std::vector<int32_t> order;
  for (const char c : to) order.push_back(static_cast<int32_t>(from.find(c)));
  return order;
}

// The tensor with its dimensions in the order of `to`.
Result<TensorId> Arranged(TfNode& node, TensorId tensor, const std::string& from,
                          const std::string& to) {
  const std::vector<int32_t> order = Order(from, to);
  if (std::ranges::is_sorted(order)) return tensor;
  if (order[0] != 0 && node.import().open_batch) return node.Unsupported("it moves the batch");
  return node.Transposed(tensor, order);
}

Result<TensorId> Reshaped(TfNode& node, TensorId tensor, std::vector<int32_t> shape) {
  if (shape == node.ShapeOf(tensor)) return tensor;
  if (node.import().open_batch) shape[0] = -1;
  return node.Reshaped(tensor, std::move(shape));
}

// The sizes of letters; `count` is their product.
struct Sizes {
  std::vector<int32_t> dims;
  int32_t count = 1;
};

Sizes SizesOf(const std::string& letters, const std::string& from, const Shape& shape) {
  Sizes sizes;
  for (const char c : letters) {
    sizes.dims.push_back(shape[from.find(c)]);
    sizes.count *= sizes.dims.back();  // of a part of a tensor, which GraphBuilder bounds
  }
  return sizes;
}

Status CheckSizes(const TfNode& node, const Equation& equation, const Shape& a, const Shape& b) {
  if (a.size() != equation.a.size() || b.size() != equation.b.size()) {
    return node.Corrupt("its equation is of other dimensions than its inputs");
  }
  for (size_t i = 0; i < a.size(); ++i) {
    const size_t other = equation.b.find(equation.a[i]);
    if (other != std::string::npos && b[other] != a[i]) {
      return node.Corrupt(fmt::format("\"{}\" is {} and {}", equation.a[i], a[i], b[other]));
    }
  }
  return OkStatus();
}

std::vector<int32_t> Together(std::vector<int32_t> first, const std::vector<int32_t>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// The array as [right, contracted], a matrix of weights.
Result<TfArray> AsWeights(const TfNode& node, const TfArray& array, const std::string& from,
                          const std::string& to, int64_t rows, int64_t columns) {
  if (array.kind != TfArray::Kind::kFloats) return node.Unsupported("it multiplies whole numbers");
  if (array.range) return node.Unsupported("it moves the channels that learned ranges belong to");
  const std::vector<size_t> strides = StretchStrides(array.dims, array.dims);
  Dims dims;
  std::vector<size_t> walked;
  for (const int32_t place : Order(from, to)) {
    dims.push_back(array.dims[static_cast<size_t>(place)]);
    walked.push_back(strides[static_cast<size_t>(place)]);
  }
  std::vector<size_t> places;
  Walk(dims, walked, 0, [&](size_t place) { places.push_back(place); });
  return Picked(array, {rows, columns}, places);
}

// The input's last dimension by the array's contracted letters.
Result<TensorId> DenseOf(TfNode& node, TensorId input, const TfArray& array,
                         const std::string& from, const Letters& letters, int32_t rows,
                         int32_t columns) {
  if (from.size() == 2) {
    return Dense(node, input, array, from == letters.right + letters.contracted);
  }
  QB_ASSIGN_OR_RETURN(
      const TfArray weights,
      AsWeights(node, array, from, letters.right + letters.contracted, rows, columns));
  return Dense(node, input, weights, true);
}

// A tensor and an array.
Result<TensorId> ByMatrix(TfNode& node, const Equation& equation, TensorId a,
                          const TfArray& array) {
  QB_ASSIGN_OR_RETURN(const Letters letters, Sorted(node, equation));
  const Result<Shape> matrix = ShapeOfDims(array.dims);
  if (!matrix.ok()) return node.Corrupt(matrix.status().message());
  const Shape shape = node.ShapeOf(a);
  QB_RETURN_IF_ERROR(CheckSizes(node, equation, shape, *matrix));
  if (!letters.batch.empty() || letters.left.empty()) {
    return node.Unsupported("it has a matrix of its own for each part of its input");
  }
  const Sizes left = SizesOf(letters.left, equation.a, shape);
  const Sizes contracted = SizesOf(letters.contracted, equation.a, shape);
  const Sizes right = SizesOf(letters.right, equation.b, *matrix);
  QB_ASSIGN_OR_RETURN(TensorId result,
                      Arranged(node, a, equation.a, letters.left + letters.contracted));
  QB_ASSIGN_OR_RETURN(result, Reshaped(node, result, Together(left.dims, {contracted.count})));
  QB_ASSIGN_OR_RETURN(
      result, DenseOf(node, result, array, equation.b, letters, right.count, contracted.count));
  QB_ASSIGN_OR_RETURN(result, Reshaped(node, result, Together(left.dims, right.dims)));
  return Arranged(node, result, letters.left + letters.right, equation.output);
}

// Two tensors.
Result<TensorId> OfTensors(TfNode& node, Equation equation, TensorId a, TensorId b) {
  QB_RETURN_IF_ERROR(CheckSizes(node, equation, node.ShapeOf(a), node.ShapeOf(b)));
  QB_ASSIGN_OR_RETURN(Letters letters, Sorted(node, equation));
  // The product has the left operand's letters first; so it needs no transpose where they are.
  if (!letters.left.empty() && !letters.right.empty() &&
      equation.output.find(letters.right[0]) < equation.output.find(letters.left[0])) {
    std::swap(equation.a, equation.b);
    std::swap(a, b);
    std::swap(letters.left, letters.right);
  }
  if (letters.batch.empty() || letters.batch[0] != equation.a[0] ||
      letters.batch[0] != equation.b[0]) {
    return node.Unsupported("it multiplies the samples of two tensors with each other");
  }
  const Sizes batch = SizesOf(letters.batch, equation.a, node.ShapeOf(a));
  const Sizes left = SizesOf(letters.left, equation.a, node.ShapeOf(a));
  const Sizes right = SizesOf(letters.right, equation.b, node.ShapeOf(b));
  const Sizes contracted = SizesOf(letters.contracted, equation.a, node.ShapeOf(a));
  QB_ASSIGN_OR_RETURN(
      a, Arranged(node, a, equation.a, letters.batch + letters.left + letters.contracted));
  QB_ASSIGN_OR_RETURN(a, Reshaped(node, a, Together(batch.dims, {left.count, contracted.count})));
  // As it stands where that is [right, contracted] or [contracted, right]; the first otherwise.
  const bool straight = equation.b == letters.batch + letters.contracted + letters.right;
  std::vector<int32_t> shape = {right.count, contracted.count};
  if (straight) {
    std::swap(shape[0], shape[1]);
  } else {
    QB_ASSIGN_OR_RETURN(
        b, Arranged(node, b, equation.b, letters.batch + letters.right + letters.contracted));
  }
  QB_ASSIGN_OR_RETURN(b, Reshaped(node, b, Together(batch.dims, shape)));
  QB_ASSIGN_OR_RETURN(TensorId result, MatrixProduct(node, a, b, false, !straight));
  QB_ASSIGN_OR_RETURN(
      result, Reshaped(node, result, Together(Together(batch.dims, left.dims), right.dims)));
  return Arranged(node, result, letters.batch + letters.left + letters.right, equation.output);
}

Status BuildEinsum(TfNode& node) {
  QB_ASSIGN_OR_RETURN(Equation equation, ReadEquation(node));
  const size_t known = node.IsArray(0) ? 0 : 1;
  TensorId output = kNoTensor;
  if (node.IsArray(known)) {
    if (known == 0) std::swap(equation.a, equation.b);
    QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(1 - known));
    QB_ASSIGN_OR_RETURN(const TfArrayPtr array, node.Array(known));
    QB_ASSIGN_OR_RETURN(output, ByMatrix(node, equation, input, *array));
  } else {
    QB_ASSIGN_OR_RETURN(const TensorId a, node.Tensor(0));
    QB_ASSIGN_OR_RETURN(const TensorId b, node.Tensor(1));
    QB_ASSIGN_OR_RETURN(output, OfTensors(node, std::move(equation), a, b));
  }
  return node.Give(output);
}

constexpr TfBuilderEntry kBuilders[] = {{"Einsum", BuildEinsum}};

}  // namespace

std::span<const TfBuilderEntry> EinsumBuilders() { return kBuilders; }

}  // namespace qbench::graph::import
