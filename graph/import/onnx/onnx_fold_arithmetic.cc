// Element by element, on constants.
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/import/onnx/onnx_fold.h"

namespace qbench::graph::import::onnx {
namespace {

// Whole numbers wrap around, as ONNX Runtime's do; division by 0 is refused before.
int64_t Wrap(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t U(int64_t value) { return static_cast<uint64_t>(value); }

struct Operation {
  std::string_view op_type;
  float (*floats)(float, float);
  int64_t (*ints)(int64_t, int64_t);
  bool logical = false;  // its output is of booleans
  bool unary = false;
  bool divides = false;
};

int64_t Divide(int64_t a, int64_t b) { return b == -1 ? Wrap(0 - U(a)) : a / b; }
// With the sign of the divisor, as ONNX's Mod of whole numbers.
int64_t Modulo(int64_t a, int64_t b) {
  if (b == -1) return 0;
  const int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
int64_t Power(int64_t a, int64_t b) {
  int64_t result = 1;
  for (int64_t i = 0; i < std::clamp<int64_t>(b, 0, 64); ++i) result = Wrap(U(result) * U(a));
  return result;
}

constexpr Operation kOperations[] = {
    {"Abs", [](float a, float) { return std::abs(a); },
     [](int64_t a, int64_t) { return a < 0 ? Wrap(0 - U(a)) : a; }, false, true},
    {"Add", [](float a, float b) { return a + b; },
     [](int64_t a, int64_t b) { return Wrap(U(a) + U(b)); }},
    {"And", nullptr, [](int64_t a, int64_t b) -> int64_t { return a != 0 && b != 0 ? 1 : 0; },
     true},
    {"Ceil", [](float a, float) { return std::ceil(a); }, nullptr, false, true},
    {"Div", [](float a, float b) { return a / b; }, Divide, false, false, true},
    {"Equal", [](float a, float b) { return a == b ? 1.0F : 0.0F; },
     [](int64_t a, int64_t b) -> int64_t { return a == b ? 1 : 0; }, true},
    {"Exp", [](float a, float) { return std::exp(a); }, nullptr, false, true},
    {"Floor", [](float a, float) { return std::floor(a); }, nullptr, false, true},
    {"Greater", [](float a, float b) { return a > b ? 1.0F : 0.0F; },
     [](int64_t a, int64_t b) -> int64_t { return a > b ? 1 : 0; }, true},
    {"GreaterOrEqual", [](float a, float b) { return a >= b ? 1.0F : 0.0F; },
     [](int64_t a, int64_t b) -> int64_t { return a >= b ? 1 : 0; }, true},
    {"Less", [](float a, float b) { return a < b ? 1.0F : 0.0F; },
     [](int64_t a, int64_t b) -> int64_t { return a < b ? 1 : 0; }, true},
    {"LessOrEqual", [](float a, float b) { return a <= b ? 1.0F : 0.0F; },
     [](int64_t a, int64_t b) -> int64_t { return a <= b ? 1 : 0; }, true},
    {"Log", [](float a, float) { return std::log(a); }, nullptr, false, true},
    {"Max", [](float a, float b) { return std::max(a, b); },
     [](int64_t a, int64_t b) { return std::max(a, b); }},
    {"Min", [](float a, float b) { return std::min(a, b); },
     [](int64_t a, int64_t b) { return std::min(a, b); }},
    {"Mod", nullptr, Modulo, false, false, true},
    {"Mul", [](float a, float b) { return a * b; },
     [](int64_t a, int64_t b) { return Wrap(U(a) * U(b)); }},
    {"Neg", [](float a, float) { return -a; }, [](int64_t a, int64_t) { return Wrap(0 - U(a)); },
     false, true},
    {"Not", nullptr, [](int64_t a, int64_t) -> int64_t { return a == 0 ? 1 : 0; }, true, true},
    {"Or", nullptr, [](int64_t a, int64_t b) -> int64_t { return a != 0 || b != 0 ? 1 : 0; }, true},
    {"Pow", [](float a, float b) { return std::pow(a, b); }, Power},
    {"Reciprocal", [](float a, float) { return 1.0F / a; }, nullptr, false, true},
    {"Relu", [](float a, float) { return std::max(a, 0.0F); },
     [](int64_t a, int64_t) { return std::max<int64_t>(a, 0); }, false, true},
    {"Sigmoid", [](float a, float) { return 1.0F / (1.0F + std::exp(-a)); }, nullptr, false, true},
    {"Sqrt", [](float a, float) { return std::sqrt(a); }, nullptr, false, true},
    {"Sub", [](float a, float b) { return a - b; },
     [](int64_t a, int64_t b) { return Wrap(U(a) - U(b)); }},
    {"Tanh", [](float a, float) { return std::tanh(a); }, nullptr, false, true},
};

const Operation* Find(std::string_view op_type) {
  const auto* found = std::ranges::find(kOperations, op_type, &Operation::op_type);
  return found == std::end(kOperations) ? nullptr : found;
}

Result<HostTensorRef> OfFloats(const NodeCall& call, const Operation& operation,
                               const HostTensor& a, const HostTensor& b) {
  if (operation.floats == nullptr) return call.Unsupported("it is not known for floats");
  const ConstantValues<float> x(a.floats);
  const ConstantValues<float> y(b.floats);
  std::vector<float> values(x.span().size());
  for (size_t i = 0; i < values.size(); ++i) values[i] = operation.floats(x.span()[i], y.span()[i]);
  if (!operation.logical) return MakeFloats(a.dims, std::move(values));
  std::vector<int64_t> truths;
  for (const float value : values) truths.push_back(value != 0.0F ? 1 : 0);
  return MakeInts(a.dims, std::move(truths), kBool);
}

Result<HostTensorRef> OfInts(const NodeCall& call, const Operation& operation, const HostTensor& a,
                             const HostTensor& b) {
  if (operation.ints == nullptr) return call.Unsupported("it is not known for whole numbers");
  std::vector<int64_t> values(a.ints.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (operation.divides && b.ints[i] == 0) return call.Corrupt("it divides by 0");
    values[i] = operation.ints(a.ints[i], b.ints[i]);
  }
  return MakeInts(a.dims, std::move(values), operation.logical ? int32_t{kBool} : a.type);
}

Result<HostTensorRef> Pair(NodeCall& call, const Operation& operation, HostTensorRef a,
                           HostTensorRef b, int64_t& budget) {
  if (a->is_float() != b->is_float()) return call.Unsupported("its inputs are of different types");
  QB_ASSIGN_OR_RETURN(const Dims dims, ExpandDims(call, a->dims, b->dims));
  QB_ASSIGN_OR_RETURN(a, Stretched(call, *a, dims, budget));
  QB_ASSIGN_OR_RETURN(b, Stretched(call, *b, dims, budget));
  return a->is_float() ? OfFloats(call, operation, *a, *b) : OfInts(call, operation, *a, *b);
}

Result<HostTensorRef> Fold(NodeCall& call, int64_t& budget) {
  const Operation& operation = *Find(call.op_type());
  QB_ASSIGN_OR_RETURN(HostTensorRef result, call.ConstantInput(0));
  if (operation.unary) return Pair(call, operation, result, result, budget);
  if (call.inputs() < 2) return call.Corrupt("it has only one input");
  for (size_t i = 1; i < call.inputs(); ++i) {
    QB_ASSIGN_OR_RETURN(const HostTensorRef next, call.ConstantInput(i));
    QB_ASSIGN_OR_RETURN(result, Pair(call, operation, result, next, budget));
  }
  return result;
}

}  // namespace

Folder FindArithmetic(std::string_view op_type) {
  return Find(op_type) == nullptr ? nullptr : Fold;
}

Status Spend(const NodeCall& call, int64_t count, int64_t& budget) {
  budget -= count;
  if (budget >= 0) return OkStatus();
  return call.Unsupported("the constants that the model computes are too large");
}

Result<HostTensorRef> Stretched(NodeCall& call, const HostTensor& tensor, const Dims& dims,
                                int64_t& budget) {
  QB_ASSIGN_OR_RETURN(const int64_t count, CountOf(dims));
  QB_RETURN_IF_ERROR(Spend(call, count + 1, budget));
  if (tensor.dims == dims) return std::make_shared<const HostTensor>(tensor);
  const size_t missing = dims.size() - tensor.dims.size();
  std::vector<int64_t> strides(dims.size(), 0);
  const std::vector<int64_t> own = StridesOf(tensor.dims);
  for (size_t i = 0; i < own.size(); ++i) {
    if (tensor.dims[i] != 1) strides[missing + i] = own[i];
  }
  std::vector<size_t> from(static_cast<size_t>(count));
  std::vector<int64_t> index(dims.size(), 0);
  int64_t at = 0;
  for (size_t& place : from) {
    place = static_cast<size_t>(at);
    for (size_t i = dims.size(); i-- > 0;) {
      at += strides[i];
      if (++index[i] < dims[i]) break;
      at -= strides[i] * dims[i];
      index[i] = 0;
    }
  }
  if (!tensor.is_float()) {
    std::vector<int64_t> values;
    for (const size_t place : from) values.push_back(tensor.ints[place]);
    return MakeInts(dims, std::move(values), tensor.type);
  }
  const ConstantValues<float> values(tensor.floats);
  std::vector<float> stretched;
  for (const size_t place : from) stretched.push_back(values.span()[place]);
  return MakeFloats(dims, std::move(stretched));
}

}  // namespace qbench::graph::import::onnx
