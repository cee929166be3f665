#include "graph/import/onnx/onnx_tensor.h"

#include <string>
#include <utility>

#include "base/one_line.h"
#include "graph/import/graph_builder.h"
#include "graph/import/stored_values.h"
#include "graph/numerics/quantize_math.h"

namespace qbench::graph::import::onnx {
namespace {

// Bytes of an element in raw_data; 0: a type that is not read.
size_t ElementSize(int32_t type) {
  switch (type) {
    case kUInt8:
    case kInt8:
    case kBool:
      return 1;
    case kUInt16:
    case kInt16:
    case kFloat16:
    case kBFloat16:
      return 2;
    case kFloat:
    case kInt32:
    case kUInt32:
      return 4;
    case kInt64:
    case kDouble:
    case kUInt64:
      return 8;
    default:
      return 0;
  }
}

std::vector<float> FloatsOfRaw(int32_t type, const std::string& raw) {
  if (type == kFloat16) return ConvertedValues<uint16_t, float>(raw, HalfToFloat);
  if (type == kBFloat16) return ConvertedValues<uint16_t, float>(raw, FromBFloat16);
  return FloatsOfDoubles(raw);
}

std::vector<int64_t> IntsOfRaw(int32_t type, const std::string& raw) {
  switch (type) {
    case kUInt8:
    case kBool:
      return WholeNumbers<uint8_t>(raw);
    case kInt8:
      return WholeNumbers<int8_t>(raw);
    case kUInt16:
      return WholeNumbers<uint16_t>(raw);
    case kInt16:
      return WholeNumbers<int16_t>(raw);
    case kInt32:
      return WholeNumbers<int32_t>(raw);
    case kUInt32:
      return WholeNumbers<uint32_t>(raw);
    case kUInt64:
      return WholeNumbers<uint64_t>(raw);
    default:
      return WholeNumbers<int64_t>(raw);
  }
}

std::vector<float> FloatsOfList(const pb::TensorProto& tensor) {
  if (tensor.data_type() == kFloat) {
    return {tensor.float_data().begin(), tensor.float_data().end()};
  }
  std::vector<float> values;
  if (tensor.data_type() == kDouble) {
    for (const double value : tensor.double_data()) values.push_back(static_cast<float>(value));
    return values;
  }
  const bool half = tensor.data_type() == kFloat16;
  for (const int32_t value : tensor.int32_data()) {
    const auto bits = static_cast<uint16_t>(value);
    values.push_back(half ? HalfToFloat(bits) : FromBFloat16(bits));
  }
  return values;
}

std::vector<int64_t> IntsOfList(const pb::TensorProto& tensor) {
  if (tensor.data_type() == kInt64) {
    return {tensor.int64_data().begin(), tensor.int64_data().end()};
  }
  if (tensor.data_type() == kUInt64 || tensor.data_type() == kUInt32) {
    return {tensor.uint64_data().begin(), tensor.uint64_data().end()};
  }
  return {tensor.int32_data().begin(), tensor.int32_data().end()};
}

}  // namespace

bool IsFloatType(int32_t type) {
  return type == kFloat || type == kFloat16 || type == kDouble || type == kBFloat16;
}

bool IntegerLimits(int32_t type, int64_t& low, int64_t& high) {
  const bool sign = type == kInt8 || type == kInt16;
  const bool wide = type == kInt16 || type == kUInt16;
  if (!sign && !wide && type != kUInt8) return false;
  const int64_t range = int64_t{1} << (wide ? 16 : 8);
  low = sign ? -range / 2 : 0;
  high = low + range - 1;
  return true;
}

Result<int64_t> CountOf(const Dims& dims) {
  int64_t count = 1;
  for (const int64_t dim : dims) {
    if (dim < 0 || (dim > 0 && count > kMaxElements / dim)) {
      return Error(StatusCode::kCorrupt, "a dimension of {}, or too many elements", dim);
    }
    count *= dim;
  }
  if (dims.size() > 8) return Error(StatusCode::kUnsupported, "{} dimensions", dims.size());
  return count;
}

HostTensorRef MakeFloats(Dims dims, std::vector<float> values) {
  auto tensor = std::make_shared<HostTensor>();
  tensor->dims = std::move(dims);
  tensor->floats = TakeConstant(std::move(values));
  return tensor;
}

HostTensorRef MakeInts(Dims dims, std::vector<int64_t> values, int32_t type) {
  auto tensor = std::make_shared<HostTensor>();
  tensor->type = type;
  tensor->dims = std::move(dims);
  tensor->ints = std::move(values);
  return tensor;
}

Result<HostTensorRef> TakeTensor(pb::TensorProto& tensor) {
  const Dims dims(tensor.dims().begin(), tensor.dims().end());
  QB_ASSIGN_OR_RETURN(const int64_t count, CountOf(dims));
  const int32_t type = tensor.data_type();
  const size_t size = ElementSize(type);
  if (size == 0) {
    return Error(StatusCode::kUnsupported, "elements of ONNX's type {} are not read", type);
  }
  if (tensor.has_raw_data() && tensor.raw_data().size() != static_cast<uint64_t>(count) * size) {
    return Error(StatusCode::kCorrupt, "{} bytes of data for {} elements of {} bytes",
                 tensor.raw_data().size(), count, size);
  }
  auto taken = std::make_shared<HostTensor>();
  taken->type = IsFloatType(type) ? kFloat : type;
  taken->dims = dims;
  size_t found = static_cast<size_t>(count);
  if (tensor.has_raw_data() && type == kFloat) {
    const auto bytes = std::make_shared<const std::string>(std::move(*tensor.mutable_raw_data()));
    taken->floats = Constant(bytes, AsBytes(*bytes));
  } else if (IsFloatType(type)) {
    std::vector<float> values =
        tensor.has_raw_data() ? FloatsOfRaw(type, tensor.raw_data()) : FloatsOfList(tensor);
    found = values.size();
    taken->floats = TakeConstant(std::move(values));
  } else {
    taken->ints = tensor.has_raw_data() ? IntsOfRaw(type, tensor.raw_data()) : IntsOfList(tensor);
    found = taken->ints.size();
  }
  tensor.Clear();
  if (found == static_cast<size_t>(count)) return HostTensorRef(std::move(taken));
  return Error(StatusCode::kCorrupt, "{} values for {} elements", found, count);
}

std::vector<int64_t> StridesOf(const Dims& dims) {
  std::vector<int64_t> strides(dims.size(), 1);
  for (size_t i = dims.size(); i-- > 1;) strides[i - 1] = strides[i] * dims[i];
  return strides;
}

template <typename T>
std::vector<T> Permuted(std::span<const T> values, const Dims& dims,
                        const std::vector<size_t>& order) {
  const std::vector<int64_t> strides = StridesOf(dims);
  std::vector<T> result(values.size());
  std::vector<int64_t> index(order.size(), 0);
  int64_t from = 0;
  for (T& value : result) {
    value = values[static_cast<size_t>(from)];
    for (size_t i = order.size(); i-- > 0;) {
      from += strides[order[i]];
      if (++index[i] < dims[order[i]]) break;
      from -= strides[order[i]] * dims[order[i]];
      index[i] = 0;
    }
  }
  return result;
}
template std::vector<float> Permuted(std::span<const float>, const Dims&,
                                     const std::vector<size_t>&);
template std::vector<int64_t> Permuted(std::span<const int64_t>, const Dims&,
                                       const std::vector<size_t>&);

HostTensor Permuted(const HostTensor& tensor, const std::vector<size_t>& order) {
  HostTensor result;
  result.type = tensor.type;
  for (const size_t from : order) result.dims.push_back(tensor.dims[from]);
  result.range = tensor.range;
  if (result.range) {
    for (size_t i = 0; i < order.size(); ++i) {
      if (order[i] == static_cast<size_t>(tensor.range->axis)) {
        result.range->axis = static_cast<int32_t>(i);
      }
    }
  }
  bool same = true;  // but for dimensions of 1, which may stand anywhere
  size_t last = 0;
  for (const size_t from : order) {
    if (tensor.dims[from] == 1) continue;
    same = same && from >= last;
    last = from;
  }
  if (same) {
    result.floats = tensor.floats;
    result.ints = tensor.ints;
  } else if (tensor.is_float()) {
    const ConstantValues<float> values(tensor.floats);
    result.floats = TakeConstant(Permuted(values.span(), tensor.dims, order));
  } else {
    result.ints = Permuted(std::span<const int64_t>(tensor.ints), tensor.dims, order);
  }
  return result;
}

}  // namespace qbench::graph::import::onnx
