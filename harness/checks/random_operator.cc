#include "harness/checks/random_operator.h"

#include <algorithm>
#include <cmath>

#include "graph/numerics/quantize_math.h"
#include "graph/operators.h"

namespace qbench::graph {
namespace {

Quantization Affine(float scale, int64_t zero_point) {
  return {.scales = {scale}, .zero_points = {zero_point}, .axis = 0};
}

template <typename T>
constexpr DataType kDataTypeOf = DataType::kFloat32;
template <>
constexpr DataType kDataTypeOf<uint16_t> = DataType::kFloat16;
template <>
constexpr DataType kDataTypeOf<int8_t> = DataType::kInt8;
template <>
constexpr DataType kDataTypeOf<uint8_t> = DataType::kUInt8;
template <>
constexpr DataType kDataTypeOf<int32_t> = DataType::kInt32;
template <>
constexpr DataType kDataTypeOf<int64_t> = DataType::kInt64;

class Builder {
 public:
  Builder(OpKind kind, DataType type, WeightScheme weights, DataType to, Random& random)
      : kind_(kind), type_(type), weights_(weights), to_(to), random_(random) {}

  Model Build() {
    options_ = DefaultOptions(kind_);
    switch (kind_) {
      case OpKind::kConv2D:
      case OpKind::kDepthwiseConv2D:
        Convolution();
        break;
      case OpKind::kFullyConnected:
        FullyConnected();
        break;
      case OpKind::kAveragePool2D:
      case OpKind::kMaxPool2D:
        Pool();
        break;
      case OpKind::kMean:
      case OpKind::kSum:
      case OpKind::kReduceMax:
        Reduction();
        break;
      case OpKind::kBatchMatMul:
        BatchMatMul();
        break;
      case OpKind::kPrelu:
        Prelu();
        break;
      case OpKind::kPad:
        Pad();
        break;
      case OpKind::kConcatenation:
        Concatenation();
        break;
      case OpKind::kReshape:
        Reshape();
        break;
      case OpKind::kTranspose:
        Transpose();
        break;
      case OpKind::kDepthToSpace:
        DepthToSpace();
        break;
      case OpKind::kStridedSlice:
        StridedSlice();
        break;
      case OpKind::kResizeNearestNeighbor:
      case OpKind::kResizeBilinear:
        Resize();
        break;
      case OpKind::kMaximum:
      case OpKind::kMinimum:
        Extremum();
        break;
      case OpKind::kAdd:
      case OpKind::kSub:
      case OpKind::kMul:
      case OpKind::kDiv:
        Binary();
        break;
      default:
        Unary();
        break;
    }
    return std::move(model_);
  }

 private:
  bool IsFloat() const { return type_ == DataType::kFloat32; }
  bool IsDynamic() const { return weights_ == WeightScheme::kDynamic; }

  // Any scale from 2^-8 to 2^-4, any zero point that the type has. Powers of two make halves, which
  // tell roundings apart.
  Quantization AnyScale(DataType type) {
    const float scale = random_.Int(0, 2) == 0 ? std::exp2(static_cast<float>(random_.Int(-8, -4)))
                                               : std::exp2(random_.Real(-8, -4));
    const QuantizedRange range = ActivationRange(type);
    return Affine(scale, type == DataType::kInt16 ? 0 : random_.Int(range.min, range.max));
  }

  TensorId AddTensor(DataType type, Shape shape, std::optional<Quantization> quantization) {
    Tensor tensor;
    tensor.name = "t" + std::to_string(model_.graph.tensors.size());
    tensor.type = type;
    tensor.shape = std::move(shape);
    if (type != DataType::kFloat32 && type != DataType::kFloat16)
      tensor.quantization = std::move(quantization);
    return model_.graph.AddTensor(std::move(tensor));
  }
  TensorId Input(const Shape& shape, const Quantization& quantization) {
    const TensorId id = AddTensor(type_, shape, quantization);
    model_.graph.inputs.push_back(id);
    return id;
  }
  template <typename T>
  TensorId Constant(const Shape& shape, const std::vector<T>& values,
                    const std::optional<Quantization>& quantization = {}) {
    const TensorId id = AddTensor(kDataTypeOf<T>, shape, quantization);
    model_.graph.tensors[static_cast<size_t>(id)].constant = MakeConstant(values);
    return id;
  }
  void Finish(const std::vector<TensorId>& inputs, const Shape& shape,
              const Quantization& quantization, DataType type) {
    const TensorId y = AddTensor(type, shape, quantization);
    model_.graph.ops.push_back({kind_, options_, inputs, {y}, "op"});
    model_.graph.outputs = {y};
  }

  Activation AnyActivation() {
    constexpr Activation kAll[] = {Activation::kNone, Activation::kRelu, Activation::kRelu6};
    return kAll[random_.Int(0, 2)];
  }
  Shape AnyImage() { return {1, random_.Int(3, 9), random_.Int(3, 9), random_.Int(1, 20)}; }

  bool IsPerChannel() {
    return weights_ == WeightScheme::kPerChannel ||
           (weights_ == WeightScheme::kEither && random_.Coin());
  }
  Quantization ChannelScales(int32_t axis, int32_t outputs) {
    Quantization w = {.scales = {}, .zero_points = {}, .axis = axis};
    for (int32_t o = 0; o < outputs; ++o) w.scales.push_back(std::exp2(random_.Real(-9, -6)));
    w.zero_points.assign(w.scales.size(), 0);
    return w;
  }

  TensorId FloatWeights(const Shape& shape, int32_t axis, int32_t outputs) {
    const int64_t count = ElementCount(shape);
    if (IsDynamic()) {
      // LiteRT reads a scale for each channel of a depthwise filter, whether there is one or not.
      const bool per_channel = kind_ == OpKind::kDepthwiseConv2D || (outputs > 1 && random_.Coin());
      Quantization w = {random_.Reals(outputs, 0.001F, 0.02F), {}, axis};
      if (!per_channel) w = Affine(w.scales[0], 0);
      w.zero_points.assign(w.scales.size(), 0);
      return Constant(shape, random_.Values<int8_t>(count, -127, 127), w);
    }
    const std::vector<float> values = random_.Reals(count, -1, 1);
    if (weights_ != WeightScheme::kFloat16) return Constant(shape, values);
    std::vector<uint16_t> halves;
    halves.reserve(values.size());
    for (const float value : values) halves.push_back(FloatToHalf(value));
    const TensorId packed = Constant(shape, halves);
    const TensorId unpacked = AddTensor(DataType::kFloat32, shape, {});
    model_.graph.ops.push_back({OpKind::kDequantize, NoOptions{}, {packed}, {unpacked}, "unpack"});
    return unpacked;
  }

  // Weights of [outputs along `axis`] and biases; `terms` products make an output.
  std::vector<TensorId> Weights(const Shape& shape, int32_t axis, int32_t outputs, int32_t terms,
                                const Quantization& x, Quantization* y) {
    const int64_t count = ElementCount(shape);
    const bool has_bias = random_.Coin();
    if (IsFloat()) {
      const TensorId w = FloatWeights(shape, axis, outputs);
      return {w, has_bias ? Constant({outputs}, random_.Reals(outputs, -1, 1)) : kNoTensor};
    }
    const bool bytes = type_ == DataType::kUInt8;
    Quantization w = Affine(AnyScale(type_).scales[0] / 4.0F, 0);
    if (bytes) w.zero_points = {random_.Int(1, 255)};
    if (!bytes && outputs > 1 && IsPerChannel()) w = ChannelScales(axis, outputs);
    // About what the sums need, so that some outputs saturate and some do not.
    const float sums = x.scales[0] * w.scales[0] * 70.0F * std::sqrt(static_cast<float>(terms)) *
                       (type_ == DataType::kInt16 ? 16000.0F : 70.0F);
    *y = AnyScale(type_);
    y->scales = {sums * std::exp2(random_.Real(0, 3)) /
                 (type_ == DataType::kInt16 ? 32767.0F : 128.0F)};
    if (random_.Int(0, 2) == 0) y->scales = {std::exp2(std::round(std::log2(y->scales[0])))};
    Quantization b = w;
    b.axis = 0;
    b.zero_points.assign(b.scales.size(), 0);
    for (float& scale : b.scales) scale *= x.scales[0];
    TensorId bias = kNoTensor;
    if (has_bias && type_ == DataType::kInt16) {
      bias = Constant({outputs}, random_.Values<int64_t>(outputs, -200000, 200000), b);
    } else if (has_bias) {
      bias = Constant({outputs}, random_.Values<int32_t>(outputs, -9000, 9000), b);
    }
    return {bytes ? Constant(shape, random_.Values<uint8_t>(count, 0, 255), w)
                  : Constant(shape, random_.Values<int8_t>(count, -127, 127), w),
            bias};
  }

  template <typename Options>
  void Slide(Options* options, int32_t max_dilation) {
    options->padding = random_.Coin() ? Padding::kSame : Padding::kValid;
    options->stride_h = options->stride_w = random_.Int(1, 2);
    if constexpr (requires { options->dilation_h; }) {
      if (options->stride_h == 1) {
        options->dilation_h = options->dilation_w = random_.Int(1, max_dilation);
      }
    }
    options->activation = AnyActivation();
  }
  static int32_t Slid(int32_t size, int32_t window, int32_t stride, Padding padding) {
    return padding == Padding::kSame ? (size + stride - 1) / stride : (size - window) / stride + 1;
  }

  void Convolution() {
    const bool depthwise = kind_ == OpKind::kDepthwiseConv2D;
    const Shape image = AnyImage();
    const int32_t fh = random_.Int(1, 3);
    // XNNPACK has rules of its own for dynamic range with filters of one pixel.
    const int32_t fw = IsDynamic() && random_.Coin() ? fh : random_.Int(1, 3);
    const int32_t multiplier = random_.Int(1, 5) == 1 ? 2 : 1;
    const int32_t outputs = depthwise ? image[3] * multiplier : random_.Int(1, 24);
    Shape y = {1, 0, 0, outputs};
    const auto size = [&](const auto& o) {
      y[1] = Slid(image[1], (fh - 1) * o.dilation_h + 1, o.stride_h, o.padding);
      y[2] = Slid(image[2], (fw - 1) * o.dilation_w + 1, o.stride_w, o.padding);
    };
    const int32_t max_dilation = std::min(image[1], image[2]) >= 5 ? 2 : 1;
    if (depthwise) {
      auto& options = std::get<DepthwiseConv2DOptions>(options_);
      Slide(&options, max_dilation);
      options.depth_multiplier = multiplier;
      size(options);
    } else {
      auto& options = std::get<Conv2DOptions>(options_);
      Slide(&options, max_dilation);
      size(options);
    }
    const Quantization x = AnyScale(type_);
    Quantization out = x;
    const TensorId input = Input(image, x);
    const Shape filter = depthwise ? Shape{1, fh, fw, outputs} : Shape{outputs, fh, fw, image[3]};
    const std::vector<TensorId> weights =
        Weights(filter, depthwise ? 3 : 0, outputs, fh * fw * (depthwise ? 1 : image[3]), x, &out);
    Finish({input, weights[0], weights[1]}, y, out, type_);
  }

  void FullyConnected() {
    const int32_t rows = random_.Int(1, 3);
    const int32_t depth = random_.Int(1, 70);
    const int32_t units = random_.Int(1, 20);
    auto& options = std::get<FullyConnectedOptions>(options_);
    options.activation = AnyActivation();
    options.asymmetric_quantize_inputs = IsDynamic() && random_.Coin();
    const Quantization x = AnyScale(type_);
    Quantization out = x;
    const TensorId input = Input({rows, depth}, x);
    const std::vector<TensorId> weights = Weights({units, depth}, 0, units, depth, x, &out);
    Finish({input, weights[0], weights[1]}, {rows, units}, out, type_);
  }

  void Pool() {
    const Shape image = AnyImage();
    auto& options = std::get<Pool2DOptions>(options_);
    Slide(&options, 1);
    options.filter_h = random_.Int(1, 3);
    options.filter_w = random_.Int(2, 3);
    if (random_.Int(0, 4) == 0) {  // over the whole input, for which some engines have a kernel
      options.padding = Padding::kValid;
      options.filter_h = image[1];
      options.filter_w = image[2];
    }
    const Quantization x = AnyScale(type_);
    const Shape y = {1, Slid(image[1], options.filter_h, options.stride_h, options.padding),
                     Slid(image[2], options.filter_w, options.stride_w, options.padding), image[3]};
    Finish({Input(image, x)}, y, x, type_);
  }

  // Of one batch or several, which one of the two may repeat.
  void BatchMatMul() {
    const int32_t rows = random_.Int(1, 7);
    const int32_t depth = random_.Int(1, 40);
    const int32_t columns = random_.Int(1, 7);
    auto& options = std::get<BatchMatMulOptions>(options_);
    options.adj_x = random_.Coin();
    options.adj_y = random_.Coin();
    const int32_t batches = random_.Int(1, 3);
    const Shape a = options.adj_x ? Shape{1, batches, depth, rows} : Shape{1, batches, rows, depth};
    const int32_t repeated = random_.Coin() ? 1 : batches;
    const Shape b =
        options.adj_y ? Shape{1, repeated, columns, depth} : Shape{1, repeated, depth, columns};
    const Quantization x = AnyScale(type_);
    const Quantization y = AnyScale(type_);
    Quantization out = AnyScale(type_);
    const float sums = x.scales[0] * y.scales[0] * 5000.0F * std::sqrt(static_cast<float>(depth));
    out.scales = {sums * std::exp2(random_.Real(0, 3)) / 128.0F};
    const TensorId first = Input(a, x);
    Finish({first, Input(b, y)}, {1, batches, rows, columns}, out, type_);
  }

  void Prelu() {
    const Shape image = AnyImage();
    const Quantization x = AnyScale(type_);
    Quantization y = AnyScale(type_);
    y.scales = {x.scales[0] * std::exp2(random_.Real(-1, 1))};
    const TensorId input = Input(image, x);
    TensorId slopes = kNoTensor;
    const Shape shape = {1, 1, image[3]};
    if (IsFloat()) {
      slopes = Constant(shape, random_.Reals(image[3], -1, 1));
    } else if (type_ == DataType::kUInt8) {
      slopes = Constant(shape, random_.Values<uint8_t>(image[3], 0, 255), AnyScale(type_));
    } else if (type_ == DataType::kInt16) {  // which nobody computes
      slopes = Input(shape, AnyScale(type_));
    } else {
      slopes = Constant(shape, random_.Values<int8_t>(image[3], -128, 127), AnyScale(type_));
    }
    Finish({input, slopes}, image, y, type_);
  }

  void Reduction() {
    const Shape image = AnyImage();
    const bool keep = random_.Coin();
    std::get<MeanOptions>(options_).keep_dims = keep;
    const Quantization x = AnyScale(type_);
    Quantization y = AnyScale(type_);
    if (kind_ == OpKind::kReduceMax || random_.Coin()) y = x;
    const TensorId input = Input(image, x);
    const TensorId axes = model_.graph.AddConstant("axes", {2}, std::vector<int32_t>{1, 2});
    Finish({input, axes}, keep ? Shape{1, 1, 1, image[3]} : Shape{1, image[3]}, y, type_);
  }

  void Pad() {
    const Shape image = AnyImage();
    const std::vector<int32_t> around = {
        0, 0, random_.Int(0, 2), random_.Int(1, 2), random_.Int(0, 2), random_.Int(0, 2), 0, 0};
    const Quantization x = AnyScale(type_);
    const TensorId input = Input(image, x);
    const TensorId paddings = model_.graph.AddConstant("paddings", {4, 2}, around);
    Finish({input, paddings},
           {1, image[1] + around[2] + around[3], image[2] + around[4] + around[5], image[3]}, x,
           type_);
  }

  void Concatenation() {
    Shape image = AnyImage();
    std::get<ConcatenationOptions>(options_).axis = 3;
    const Quantization x = AnyScale(type_);
    const TensorId a = Input(image, x);
    const TensorId b = Input({1, image[1], image[2], 5}, x);
    image[3] += 5;
    Finish({a, b}, image, x, type_);
  }

  void Reshape() {
    const Shape image = AnyImage();
    const std::vector<int32_t> flat = {1, image[1] * image[2] * image[3]};
    std::get<ReshapeOptions>(options_).new_shape = flat;
    const Quantization x = AnyScale(type_);
    const TensorId input = Input(image, x);
    Finish({input, model_.graph.AddConstant("shape", {2}, flat)}, flat, x, type_);
  }

  TensorId Parameter(const std::string& name, const std::vector<int32_t>& values) {
    return model_.graph.AddConstant(name, {static_cast<int32_t>(values.size())}, values);
  }

  void Transpose() {
    const Shape image = AnyImage();
    std::vector<int32_t> order = {0, 1, 2, 3};
    for (int32_t d = 3; d > 1; --d) std::swap(order[d], order[random_.Int(1, d)]);
    Shape y;
    for (const int32_t d : order) y.push_back(image[d]);
    const Quantization x = AnyScale(type_);
    const TensorId input = Input(image, x);
    Finish({input, Parameter("order", order)}, y, x, type_);
  }

  void DepthToSpace() {
    const int32_t block = random_.Int(1, 3);
    std::get<DepthToSpaceOptions>(options_).block = block;
    Shape image = AnyImage();
    const Shape y = {1, image[1] * block, image[2] * block, image[3]};
    image[3] *= block * block;
    const Quantization x = AnyScale(type_);
    Finish({Input(image, x)}, y, x, type_);
  }

  void StridedSlice() {
    const Shape image = AnyImage();
    std::vector<int32_t> begin = {0, random_.Int(0, 2), random_.Int(-3, -1), 0};
    std::vector<int32_t> end = {0, image[1], image[2], image[3]};
    const std::vector<int32_t> strides = {1, random_.Int(1, 2), 1, random_.Int(1, 3)};
    auto& options = std::get<StridedSliceOptions>(options_);
    options.begin_mask = options.end_mask = 1;
    if (random_.Coin()) options.end_mask |= 4;
    const bool shrinks = random_.Coin();
    if (shrinks) options.shrink_axis_mask = 4;
    const auto counted = [&](int32_t size, size_t d) {
      return (size + strides[d] - 1) / strides[d];
    };
    Shape y = {1, counted(image[1] - begin[1], 1)};
    if (!shrinks) y.push_back(-begin[2]);
    y.push_back(counted(image[3], 3));
    const Quantization x = AnyScale(type_);
    const TensorId input = Input(image, x);
    Finish({input, Parameter("begin", begin), Parameter("end", end), Parameter("strides", strides)},
           y, x, type_);
  }

  void Resize() {
    const Shape image = AnyImage();
    const std::vector<int32_t> size = {random_.Int(1, 15), random_.Int(1, 15)};
    auto& options = std::get<ResizeOptions>(options_);
    options.half_pixel_centers = random_.Coin();
    options.align_corners = !options.half_pixel_centers && random_.Coin();
    const Quantization x = AnyScale(type_);
    const TensorId input = Input(image, x);
    Finish({input, Parameter("size", size)}, {1, size[0], size[1], image[3]}, x, type_);
  }

  void Extremum() {
    const Shape image = AnyImage();
    const Quantization x = AnyScale(type_);
    const TensorId first = Input(image, x);
    Finish({first, Input(random_.Coin() ? image : Shape{1, 1, 1, image[3]}, x)}, image, x, type_);
  }

  void Binary() {
    const Shape image = AnyImage();
    std::get<BinaryOptions>(options_).activation = AnyActivation();
    const Quantization a = AnyScale(type_);
    const Quantization b = AnyScale(type_);
    const bool product = kind_ == OpKind::kMul;
    Quantization y = AnyScale(type_);
    const float real =
        product ? a.scales[0] * b.scales[0] * 60.0F : std::max(a.scales[0], b.scales[0]);
    y.scales = {real * std::exp2(random_.Real(-1, 2))};
    if (random_.Int(0, 2) == 0) y.scales = {std::exp2(std::round(std::log2(y.scales[0])))};
    if (type_ == DataType::kInt16 && product) y.scales[0] *= 200.0F;
    const TensorId first = Input(image, a);
    Finish({first, Input(random_.Coin() ? image : Shape{1, 1, 1, image[3]}, b)}, image, y, type_);
  }

  void Unary() {
    const Shape image = kind_ == OpKind::kSoftmax ? Shape{1, random_.Int(2, 30)} : AnyImage();
    Quantization x = AnyScale(type_);
    if (type_ == DataType::kInt16) x.scales[0] /= 64.0F;
    DataType out_type = type_;
    Quantization y = AnyScale(type_);
    const std::optional<FixedScale> fixed = FixedOutputScale(kind_, type_);
    switch (kind_) {
      case OpKind::kQuantize:
        out_type = to_;
        y = AnyScale(to_);
        if (type_ == DataType::kInt16 && to_ != DataType::kInt16) y.scales[0] *= 4.0F;
        break;
      case OpKind::kDequantize:
        out_type = DataType::kFloat32;
        break;
      case OpKind::kGelu:
        std::get<GeluOptions>(options_).approximate = random_.Coin();
        if (random_.Coin()) y = x;
        break;
      case OpKind::kLeakyRelu:
        std::get<LeakyReluOptions>(options_).alpha = random_.Real(0.01F, 0.9F);
        [[fallthrough]];
      default:
        if (fixed) {
          y = Affine(fixed->scale, fixed->zero_point);
          break;
        }
        y.scales = {x.scales[0] * std::exp2(random_.Real(-1, 1))};
        if (random_.Int(0, 2) == 0) y.scales = {x.scales[0] * 2.0F};
        if (random_.Coin()) y = x;
        break;
    }
    Finish({Input(image, x)}, image, y, out_type);
  }

  OpKind kind_;
  DataType type_;
  WeightScheme weights_;
  DataType to_;
  Random& random_;
  Model model_;
  OpOptions options_;
};

}  // namespace

bool HasOperator(const OperatorType& type, OpKind kind) {
  if (type.weights == WeightScheme::kPerChannel || type.weights == WeightScheme::kFloat16 ||
      type.weights == WeightScheme::kDynamic) {
    return HasWeights(kind);
  }
  const bool converts = kind == OpKind::kQuantize || kind == OpKind::kDequantize;
  return !converts || type.activations != DataType::kFloat32;
}

Model RandomOperator(OpKind kind, const OperatorType& type, Random& random) {
  const DataType from = kind == OpKind::kQuantize ? DataType::kFloat32 : type.activations;
  return Builder(kind, from, type.weights, type.activations, random).Build();
}

Model RandomOperator(OpKind kind, DataType from, Random& random, DataType to) {
  const WeightScheme weights =
      from == DataType::kFloat32 ? WeightScheme::kDynamic : WeightScheme::kEither;
  return Builder(kind, from, weights, to, random).Build();
}

Bytes RandomValues(DataType type, const Shape& shape, Random& random) {
  const int64_t count = ElementCount(shape);
  if (type == DataType::kFloat32) {
    const std::vector<float> values = random.Reals(count, -1, 1);
    const ByteSpan bytes = AsBytes(values);
    return {bytes.begin(), bytes.end()};
  }
  return random.Values<uint8_t>(count * static_cast<int64_t>(DataTypeSize(type)), 0, 255);
}

}  // namespace qbench::graph
