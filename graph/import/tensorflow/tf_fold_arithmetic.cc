#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "graph/constant_values.h"
#include "graph/import/tensorflow/tf_fold.h"

namespace qbench::graph::import {
namespace {

constexpr int64_t kMostFolded = int64_t{1} << 26;  // elements; stretching multiplies

// Rounded as TensorFlow's kernels round: in float.
enum class Binary : uint8_t {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMaximum,
  kMinimum,
  kSquaredDifference,
  kFloorDiv,
  kFloorMod,
  kPow,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kAnd,
  kOr,
};

bool IsComparison(Binary op) { return op >= Binary::kEqual; }

template <typename T>
bool Compare(Binary op, T a, T b) {
  switch (op) {
    case Binary::kEqual:
      return a == b;
    case Binary::kNotEqual:
      return a != b;
    case Binary::kLess:
      return a < b;
    case Binary::kLessEqual:
      return a <= b;
    case Binary::kGreater:
      return a > b;
    case Binary::kGreaterEqual:
      return a >= b;
    case Binary::kAnd:
      return a != 0 && b != 0;
    default:
      return a != 0 || b != 0;
  }
}

float Compute(Binary op, float a, float b) {
  switch (op) {
    case Binary::kAdd:
      return a + b;
    case Binary::kSub:
      return a - b;
    case Binary::kMul:
      return a * b;
    case Binary::kDiv:
      return a / b;
    case Binary::kMaximum:
      return std::max(a, b);
    case Binary::kMinimum:
      return std::min(a, b);
    case Binary::kSquaredDifference:
      return (a - b) * (a - b);
    case Binary::kFloorDiv:
      return std::floor(a / b);
    case Binary::kFloorMod:
      return a - b * std::floor(a / b);
    default:
      return std::pow(a, b);
  }
}

// nullopt: beyond 64 bits, a division by 0, or not known of whole numbers.
std::optional<int64_t> ComputeInt(Binary op, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (op) {
    case Binary::kAdd:
      return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case Binary::kSub:
      return __builtin_sub_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case Binary::kMul:
      return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
    case Binary::kMaximum:
      return std::max(a, b);
    case Binary::kMinimum:
      return std::min(a, b);
    case Binary::kFloorDiv:
    case Binary::kFloorMod: {
      if (b == 0 || (b == -1 && a == std::numeric_limits<int64_t>::min())) return std::nullopt;
      const int64_t quotient = a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
      return op == Binary::kFloorDiv ? quotient : a - quotient * b;
    }
    default:
      return std::nullopt;
  }
}

Result<TfArray> FoldInts(const TfNode& node, Binary op, const TfArray& a, const TfArray& b,
                         Dims out) {
  TfArray result = IntArray(out, {});
  std::vector<size_t> at_b;
  Walk(out, StretchStrides(b.dims, out), 0, [&](size_t place) { at_b.push_back(place); });
  Status status;
  Walk(out, StretchStrides(a.dims, out), 0, [&](size_t place) {
    const size_t i = result.ints.size();
    const int64_t x = a.ints[place];
    const int64_t y = b.ints[at_b[i]];
    const bool open_x = a.is_open(place);
    const bool open_y = b.is_open(at_b[i]);
    std::optional<int64_t> value;
    if (IsComparison(op)) {
      value = Compare(op, x, y) ? 1 : 0;
    } else {
      value = ComputeInt(op, x, y);
    }
    // A multiple of the batch is one; whatever else is made of it would be another for each batch.
    const bool multiple = op == Binary::kMul && !(open_x && open_y);
    if ((open_x || open_y) && !multiple) {
      status = node.Unsupported("it computes with the size of the batch");
    } else if (!value) {
      status = node.Unsupported(fmt::format("it computes with {} and {}", x, y));
    }
    result.ints.push_back(value.value_or(0));
    result.open.push_back(open_x || open_y);
  });
  QB_RETURN_IF_ERROR(status);
  if (!result.any_open()) result.open.clear();
  return result;
}

template <Binary kOp>
Result<TfArray> FoldBinary(const TfNode& node, std::span<const TfArrayPtr> inputs) {
  if (inputs.size() != 2) return node.Corrupt("it does not have two inputs");
  const TfArray& a = *inputs[0];
  const TfArray& b = *inputs[1];
  if (a.kind != b.kind || a.kind == TfArray::Kind::kTexts) {
    return node.Unsupported("its inputs are not of one type of numbers");
  }
  QB_ASSIGN_OR_RETURN(Dims out, StretchedDims(node, a.dims, b.dims));
  if (a.kind == TfArray::Kind::kInts) {
    if (kOp != Binary::kDiv) return FoldInts(node, kOp, a, b, std::move(out));
    return node.Unsupported("a quotient of whole numbers");
  }
  const ConstantValues<float> x(a.floats);
  const ConstantValues<float> y(b.floats);
  std::vector<float> values;
  Walk(out, StretchStrides(a.dims, out), 0,
       [&](size_t place) { values.push_back(x.span()[place]); });
  size_t i = 0;
  if (IsComparison(kOp)) {
    std::vector<int64_t> truths(values.size());
    Walk(out, StretchStrides(b.dims, out), 0, [&](size_t place) {
      truths[i] = Compare(kOp, values[i], y.span()[place]) ? 1 : 0;
      ++i;
    });
    return IntArray(std::move(out), std::move(truths));
  }
  Walk(out, StretchStrides(b.dims, out), 0, [&](size_t place) {
    values[i] = Compute(kOp, values[i], y.span()[place]);
    ++i;
  });
  return FloatArray(std::move(out), std::move(values));
}

using Function = float (*)(float);

template <Function kFunction>
Result<TfArray> FoldUnary(const TfNode& node, std::span<const TfArrayPtr> inputs) {
  if (inputs.size() != 1) return node.Corrupt("it does not have one input");
  if (inputs[0]->kind != TfArray::Kind::kFloats) return node.Unsupported("of whole numbers");
  std::vector<float> values = inputs[0]->floats.Values<float>();
  for (float& value : values) value = kFunction(value);
  return FloatArray(inputs[0]->dims, std::move(values));
}

float Rsqrt(float x) { return 1.0F / std::sqrt(x); }
float Sqrt(float x) { return std::sqrt(x); }
float Square(float x) { return x * x; }
float Negated(float x) { return -x; }
float Reciprocal(float x) { return 1.0F / x; }
float Exp(float x) { return std::exp(x); }
float Log(float x) { return std::log(x); }
float Abs(float x) { return std::abs(x); }
float Relu(float x) { return std::max(x, 0.0F); }
float Sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }
float Tanh(float x) { return std::tanh(x); }
float Round(float x) { return std::nearbyint(x); }
float Floor(float x) { return std::floor(x); }

Result<TfArray> FoldNot(const TfNode& node, std::span<const TfArrayPtr> inputs) {
  if (inputs.size() != 1 || inputs[0]->kind != TfArray::Kind::kInts || inputs[0]->any_open()) {
    return node.Unsupported("it is not of one truth value");
  }
  TfArray result = *inputs[0];
  for (int64_t& value : result.ints) value = value == 0 ? 1 : 0;
  return result;
}

// Between floats and whole numbers.
Result<TfArray> FoldCast(const TfNode& node, std::span<const TfArrayPtr> inputs) {
  if (inputs.size() != 1 || inputs[0]->kind == TfArray::Kind::kTexts) {
    return node.Corrupt("it does not have one input of numbers");
  }
  const TfArray& input = *inputs[0];
  const int32_t type = node.Type("DstT");
  const bool floats = input.kind == TfArray::Kind::kFloats;
  if (IsTfFloat(type)) {
    if (floats) return input;
    if (input.any_open()) return node.Unsupported("it computes with the size of the batch");
    return FloatArray(input.dims, std::vector<float>(input.ints.begin(), input.ints.end()));
  }
  if (!IsTfInteger(type)) return node.Unsupported("to " + TfTypeName(type));
  const bool truth = static_cast<TfType>(type) == TfType::kBool;
  if (!floats) {
    TfArray result = input;
    if (truth && input.any_open()) return node.Unsupported("a truth value of the batch");
    for (int64_t& value : result.ints) value = truth ? static_cast<int64_t>(value != 0) : value;
    return result;
  }
  std::vector<int64_t> ints;
  for (const float value : input.floats.Values<float>()) {
    if (!(std::abs(value) < 1e9F)) return node.Unsupported("of a number that is no index");
    ints.push_back(truth ? static_cast<int64_t>(value != 0.0F) : static_cast<int64_t>(value));
  }
  return IntArray(input.dims, std::move(ints));
}

constexpr TfFoldEntry kFolds[] = {
    {"Add", FoldBinary<Binary::kAdd>},
    {"AddV2", FoldBinary<Binary::kAdd>},
    {"BiasAdd", FoldBinary<Binary::kAdd>},
    {"Sub", FoldBinary<Binary::kSub>},
    {"Mul", FoldBinary<Binary::kMul>},
    {"RealDiv", FoldBinary<Binary::kDiv>},
    {"Maximum", FoldBinary<Binary::kMaximum>},
    {"Minimum", FoldBinary<Binary::kMinimum>},
    {"SquaredDifference", FoldBinary<Binary::kSquaredDifference>},
    {"FloorDiv", FoldBinary<Binary::kFloorDiv>},
    {"FloorMod", FoldBinary<Binary::kFloorMod>},
    {"Pow", FoldBinary<Binary::kPow>},
    {"Equal", FoldBinary<Binary::kEqual>},
    {"NotEqual", FoldBinary<Binary::kNotEqual>},
    {"Less", FoldBinary<Binary::kLess>},
    {"LessEqual", FoldBinary<Binary::kLessEqual>},
    {"Greater", FoldBinary<Binary::kGreater>},
    {"GreaterEqual", FoldBinary<Binary::kGreaterEqual>},
    {"LogicalAnd", FoldBinary<Binary::kAnd>},
    {"LogicalOr", FoldBinary<Binary::kOr>},
    {"LogicalNot", FoldNot},
    {"Rsqrt", FoldUnary<Rsqrt>},
    {"Sqrt", FoldUnary<Sqrt>},
    {"Square", FoldUnary<Square>},
    {"Neg", FoldUnary<Negated>},
    {"Reciprocal", FoldUnary<Reciprocal>},
    {"Inv", FoldUnary<Reciprocal>},
    {"Exp", FoldUnary<Exp>},
    {"Log", FoldUnary<Log>},
    {"Abs", FoldUnary<Abs>},
    {"Relu", FoldUnary<Relu>},
    {"Sigmoid", FoldUnary<Sigmoid>},
    {"Tanh", FoldUnary<Tanh>},
    {"Round", FoldUnary<Round>},
    {"Floor", FoldUnary<Floor>},
    {"Cast", FoldCast},
};

}  // namespace

std::span<const TfFoldEntry> ArithmeticFolds() { return kFolds; }

TfFold FindFold(std::string_view op) {
  for (const auto folds : {ArithmeticFolds(), ShapeFolds()}) {
    const auto found = std::ranges::find(folds, op, &TfFoldEntry::op);
    if (found != folds.end()) return found->fold;
  }
  return nullptr;
}

std::vector<size_t> StretchStrides(const Dims& dims, const Dims& out) {
  std::vector<size_t> strides(out.size(), 0);
  size_t stride = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    const int64_t dim = dims[dims.size() - 1 - i];
    if (dim > 1) strides[out.size() - 1 - i] = stride;
    stride *= static_cast<size_t>(dim);
  }
  return strides;
}

Result<Dims> StretchedDims(const TfNode& node, const Dims& a, const Dims& b) {
  Dims out(std::max(a.size(), b.size()), 1);
  int64_t count = 1;
  for (size_t i = 0; i < out.size(); ++i) {
    const int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) return node.Corrupt("its inputs do not broadcast");
    const int64_t dim = x == 1 ? y : x;
    if (dim > 0 && count > kMostFolded / dim) return node.Unsupported("its result is too large");
    count *= std::max<int64_t>(dim, 1);
    out[out.size() - 1 - i] = dim;
  }
  return out;
}

void Walk(const Dims& out, const std::vector<size_t>& strides, size_t start,
          const std::function<void(size_t place)>& visit) {
  size_t count = 1;
  for (const int64_t dim : out) count *= static_cast<size_t>(dim);
  std::vector<int64_t> index(out.size(), 0);
  size_t place = start;
  for (size_t n = 0; n < count; ++n) {
    visit(place);
    for (size_t i = out.size(); i-- > 0;) {
      place += strides[i];
      if (++index[i] < out[i]) break;
      place -= strides[i] * static_cast<size_t>(out[i]);
      index[i] = 0;
    }
  }
}

TfArray Picked(const TfArray& array, Dims dims, const std::vector<size_t>& places) {
  TfArray result;
  result.kind = array.kind;
  result.dims = std::move(dims);
  if (array.kind == TfArray::Kind::kFloats) {
    const ConstantValues<float> values(array.floats);
    std::vector<float> picked;
    picked.reserve(places.size());
    for (const size_t place : places) picked.push_back(values.span()[place]);
    result.floats = TakeConstant(std::move(picked));
    return result;
  }
  for (const size_t place : places) {
    if (array.kind == TfArray::Kind::kTexts) {
      result.texts.push_back(array.texts[place]);
      continue;
    }
    result.ints.push_back(array.ints[place]);
    result.open.push_back(array.is_open(place));
  }
  if (!result.any_open()) result.open.clear();
  return result;
}

}  // namespace qbench::graph::import
