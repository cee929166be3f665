// The model library's intermediate representation: one graph of operators over tensors, close to
// TensorFlow Lite's own (its operator semantics, its weight layouts), so that reading and writing
// a .tflite file loses nothing and a quantizer's rewrite is a rewrite of this.
//
// A Model is plain data: copyable, no pointers between parts (a tensor is named by its index).
// Copies share the constants' bytes, which are immutable. Not synchronized: one thread writes, or
// any number read.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench::graph {

enum class DataType : uint8_t {
  kFloat32,
  kFloat16,
  kInt8,
  kUInt8,
  kInt16,
  kInt32,
  kInt64,
  kBool,
  kInt4,  // of weights alone: stored two a byte, computed with as int8
};
inline constexpr size_t kDataTypeCount = static_cast<size_t>(DataType::kInt4) + 1;

// Bytes of one element in memory; of int4, unpacked: 1.
size_t DataTypeSize(DataType type);
// "float32", "int8", … as NumPy names them.
std::string_view DataTypeName(DataType type);

using Shape = std::vector<int32_t>;  // batch first, channels last; every dimension >= 1

// The product of the dimensions; 1 for a scalar. Checked against overflow by the validator.
int64_t ElementCount(const Shape& shape);

// real = scale * (quantized - zero_point), as in TensorFlow Lite's quantization specification.
// Per tensor: one scale and zero point. Per channel: one each for every index of `axis`.
struct Quantization {
  std::vector<float> scales;
  std::vector<int64_t> zero_points;
  int32_t axis = 0;

  bool per_channel() const { return scales.size() > 1; }
  bool operator==(const Quantization&) const = default;
};

// The values that a float network was trained to keep a tensor in, by simulated quantization: one
// pair, or for weights one for each index of `axis`. A quantizer to 8 bits takes it in place of
// measuring one. Passes keep it as graph/learned_range.h says.
struct LearnedRange {
  std::vector<float> min;
  std::vector<float> max;  // as many; none is below its min
  int32_t axis = 0;

  bool operator==(const LearnedRange&) const = default;
};

// Immutable bytes that several tensors and models may share, with whatever keeps them alive.
class Constant {
 public:
  Constant() = default;
  explicit Constant(Bytes bytes);
  // `bytes` lives as long as `owner` does (a file's buffer, read without a copy).
  Constant(std::shared_ptr<const void> owner, ByteSpan bytes)
      : owner_(std::move(owner)), bytes_(bytes) {}

  ByteSpan bytes() const { return bytes_; }
  // The elements; T must have the size of the tensor's type. Copies, as the bytes may be unaligned.
  template <typename T>
  std::vector<T> Values() const {
    std::vector<T> values(bytes_.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), bytes_.data(), values.size() * sizeof(T));
    return values;
  }

  // The same bytes, wherever they are.
  bool operator==(const Constant& other) const;

 private:
  std::shared_ptr<const void> owner_;
  ByteSpan bytes_;
};

template <typename T>
Constant MakeConstant(const std::vector<T>& values) {
  const ByteSpan bytes = AsBytes(values);
  return Constant(Bytes(bytes.begin(), bytes.end()));
}

using TensorId = int32_t;
inline constexpr TensorId kNoTensor = -1;  // an optional input that is absent (a bias)

struct Tensor {
  std::string name = {};
  DataType type = DataType::kFloat32;
  Shape shape = {};
  // The batch (dimension 0) is free: the file says -1 there and `shape` holds 1.
  bool dynamic_batch = false;
  std::optional<Quantization> quantization = std::nullopt;
  std::optional<LearnedRange> learned_range = std::nullopt;  // of float32
  // Set: a weight; its size is StoredBytes.
  std::optional<Constant> constant = std::nullopt;

  bool is_constant() const { return constant.has_value(); }
  bool operator==(const Tensor&) const = default;
};

// Bytes of the tensor's elements in a file: ElementCount x DataTypeSize, of int4 half of that,
// rounded up.
int64_t StoredBytes(const Tensor& tensor);
// In memory, where int4 is unpacked: ElementCount x DataTypeSize.
int64_t MemoryBytes(const Tensor& tensor);

// int4 as TensorFlow Lite stores it: two's complement, two a byte, the first in the low half; the
// last half of an odd number is 0. `values` are in [-8, 7].
Bytes PackInt4(std::span<const int8_t> values);
// `count` values; `packed` has at least (count + 1) / 2 bytes.
std::vector<int8_t> UnpackInt4(ByteSpan packed, size_t count);

enum class Padding : uint8_t { kSame, kValid };

enum class Activation : uint8_t { kNone, kRelu, kReluN1To1, kRelu6 };

// The operators, by TensorFlow Lite's names; operators.cc has a row for each. Inputs and outputs in
// its order:
enum class OpKind : uint8_t {
  kAdd,              // a, b                            BinaryOptions
  kSub,              // a, b                            BinaryOptions
  kMul,              // a, b                            BinaryOptions
  kConcatenation,    // any number                      ConcatenationOptions
  kConv2D,           // input, filter OHWI, bias or -1  Conv2DOptions
  kDepthwiseConv2D,  // input, filter 1HWC, bias or -1  DepthwiseConv2DOptions
  kFullyConnected,   // input, weights OI, bias or -1   FullyConnectedOptions
  kAveragePool2D,    // input                           Pool2DOptions
  kMaxPool2D,        // input                           Pool2DOptions
  kMean,             // input, axes (int32 constant)    MeanOptions
  kPad,              // input, paddings [rank,2] int32  no options
  kReshape,          // input, shape (int32 constant)   ReshapeOptions
  kRelu,             // input                           no options (the next three too)
  kRelu6,
  kLogistic,
  kTanh,
  kLeakyRelu,   // input                                LeakyReluOptions
  kHardSwish,   // input                                no options
  kSoftmax,     // input                                SoftmaxOptions
  kQuantize,    // input                                no options
  kDequantize,  // input                                no options
  kMaximum,     // a, b, of one scale                   no options (the next, too)
  kMinimum,
  kTranspose,              // input, permutation            no options
  kStridedSlice,           // input, begin, end, strides    StridedSliceOptions
  kResizeNearestNeighbor,  // input, [height, width]        ResizeOptions (the next, too)
  kResizeBilinear,
  kElu,           // input                                         no options
  kGelu,          // input                                         GeluOptions
  kRsqrt,         // input                                         no options
  kDiv,           // a, b                                          BinaryOptions
  kDepthToSpace,  // input                                  DepthToSpaceOptions
  kBatchMatMul,   // a, b                                   BatchMatMulOptions
  kPrelu,         // input, slopes below 0                  no options
  kSum,           // input, axes (int32 constant)           MeanOptions (the next, too)
  kReduceMax,
  kSqrt,  // input                                          no options
};

// "CONV_2D", as TensorFlow Lite's schema names it.
std::string_view OpKindName(OpKind kind);

struct NoOptions {
  bool operator==(const NoOptions&) const = default;
};
struct BinaryOptions {
  Activation activation = Activation::kNone;
  bool operator==(const BinaryOptions&) const = default;
};
struct ConcatenationOptions {
  int32_t axis = -1;  // may count from the end
  Activation activation = Activation::kNone;
  bool operator==(const ConcatenationOptions&) const = default;
};
struct Conv2DOptions {
  Padding padding = Padding::kSame;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  Activation activation = Activation::kNone;
  bool operator==(const Conv2DOptions&) const = default;
};
struct DepthwiseConv2DOptions {
  Padding padding = Padding::kSame;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  int32_t depth_multiplier = 1;  // output channels = input channels x this
  Activation activation = Activation::kNone;
  bool operator==(const DepthwiseConv2DOptions&) const = default;
};
struct FullyConnectedOptions {
  Activation activation = Activation::kNone;
  bool keep_num_dims = false;               // false: the output is [batch, units]
  bool asymmetric_quantize_inputs = false;  // dynamic range: per-row asymmetric inputs
  bool operator==(const FullyConnectedOptions&) const = default;
};
struct Pool2DOptions {
  Padding padding = Padding::kValid;
  int32_t stride_h = 1, stride_w = 1;
  int32_t filter_h = 1, filter_w = 1;
  Activation activation = Activation::kNone;
  bool operator==(const Pool2DOptions&) const = default;
};
struct MeanOptions {
  bool keep_dims = false;
  bool operator==(const MeanOptions&) const = default;
};
struct ReshapeOptions {
  // As the shape input says; -1 stands for the batch or the one dimension left open.
  std::vector<int32_t> new_shape;
  bool operator==(const ReshapeOptions&) const = default;
};
struct LeakyReluOptions {
  float alpha = 0.0F;
  bool operator==(const LeakyReluOptions&) const = default;
};
struct SoftmaxOptions {
  float beta = 1.0F;  // softmax(beta * x) over the last dimension
  bool operator==(const SoftmaxOptions&) const = default;
};
// Bit i of a mask is dimension i's. Files that insert dimensions or have an ellipsis are refused.
struct StridedSliceOptions {
  int32_t begin_mask = 0,
          end_mask = 0;          // from, or to, the dimension's end, whatever the input says
  int32_t shrink_axis_mask = 0;  // one index, whose dimension goes
  bool operator==(const StridedSliceOptions&) const = default;
};
struct ResizeOptions {
  bool align_corners = false;       // the corners' centers stay where they are
  bool half_pixel_centers = false;  // pixels are squares, not points
  bool operator==(const ResizeOptions&) const = default;
};
// [n, h, w, block * block * c] -> [n, h * block, w * block, c]: the channels of a pixel become a
// block of pixels, row by row.
struct DepthToSpaceOptions {
  int32_t block = 1;
  bool operator==(const DepthToSpaceOptions&) const = default;
};
// The matrices of the last two dimensions: a of [rows, depth] and b of [depth, columns], either of
// them turned where that is said. The dimensions before them are repeated as in arithmetic.
struct BatchMatMulOptions {
  bool adj_x = false, adj_y = false;
  bool asymmetric_quantize_inputs = false;  // dynamic range, which is read and not computed
  bool operator==(const BatchMatMulOptions&) const = default;
};
struct GeluOptions {
  bool approximate = false;  // by tanh
  bool operator==(const GeluOptions&) const = default;
};

using OpOptions =
    std::variant<NoOptions, BinaryOptions, ConcatenationOptions, Conv2DOptions,
                 DepthwiseConv2DOptions, FullyConnectedOptions, Pool2DOptions, MeanOptions,
                 ReshapeOptions, LeakyReluOptions, SoftmaxOptions, StridedSliceOptions,
                 ResizeOptions, GeluOptions, DepthToSpaceOptions, BatchMatMulOptions>;

// The options an operator of this kind carries, at their defaults.
OpOptions DefaultOptions(OpKind kind);

// How the outputs of an operator are distributed over images like the training set's: one value for
// each channel, the last dimension.
struct OutputStatistics {
  std::vector<float> mean;
  std::vector<float> deviation;  // standard deviation
  bool operator==(const OutputStatistics&) const = default;
};

struct Op {
  OpKind kind = OpKind::kAdd;
  OpOptions options;
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;
  // The layer of the source model that it comes from, for messages and recipes; may be empty.
  std::string name = {};
  // Before the operator's activation, where batch normalization says so: kept from the source model
  // by FoldBatchNorm, in files by WriteOptions::statistics.
  std::optional<OutputStatistics> statistics = std::nullopt;
  bool operator==(const Op&) const = default;
};

struct Graph {
  std::vector<Tensor> tensors;
  std::vector<Op> ops;  // in an order in which they can run
  std::vector<TensorId> inputs;
  std::vector<TensorId> outputs;

  TensorId AddTensor(Tensor tensor);
  // A float32 weight.
  TensorId AddConstant(std::string name, Shape shape, const std::vector<float>& values);
  // An int32 parameter: axes, paddings, a new shape.
  TensorId AddConstant(std::string name, Shape shape, const std::vector<int32_t>& values);

  bool operator==(const Graph&) const = default;
};

// The names by which an application calls the model. In files this is the `serving_default`
// signature; inputs and outputs are in the order of Graph::inputs and Graph::outputs.
struct Signature {
  std::string key = "serving_default";
  std::vector<std::string> input_names = {};
  std::vector<std::string> output_names = {};
  bool operator==(const Signature&) const = default;
};

struct Model {
  std::string description;
  Graph graph;
  std::optional<Signature> signature;
  bool operator==(const Model&) const = default;
};

// Helpers that every pass and quantizer needs. `users[t]`: the operators that read tensor t;
// `producer[t]`: the operator that writes it, or -1.
struct Uses {
  std::vector<std::vector<int32_t>> users;
  std::vector<int32_t> producer;
};
Uses FindUses(const Graph& graph);

// The name to show for an operator: its own, or its first output tensor's.
std::string_view DisplayName(const Graph& graph, const Op& op);

}  // namespace qbench::graph
