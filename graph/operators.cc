#include "graph/operators.h"

#include <algorithm>
#include <limits>

#include "graph/operator_rules.h"

namespace qbench::graph {
namespace {

template <typename Options>
OpOptions Default() {
  return Options{};
}

constexpr OperatorInputs kTwo = {.count = 2};
constexpr OperatorInputs kWithParameter = {.count = 2, .parameters = 1};
constexpr OperatorInputs kWithWeights = {.count = 3, .last_optional = true};

constexpr FixedScale kUpToOne = {1.0F / 256.0F, -128};  // [0, 1]
constexpr FixedScale kAroundZero = {1.0F / 128.0F, 0};  // [-1, 1]

// The releases are those of TensorFlow's source file lite/tools/versioning/runtime_version.cc; 12
// of FULLY_CONNECTED as its converter writes it.
constexpr auto kOperators = std::to_array<OperatorInfo>({
    {.kind = OpKind::kAdd,
     .name = "ADD",
     .default_options = Default<BinaryOptions>,
     .inputs = kTwo,
     .shape = BroadcastShape,
     .types = CheckSameType,
     .version = VersionByType,
     .releases = {"1.5.0", "1.14.0", "2.4.0"}},
    {.kind = OpKind::kSub,
     .name = "SUB",
     .default_options = Default<BinaryOptions>,
     .inputs = kTwo,
     .shape = BroadcastShape,
     .types = CheckSameType,
     .version = SubVersion,
     .releases = {"1.6.0", "1.14.0", "2.3.0", "2.4.0", "2.4.0"}},
    {.kind = OpKind::kMul,
     .name = "MUL",
     .default_options = Default<BinaryOptions>,
     .inputs = kTwo,
     .shape = BroadcastShape,
     .types = CheckSameType,
     .version = MulVersion,
     .releases = {"1.5.0", "1.14.0", "1.15.0", "2.3.0"}},
    {.kind = OpKind::kConcatenation,
     .name = "CONCATENATION",
     .default_options = Default<ConcatenationOptions>,
     .inputs = {.count = 1, .or_more = true},
     .keeps_scale = true,
     .shape = ConcatenationShape,
     .types = CheckConcatenation,
     .version = VersionByType,
     .releases = {"1.5.0", "1.14.0", "2.3.0"}},
    {.kind = OpKind::kConv2D,
     .name = "CONV_2D",
     .default_options = Default<Conv2DOptions>,
     .inputs = kWithWeights,
     .channel_axis = 0,
     .shape = Conv2DShape,
     .types = CheckWeighted,
     .version = Conv2DVersion,
     .releases = {"1.5.0", "1.14.0", "1.14.0", "2.3.0", "2.4.0"}},
    {.kind = OpKind::kDepthwiseConv2D,
     .name = "DEPTHWISE_CONV_2D",
     .default_options = Default<DepthwiseConv2DOptions>,
     .inputs = kWithWeights,
     .channel_axis = 3,
     .shape = DepthwiseConv2DShape,
     .types = CheckWeighted,
     .version = DepthwiseConv2DVersion,
     .releases = {"1.5.0", "1.12.0", "1.14.0", "2.2.0", "2.3.0", "2.3.0"}},
    {.kind = OpKind::kFullyConnected,
     .name = "FULLY_CONNECTED",
     .default_options = Default<FullyConnectedOptions>,
     .inputs = kWithWeights,
     .channel_axis = 0,
     .shape = FullyConnectedShape,
     .types = CheckWeighted,
     .version = FullyConnectedVersion,
     .releases = {"1.5.0", "1.10.0", "1.14.0", "1.14.0", "2.0.0", "2.1.0", "2.3.0", "2.3.0",
                  "2.3.0", "", "", "2.17.0"}},
    {.kind = OpKind::kAveragePool2D,
     .name = "AVERAGE_POOL_2D",
     .default_options = Default<Pool2DOptions>,
     .keeps_scale = true,
     .shape = PoolShape,
     .types = CheckSameScale,
     .version = VersionByType,
     .releases = {"1.5.0", "1.14.0", "2.3.0"}},
    {.kind = OpKind::kMaxPool2D,
     .name = "MAX_POOL_2D",
     .default_options = Default<Pool2DOptions>,
     .keeps_scale = true,
     .shape = PoolShape,
     .types = CheckSameScale,
     .version = VersionByType,
     .releases = {"1.5.0", "1.14.0", "2.3.0"}},
    {.kind = OpKind::kMean,
     .name = "MEAN",
     .default_options = Default<MeanOptions>,
     .inputs = kWithParameter,
     .shape = MeanShape,
     .types = CheckSameType,
     .version = VersionByType,
     .releases = {"1.6.0", "1.14.0", "2.4.0"}},
    {.kind = OpKind::kPad,
     .name = "PAD",
     .inputs = kWithParameter,
     .keeps_scale = true,
     .shape = PadShape,
     .types = CheckSameType,
     .version = PadVersion,
     .releases = {"1.5.0", "1.14.0", "2.4.0", "2.6.0"}},
    {.kind = OpKind::kReshape,
     .name = "RESHAPE",
     .default_options = Default<ReshapeOptions>,
     .inputs = kWithParameter,
     .keeps_scale = true,
     .shape = ReshapeShape,
     .types = CheckReshape,
     .version = OneVersion,
     .releases = {"1.5.0"}},
    {.kind = OpKind::kRelu,
     .name = "RELU",
     .activation = Activation::kRelu,
     .shape = SameShape,
     .types = CheckSameType,
     .version = ReluVersion,
     .releases = {"1.5.0", "2.1.0", "2.5.0"}},
    {.kind = OpKind::kRelu6,
     .name = "RELU6",
     .activation = Activation::kRelu6,
     .shape = SameShape,
     .types = CheckSameType,
     .version = VersionByType,
     .releases = {"1.5.0", "1.14.0", "2.5.0"}},
    {.kind = OpKind::kLogistic,
     .name = "LOGISTIC",
     .fixed_scale = kUpToOne,
     .shape = SameShape,
     .types = CheckFixedScale,
     .version = VersionByType,
     .releases = {"1.14.0", "1.14.0", "2.3.0"}},
    {.kind = OpKind::kTanh,
     .name = "TANH",
     .fixed_scale = kAroundZero,
     .shape = SameShape,
     .types = CheckFixedScale,
     .version = VersionByType,
     .releases = {"1.14.0", "1.14.0", "2.3.0"}},
    {.kind = OpKind::kLeakyRelu,
     .name = "LEAKY_RELU",
     .default_options = Default<LeakyReluOptions>,
     .shape = SameShape,
     .types = CheckLeakyRelu,
     .version = LeakyReluVersion,
     .releases = {"1.13.1", "2.3.0"}},
    {.kind = OpKind::kHardSwish,
     .name = "HARD_SWISH",
     .integers = IntegerKernels::k8Bits,
     .shape = SameShape,
     .types = CheckSameType,
     .version = OneVersion,
     .releases = {"1.15.0"}},
    {.kind = OpKind::kSoftmax,
     .name = "SOFTMAX",
     .default_options = Default<SoftmaxOptions>,
     .fixed_scale = kUpToOne,
     .shape = SameShapeOfVectors,
     .types = CheckSoftmax,
     .version = VersionByType,
     .releases = {"1.5.0", "1.14.0", "2.3.0"}},
    {.kind = OpKind::kQuantize,
     .name = "QUANTIZE",
     .shape = SameShape,
     .types = CheckQuantize,
     .version = QuantizeVersion,
     .releases = {"1.14.0", "1.15.0", "2.7.0"}},
    {.kind = OpKind::kDequantize,
     .name = "DEQUANTIZE",
     .shape = SameShape,
     .types = CheckDequantize,
     .version = DequantizeVersion,
     .releases = {"1.13.1", "1.14.0", "1.15.0", "2.2.0", "2.7.0", "2.18.0"}},
    {.kind = OpKind::kMaximum,
     .name = "MAXIMUM",
     .inputs = kTwo,
     .keeps_scale = true,
     .shape = BroadcastShape,
     .types = CheckSameScale,
     .version = ExtremumVersion,
     .releases = {"1.14.0", "1.14.0", "2.3.0", "2.3.0"}},
    {.kind = OpKind::kMinimum,
     .name = "MINIMUM",
     .inputs = kTwo,
     .keeps_scale = true,
     .shape = BroadcastShape,
     .types = CheckSameScale,
     .version = ExtremumVersion,
     .releases = {"1.14.0", "1.14.0", "2.3.0", "2.3.0"}},
    {.kind = OpKind::kTranspose,
     .name = "TRANSPOSE",
     .inputs = kWithParameter,
     .keeps_scale = true,
     .shape = TransposeShape,
     .types = CheckSameScale,
     .version = TransposeVersion,
     .releases = {"1.6.0", "1.14.0", "1.15.0", "2.3.0", "2.4.0"}},
    {.kind = OpKind::kStridedSlice,
     .name = "STRIDED_SLICE",
     .default_options = Default<StridedSliceOptions>,
     .inputs = {.count = 4, .parameters = 3},
     .keeps_scale = true,
     .shape = StridedSliceShape,
     .types = CheckSameScale,
     .version = StridedSliceVersion,
     .releases = {"1.6.0", "1.14.0", "2.1.0", "2.2.0"}},
    {.kind = OpKind::kResizeNearestNeighbor,
     .name = "RESIZE_NEAREST_NEIGHBOR",
     .default_options = Default<ResizeOptions>,
     .inputs = kWithParameter,
     .keeps_scale = true,
     .shape = ResizeShape,
     .types = CheckResize,
     .version = ResizeVersion,
     .releases = {"1.13.1", "1.14.0", "2.3.0", "2.4.0"}},
    {.kind = OpKind::kResizeBilinear,
     .name = "RESIZE_BILINEAR",
     .default_options = Default<ResizeOptions>,
     .inputs = kWithParameter,
     .integers = IntegerKernels::kNone,
     .shape = ResizeShape,
     .types = CheckResize,
     .version = ResizeVersion,
     .releases = {"1.7.0", "1.14.0", "2.2.0", "2.5.0"}},
    {.kind = OpKind::kElu,
     .name = "ELU",
     .integers = IntegerKernels::kInt8,
     .shape = SameShape,
     .types = CheckSameType,
     .version = OneVersion,
     .releases = {"1.14.0"}},
    {.kind = OpKind::kGelu,
     .name = "GELU",
     .default_options = Default<GeluOptions>,
     .integers = IntegerKernels::k8Bits,
     .shape = SameShape,
     .types = CheckSameType,
     .version = GeluVersion,
     .releases = {"2.9.0", "2.9.0"}},
    {.kind = OpKind::kRsqrt,
     .name = "RSQRT",
     .integers = IntegerKernels::kNone,
     .shape = SameShape,
     .types = CheckSameType,
     .version = OneVersion,
     .releases = {"1.10.0"}},
    {.kind = OpKind::kDiv,
     .name = "DIV",
     .default_options = Default<BinaryOptions>,
     .inputs = kTwo,
     .integers = IntegerKernels::kNone,
     .shape = BroadcastShape,
     .types = CheckSameType,
     .version = OneVersion,
     .releases = {"1.6.0"}},
    {.kind = OpKind::kDepthToSpace,
     .name = "DEPTH_TO_SPACE",
     .default_options = Default<DepthToSpaceOptions>,
     .keeps_scale = true,
     .integers = IntegerKernels::k8Bits,
     .shape = DepthToSpaceShape,
     .types = CheckSameScale,
     .version = VersionByType,
     .releases = {"2.1.0", "2.5.0"}},
    {.kind = OpKind::kBatchMatMul,
     .name = "BATCH_MATMUL",
     .default_options = Default<BatchMatMulOptions>,
     .inputs = kTwo,
     .integers = IntegerKernels::kInt8,
     .shape = BatchMatMulShape,
     .types = CheckSameType,
     .version = VersionByType,
     .releases = {"2.3.0", "2.3.0"}},
    {.kind = OpKind::kPrelu,
     .name = "PRELU",
     .inputs = kTwo,
     .integers = IntegerKernels::k8Bits,
     .shape = PreluShape,
     .types = CheckSameType,
     .version = OneVersion,
     .releases = {"1.8.0"}},
    {.kind = OpKind::kSum,
     .name = "SUM",
     .default_options = Default<MeanOptions>,
     .inputs = kWithParameter,
     .integers = IntegerKernels::kNone,
     .shape = MeanShape,
     .types = CheckSameType,
     .version = OneVersion,
     .releases = {"1.10.0"}},
    {.kind = OpKind::kReduceMax,
     .name = "REDUCE_MAX",
     .default_options = Default<MeanOptions>,
     .inputs = kWithParameter,
     .keeps_scale = true,
     .shape = MeanShape,
     .types = CheckSameScale,
     .version = VersionByType,
     .releases = {"1.14.0", "1.14.0", "2.5.0"}},
    {.kind = OpKind::kSqrt,
     .name = "SQRT",
     .integers = IntegerKernels::kNone,
     .shape = SameShape,
     .types = CheckSameType,
     .version = OneVersion,
     .releases = {"1.10.0"}},
});

// Each row is its enumerator's. (That none lacks a rule, a test says: with a sanitizer the compiler
// does not know that a function has an address.)
constexpr bool AreWhole(std::span<const OperatorInfo> rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    const OperatorInfo& row = rows[i];
    if (row.kind != static_cast<OpKind>(i) || row.name.empty() || row.releases[0].empty()) {
      return false;
    }
  }
  return true;
}
static_assert(AreWhole(kOperators));

// Compilers write an enumerator by its name, and a value that has none as a cast: "(OpKind)21".
template <OpKind Kind>
constexpr bool IsEnumerator() {
  return std::string_view(__PRETTY_FUNCTION__).find("OpKind)") == std::string_view::npos;
}
static_assert(IsEnumerator<kOperators.back().kind>() &&
                  !IsEnumerator<static_cast<OpKind>(kOperators.size())>(),
              "an operator was appended to OpKind that has no row");

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// In the order of the enumeration.
constexpr auto kActivations = std::to_array<ActivationInfo>({
    {"NONE", -kInfinity, kInfinity},
    {"RELU", 0.0F, kInfinity},
    {"RELU_N1_TO_1", -1.0F, 1.0F},
    {"RELU6", 0.0F, 6.0F},
});
static_assert(static_cast<size_t>(Activation::kRelu6) + 1 == kActivations.size());

}  // namespace

std::span<const OperatorInfo> AllOperators() { return kOperators; }

const OperatorInfo& InfoOf(OpKind kind) { return kOperators[static_cast<size_t>(kind)]; }

const OperatorInfo* FindOperator(std::string_view name) {
  const auto* const found = std::ranges::find(kOperators, name, &OperatorInfo::name);
  return found == kOperators.end() ? nullptr : found;
}

std::string_view OpKindName(OpKind kind) { return InfoOf(kind).name; }

OpOptions DefaultOptions(OpKind kind) { return InfoOf(kind).default_options(); }

std::optional<FixedScale> FixedOutputScale(OpKind kind, DataType type) {
  std::optional<FixedScale> fixed = InfoOf(kind).fixed_scale;
  if (fixed && type == DataType::kUInt8) fixed->zero_point += 128;
  if (fixed && type == DataType::kInt16) fixed = FixedScale{1.0F / 32768.0F, 0};
  return fixed;
}

bool HasKernel(OpKind kind, DataType activations) {
  const IntegerKernels integers = InfoOf(kind).integers;
  if (activations == DataType::kInt16) return integers == IntegerKernels::k8And16Bits;
  if (activations == DataType::kUInt8) return integers >= IntegerKernels::k8Bits;
  return activations != DataType::kInt8 || integers != IntegerKernels::kNone;
}

const ActivationInfo& InfoOf(Activation activation) {
  return kActivations[static_cast<size_t>(activation)];
}

Activation FusedActivationOf(const Op& op) {
  return std::visit(
      [](const auto& options) {
        if constexpr (requires { options.activation; }) return options.activation;
        return Activation::kNone;
      },
      op.options);
}

}  // namespace qbench::graph
