#include "graph/import/tensorflow/tf_array.h"

#include <algorithm>
#include <utility>

#include "graph/constant_values.h"
#include "graph/import/graph_builder.h"
#include "graph/import/stored_values.h"
#include "graph/numerics/quantize_math.h"
#include "tensorflow.pb.h"

namespace qbench::graph::import {
namespace {

// Shape arithmetic is of a few numbers; whole numbers are no weights.
constexpr int64_t kMaxInts = int64_t{1} << 20;

struct TypeInfo {
  TfType type;
  std::string_view name;
  size_t size;
  bool is_float;
};
constexpr TypeInfo kTypes[] = {
    {TfType::kFloat, "float32", 4, true},  {TfType::kDouble, "float64", 8, true},
    {TfType::kHalf, "float16", 2, true},   {TfType::kBFloat16, "bfloat16", 2, true},
    {TfType::kInt32, "int32", 4, false},   {TfType::kUInt8, "uint8", 1, false},
    {TfType::kInt16, "int16", 2, false},   {TfType::kInt8, "int8", 1, false},
    {TfType::kInt64, "int64", 8, false},   {TfType::kBool, "bool", 1, false},
    {TfType::kUInt16, "uint16", 2, false}, {TfType::kUInt32, "uint32", 4, false},
    {TfType::kUInt64, "uint64", 8, false},
};

const TypeInfo* FindType(int32_t type) {
  const auto* found = std::ranges::find(kTypes, static_cast<TfType>(type), &TypeInfo::type);
  return found == std::end(kTypes) ? nullptr : found;
}

std::vector<int64_t> IntsOf(TfType type, const std::string& bytes) {
  switch (type) {
    case TfType::kInt32:
      return WholeNumbers<int32_t>(bytes);
    case TfType::kInt16:
      return WholeNumbers<int16_t>(bytes);
    case TfType::kInt8:
      return WholeNumbers<int8_t>(bytes);
    case TfType::kUInt16:
      return WholeNumbers<uint16_t>(bytes);
    case TfType::kUInt32:
      return WholeNumbers<uint32_t>(bytes);
    case TfType::kInt64:
    case TfType::kUInt64:
      return WholeNumbers<int64_t>(bytes);
    default:
      return WholeNumbers<uint8_t>(bytes);
  }
}

Status BadCount(size_t values, const Dims& dims) {
  return Error(StatusCode::kCorrupt, "{} values for the shape [{}]", values, fmt::join(dims, ", "));
}

// TensorFlow leaves out the values at the end that equal the one before, and all of them where they
// are zeros.
template <typename T, typename List>
Result<std::vector<T>> Filled(const List& list, const Dims& dims, int64_t count) {
  if (list.size() > count) return BadCount(static_cast<size_t>(list.size()), dims);
  std::vector<T> values(list.begin(), list.end());
  values.resize(static_cast<size_t>(count), values.empty() ? T{} : values.back());
  return values;
}

Result<TfArray> ArrayFromFloats(const tensorflow::TensorValue& value, Dims dims, int64_t count) {
  std::vector<float> floats;
  switch (static_cast<TfType>(value.dtype())) {
    case TfType::kFloat: {
      QB_ASSIGN_OR_RETURN(floats, Filled<float>(value.float_val(), dims, count));
      break;
    }
    case TfType::kDouble: {
      QB_ASSIGN_OR_RETURN(floats, Filled<float>(value.double_val(), dims, count));
      break;
    }
    default: {
      const bool half = static_cast<TfType>(value.dtype()) == TfType::kHalf;
      QB_ASSIGN_OR_RETURN(const auto bits, Filled<uint16_t>(value.half_val(), dims, count));
      for (const uint16_t b : bits) floats.push_back(half ? HalfToFloat(b) : FromBFloat16(b));
    }
  }
  return FloatArray(std::move(dims), std::move(floats));
}

Result<TfArray> ArrayFromInts(const tensorflow::TensorValue& value, Dims dims, int64_t count) {
  std::vector<int64_t> ints;
  switch (static_cast<TfType>(value.dtype())) {
    case TfType::kInt64: {
      QB_ASSIGN_OR_RETURN(ints, Filled<int64_t>(value.int64_val(), dims, count));
      break;
    }
    case TfType::kBool: {
      QB_ASSIGN_OR_RETURN(ints, Filled<int64_t>(value.bool_val(), dims, count));
      break;
    }
    case TfType::kUInt32:
    case TfType::kUInt64:
      return Error(StatusCode::kUnsupported, "a constant of {}", TfTypeName(value.dtype()));
    default: {
      QB_ASSIGN_OR_RETURN(ints, Filled<int64_t>(value.int_val(), dims, count));
    }
  }
  return IntArray(std::move(dims), std::move(ints));
}

}  // namespace

std::string TfTypeName(int32_t type) {
  if (const TypeInfo* info = FindType(type)) return std::string(info->name);
  return static_cast<TfType>(type) == TfType::kString ? "string" : fmt::format("type {}", type);
}

bool IsTfFloat(int32_t type) {
  const TypeInfo* info = FindType(type);
  return info != nullptr && info->is_float;
}

bool IsTfInteger(int32_t type) {
  const TypeInfo* info = FindType(type);
  return info != nullptr && !info->is_float;
}

int64_t TfArray::count() const {
  int64_t count = 1;
  for (const int64_t dim : dims) count *= dim;
  return count;
}

bool TfArray::any_open() const { return std::ranges::find(open, true) != open.end(); }

TfArray FloatArray(Dims dims, std::vector<float> values) {
  TfArray array;
  array.dims = std::move(dims);
  array.floats = TakeConstant(std::move(values));
  return array;
}

TfArray IntArray(Dims dims, std::vector<int64_t> values) {
  TfArray array;
  array.kind = TfArray::Kind::kInts;
  array.dims = std::move(dims);
  array.ints = std::move(values);
  return array;
}

Result<Dims> ReadDims(const tensorflow::TensorShape& shape) {
  if (shape.unknown_rank() || shape.dim_size() > 8) {
    return Error(StatusCode::kCorrupt, "its shape has no rank or more than 8 dimensions");
  }
  Dims dims;
  int64_t count = 1;
  for (const auto& dim : shape.dim()) {
    const int64_t size = dim.size();
    if (size < 0 || (size > 0 && count > kMaxElements / size)) {
      return Error(StatusCode::kCorrupt, "its shape has a dimension of {}", size);
    }
    if (size > 0) count *= size;
    dims.push_back(size);
  }
  return dims;
}

Result<TfArray> ArrayFromBytes(int32_t type, Dims dims, std::string bytes) {
  const TypeInfo* info = FindType(type);
  if (info == nullptr) {
    return Error(StatusCode::kUnsupported, "its values are of {}", TfTypeName(type));
  }
  int64_t count = 1;
  for (const int64_t dim : dims) count *= dim;
  if (bytes.size() != static_cast<uint64_t>(count) * info->size) {
    return BadCount(bytes.size() / info->size, dims);
  }
  if (!info->is_float) {
    if (count > kMaxInts) {
      return Error(StatusCode::kUnsupported, "{} whole numbers: it is no shape", count);
    }
    return IntArray(std::move(dims), IntsOf(info->type, bytes));
  }
  if (info->type == TfType::kFloat) {
    TfArray array;
    array.dims = std::move(dims);
    const auto owner = std::make_shared<const std::string>(std::move(bytes));
    array.floats = Constant(owner, AsBytes(*owner));
    return array;
  }
  if (info->type == TfType::kDouble) {
    return FloatArray(std::move(dims), FloatsOfDoubles(bytes));
  }
  const bool half = info->type == TfType::kHalf;
  return FloatArray(std::move(dims), ConvertedValues<uint16_t, float>(bytes, [half](uint16_t bits) {
                      return half ? HalfToFloat(bits) : FromBFloat16(bits);
                    }));
}

Result<TfArray> TakeArray(tensorflow::TensorValue& value) {
  QB_ASSIGN_OR_RETURN(Dims dims, ReadDims(value.tensor_shape()));
  int64_t count = 1;
  for (const int64_t dim : dims) count *= dim;
  if (static_cast<TfType>(value.dtype()) == TfType::kString) {
    if (count != value.string_val_size()) {
      return BadCount(static_cast<size_t>(value.string_val_size()), dims);
    }
    TfArray array;
    array.kind = TfArray::Kind::kTexts;
    array.dims = std::move(dims);
    array.texts.assign(value.string_val().begin(), value.string_val().end());
    return array;
  }
  if (FindType(value.dtype()) == nullptr) {
    return Error(StatusCode::kUnsupported, "its values are of {}", TfTypeName(value.dtype()));
  }
  if (!value.tensor_content().empty()) {
    std::string bytes = std::move(*value.mutable_tensor_content());
    value.clear_tensor_content();
    return ArrayFromBytes(value.dtype(), std::move(dims), std::move(bytes));
  }
  if (IsTfFloat(value.dtype())) return ArrayFromFloats(value, std::move(dims), count);
  if (count > kMaxInts) {
    return Error(StatusCode::kUnsupported, "{} whole numbers: it is no shape", count);
  }
  return ArrayFromInts(value, std::move(dims), count);
}

}  // namespace qbench::graph::import
