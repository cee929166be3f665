// A constant of an ONNX model: an initializer, or what was computed of others at import.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "graph/constant_values.h"
#include "graph/import/onnx/onnx_file.h"
#include "graph/ir.h"

namespace qbench::graph::import::onnx {

using Dims = std::vector<int64_t>;  // as ONNX has them: channels first, the batch 1

// TensorProto::data_type.
enum ElementType : int32_t {
  kFloat = 1,
  kUInt8 = 2,
  kInt8 = 3,
  kUInt16 = 4,
  kInt16 = 5,
  kInt32 = 6,
  kInt64 = 7,
  kBool = 9,
  kFloat16 = 10,
  kDouble = 11,
  kUInt32 = 12,
  kUInt64 = 13,
  kBFloat16 = 16,
};
bool IsFloatType(int32_t type);
// Of the whole numbers that a type of at most 16 bits holds; false for any other.
bool IntegerLimits(int32_t type, int64_t& low, int64_t& high);

// Floats of any size are float32 here; whole numbers and booleans int64.
struct HostTensor {
  int32_t type = kFloat;
  Dims dims;
  Constant floats;            // of a floating-point type
  std::vector<int64_t> ints;  // of others
  // What its quantization to integers could express; the axis is one of dims.
  std::optional<LearnedRange> range;

  bool is_float() const { return IsFloatType(type); }
};
using HostTensorRef = std::shared_ptr<const HostTensor>;

// The product; kCorrupt where a dimension is below 0 or there are more than 2^29.
Result<int64_t> CountOf(const Dims& dims);

HostTensorRef MakeFloats(Dims dims, std::vector<float> values);
HostTensorRef MakeInts(Dims dims, std::vector<int64_t> values, int32_t type = kInt64);

// The elements of the message, whose bytes are taken where they are float32: it is empty
// afterwards. kCorrupt where dims and data do not fit together, kUnsupported for types that are not
// read.
Result<HostTensorRef> TakeTensor(pb::TensorProto& tensor);

// Row-major strides.
std::vector<int64_t> StridesOf(const Dims& dims);
// Element by element with dimensions in another order: dimension i of the result is order[i].
template <typename T>
std::vector<T> Permuted(std::span<const T> values, const Dims& dims,
                        const std::vector<size_t>& order);
// The same of a tensor, with its range.
HostTensor Permuted(const HostTensor& tensor, const std::vector<size_t>& order);

}  // namespace qbench::graph::import::onnx
