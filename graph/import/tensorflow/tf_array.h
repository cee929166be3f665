// Arrays that are known when a TensorFlow graph is imported: weights, and what a graph computes of
// shapes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "graph/ir.h"

namespace qbench::tensorflow {
class TensorShape;
class TensorValue;
}  // namespace qbench::tensorflow

namespace qbench::graph::import {

// TensorFlow's numbers of its types, as far as they are read. 100 more: a reference to a variable.
enum class TfType : int32_t {
  kFloat = 1,
  kDouble = 2,
  kInt32 = 3,
  kUInt8 = 4,
  kInt16 = 5,
  kInt8 = 6,
  kString = 7,
  kInt64 = 9,
  kBool = 10,
  kBFloat16 = 14,
  kUInt16 = 17,
  kHalf = 19,
  kUInt32 = 22,
  kUInt64 = 23,
};

// "float32", "type 20".
std::string TfTypeName(int32_t type);
bool IsTfFloat(int32_t type);    // of any width; computed with in float32
bool IsTfInteger(int32_t type);  // of any width, and truth values

using Dims = std::vector<int64_t>;  // >= 0; empty: a scalar

// Floats, whole numbers or texts, in C order.
struct TfArray {
  enum class Kind : uint8_t { kFloats, kInts, kTexts };
  Kind kind = Kind::kFloats;
  Dims dims;
  Constant floats;            // float32
  std::vector<int64_t> ints;  // whole numbers and truth values of any width
  // Of ints: what depends on the batch, which is left open; the number is then that for a batch of
  // one. Empty: nothing does.
  std::vector<bool> open;
  std::vector<std::string> texts;
  // Of weights: what simulated quantization keeps them in; `axis` counts the dimensions here.
  std::optional<LearnedRange> range;

  int64_t count() const;
  bool is_open(size_t index) const { return index < open.size() && open[index]; }
  bool any_open() const;
};
using TfArrayPtr = std::shared_ptr<const TfArray>;

TfArray FloatArray(Dims dims, std::vector<float> values);
TfArray IntArray(Dims dims, std::vector<int64_t> values);

// kCorrupt where the sizes are negative, open, or together beyond what a tensor may have.
Result<Dims> ReadDims(const tensorflow::TensorShape& shape);

// From a graph; takes the value's bytes over. kCorrupt where values and shape do not fit together;
// kUnsupported for other types.
Result<TfArray> TakeArray(tensorflow::TensorValue& value);
// From raw bytes in the order of the format, little endian. Takes them over.
Result<TfArray> ArrayFromBytes(int32_t type, Dims dims, std::string bytes);

}  // namespace qbench::graph::import
