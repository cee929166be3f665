#include "graph/tflite/tflite_options.h"

#include <utility>

#include "graph/tflite/tflite_codes.h"
#include "graph/tflite/tflite_file.h"
#include "graph/tflite/tflite_names.h"

namespace qbench::graph {
namespace {

Status ReadActivation(wire::ActivationFunctionType wire_activation, Activation& result) {
  const std::optional<Activation> activation = FromWire(wire_activation);
  if (!activation) {
    return Error(StatusCode::kUnsupported, "the fused activation {} is not supported",
                 FusedActivationName(static_cast<int32_t>(wire_activation)));
  }
  result = *activation;
  return OkStatus();
}

// What convolutions and pooling have in common.
template <typename Wire, typename Options>
Status ReadWindow(const Wire& wire_options, Options& options) {
  const std::optional<Padding> padding = FromWire(wire_options.padding());
  if (!padding) return Error(StatusCode::kCorrupt, "an unknown padding");
  options.padding = *padding;
  options.stride_h = wire_options.stride_h();
  options.stride_w = wire_options.stride_w();
  return ReadActivation(wire_options.fused_activation_function(), options.activation);
}

// The table of an operator that means nothing without its options.
template <typename Wire>
Result<const Wire*> Required(const wire::Operator& op) {
  if (const Wire* options = op.builtin_options_as<Wire>(); options != nullptr) return options;
  return Error(StatusCode::kCorrupt, "the options are missing or another operator's");
}

// int16 scales are any number in the IR. The format's default is powers of two.
bool HasPowersOfTwo(const Graph& graph, const Op& op) {
  return op.outputs.empty() ||
         graph.tensors[static_cast<size_t>(op.outputs[0])].type != DataType::kInt16;
}

class OptionsReader {
 public:
  OptionsReader(const wire::Operator& wire_op, Graph& graph, Op& op)
      : wire_(wire_op), graph_(graph), op_(op) {}

  Status operator()(const NoOptions&) const { return OkStatus(); }

  Status operator()(BinaryOptions& o) const {
    if (op_.kind == OpKind::kAdd) return ReadSum(wire_.builtin_options_as_AddOptions(), o);
    if (op_.kind == OpKind::kSub) return ReadSum(wire_.builtin_options_as_SubOptions(), o);
    if (op_.kind == OpKind::kDiv) return ReadProduct(wire_.builtin_options_as_DivOptions(), o);
    return ReadProduct(wire_.builtin_options_as_MulOptions(), o);
  }

  Status operator()(ConcatenationOptions& o) const {
    QB_ASSIGN_OR_RETURN(const auto* options, Required<wire::ConcatenationOptions>(wire_));
    o.axis = options->axis();
    return ReadActivation(options->fused_activation_function(), o.activation);
  }

  Status operator()(Conv2DOptions& o) const {
    QB_ASSIGN_OR_RETURN(const auto* options, Required<wire::Conv2DOptions>(wire_));
    o.dilation_h = options->dilation_h_factor();
    o.dilation_w = options->dilation_w_factor();
    return ReadWindow(*options, o);
  }

  Status operator()(DepthwiseConv2DOptions& o) const {
    QB_ASSIGN_OR_RETURN(const auto* options, Required<wire::DepthwiseConv2DOptions>(wire_));
    o.dilation_h = options->dilation_h_factor();
    o.dilation_w = options->dilation_w_factor();
    o.depth_multiplier = options->depth_multiplier();
    return ReadWindow(*options, o);
  }

  Status operator()(FullyConnectedOptions& o) const {
    QB_ASSIGN_OR_RETURN(const auto* options, Required<wire::FullyConnectedOptions>(wire_));
    if (options->weights_format() != 0) {
      return Error(StatusCode::kUnsupported, "shuffled weights");
    }
    o.keep_num_dims = options->keep_num_dims();
    o.asymmetric_quantize_inputs = options->asymmetric_quantize_inputs();
    return ReadActivation(options->fused_activation_function(), o.activation);
  }

  Status operator()(Pool2DOptions& o) const {
    QB_ASSIGN_OR_RETURN(const auto* options, Required<wire::Pool2DOptions>(wire_));
    o.filter_h = options->filter_height();
    o.filter_w = options->filter_width();
    return ReadWindow(*options, o);
  }

  Status operator()(MeanOptions& o) const {
    if (const auto* options = wire_.builtin_options_as_ReducerOptions()) {
      o.keep_dims = options->keep_dims();
    }
    return OkStatus();
  }

  // Old files have the new shape in the options alone: it becomes the constant that the IR wants.
  Status operator()(ReshapeOptions& o) const {
    const auto* options = wire_.builtin_options_as_ReshapeOptions();
    if (options != nullptr) o.new_shape = Elements(options->new_shape());
    if (op_.inputs.size() == 1) {
      if (o.new_shape.empty()) return Error(StatusCode::kCorrupt, "no new shape");
      op_.inputs.push_back(
          graph_.AddConstant("new_shape", {static_cast<int32_t>(o.new_shape.size())}, o.new_shape));
    } else if (op_.inputs.size() == 2 && op_.inputs[1] != kNoTensor) {
      const Tensor& shape = graph_.tensors[static_cast<size_t>(op_.inputs[1])];
      if (shape.type != DataType::kInt32 || !shape.is_constant()) {
        return Error(StatusCode::kUnsupported, "the new shape is not an int32 constant");
      }
      o.new_shape = shape.constant->Values<int32_t>();
    }
    return OkStatus();
  }

  Status operator()(LeakyReluOptions& o) const {
    QB_ASSIGN_OR_RETURN(const auto* options, Required<wire::LeakyReluOptions>(wire_));
    o.alpha = options->alpha();
    return OkStatus();
  }

  Status operator()(StridedSliceOptions& o) const {
    const auto* options = wire_.builtin_options_as_StridedSliceOptions();
    if (options == nullptr) return OkStatus();
    if (options->ellipsis_mask() != 0 || options->new_axis_mask() != 0 || options->offset()) {
      return Error(StatusCode::kUnsupported, "an ellipsis, new dimensions or offsets");
    }
    o.begin_mask = options->begin_mask();
    o.end_mask = options->end_mask();
    o.shrink_axis_mask = options->shrink_axis_mask();
    return OkStatus();
  }

  Status operator()(ResizeOptions& o) const {
    const auto read = [&o](const auto* options) {
      if (options == nullptr) return;
      o.align_corners = options->align_corners();
      o.half_pixel_centers = options->half_pixel_centers();
    };
    if (op_.kind == OpKind::kResizeBilinear) {
      read(wire_.builtin_options_as_ResizeBilinearOptions());
    } else {
      read(wire_.builtin_options_as_ResizeNearestNeighborOptions());
    }
    return OkStatus();
  }

  Status operator()(DepthToSpaceOptions& o) const {
    QB_ASSIGN_OR_RETURN(const auto* options, Required<wire::DepthToSpaceOptions>(wire_));
    o.block = options->block_size();
    return OkStatus();
  }

  Status operator()(BatchMatMulOptions& o) const {
    const auto* options = wire_.builtin_options_as_BatchMatMulOptions();
    if (options == nullptr) return OkStatus();
    o.adj_x = options->adj_x();
    o.adj_y = options->adj_y();
    o.asymmetric_quantize_inputs = options->asymmetric_quantize_inputs();
    return OkStatus();
  }

  Status operator()(GeluOptions& o) const {
    const auto* options = wire_.builtin_options_as_GeluOptions();
    o.approximate = options != nullptr && options->approximate();
    return OkStatus();
  }

  Status operator()(SoftmaxOptions& o) const {
    QB_ASSIGN_OR_RETURN(const auto* options, Required<wire::SoftmaxOptions>(wire_));
    o.beta = options->beta();
    return OkStatus();
  }

 private:
  // Of a multiplication or division.
  template <typename Wire>
  Status ReadProduct(const Wire* options, BinaryOptions& o) const {
    if (options == nullptr) return OkStatus();
    return ReadActivation(options->fused_activation_function(), o.activation);
  }

  // Of an addition or subtraction.
  template <typename Wire>
  Status ReadSum(const Wire* options, BinaryOptions& o) const {
    if (options == nullptr) return OkStatus();
    if (options->pot_scale_int16() && !HasPowersOfTwo(graph_, op_)) {
      return Error(StatusCode::kUnsupported, "int16 with scales that are powers of two");
    }
    return ReadActivation(options->fused_activation_function(), o.activation);
  }

  const wire::Operator& wire_;
  Graph& graph_;
  Op& op_;
};

class OptionsWriter {
 public:
  OptionsWriter(const Op& op, const Graph& graph, flatbuffers::FlatBufferBuilder& builder)
      : op_(op), graph_(graph), builder_(builder) {}

  WireOptions operator()(const NoOptions&) const { return {}; }
  // The shape input says it, as in the files of TensorFlow's converter.
  WireOptions operator()(const ReshapeOptions&) const { return {}; }

  WireOptions operator()(const BinaryOptions& o) const {
    const wire::ActivationFunctionType activation = ToWire(o.activation);
    // The default keeps files small.
    const bool powers_of_two = HasPowersOfTwo(graph_, op_);
    if (op_.kind == OpKind::kAdd) {
      return {wire::BuiltinOptions_AddOptions,
              wire::CreateAddOptions(builder_, activation, powers_of_two).Union()};
    }
    if (op_.kind == OpKind::kSub) {
      return {wire::BuiltinOptions_SubOptions,
              wire::CreateSubOptions(builder_, activation, powers_of_two).Union()};
    }
    if (op_.kind == OpKind::kDiv) {
      return {wire::BuiltinOptions_DivOptions,
              wire::CreateDivOptions(builder_, activation).Union()};
    }
    return {wire::BuiltinOptions_MulOptions, wire::CreateMulOptions(builder_, activation).Union()};
  }

  WireOptions operator()(const ConcatenationOptions& o) const {
    return {wire::BuiltinOptions_ConcatenationOptions,
            wire::CreateConcatenationOptions(builder_, o.axis, ToWire(o.activation)).Union()};
  }

  WireOptions operator()(const Conv2DOptions& o) const {
    return {wire::BuiltinOptions_Conv2DOptions,
            wire::CreateConv2DOptions(builder_, ToWire(o.padding), o.stride_w, o.stride_h,
                                      ToWire(o.activation), o.dilation_w, o.dilation_h)
                .Union()};
  }

  WireOptions operator()(const DepthwiseConv2DOptions& o) const {
    return {wire::BuiltinOptions_DepthwiseConv2DOptions,
            wire::CreateDepthwiseConv2DOptions(builder_, ToWire(o.padding), o.stride_w, o.stride_h,
                                               o.depth_multiplier, ToWire(o.activation),
                                               o.dilation_w, o.dilation_h)
                .Union()};
  }

  WireOptions operator()(const FullyConnectedOptions& o) const {
    return {wire::BuiltinOptions_FullyConnectedOptions,
            wire::CreateFullyConnectedOptions(builder_, ToWire(o.activation), 0, o.keep_num_dims,
                                              o.asymmetric_quantize_inputs)
                .Union()};
  }

  WireOptions operator()(const Pool2DOptions& o) const {
    return {wire::BuiltinOptions_Pool2DOptions,
            wire::CreatePool2DOptions(builder_, ToWire(o.padding), o.stride_w, o.stride_h,
                                      o.filter_w, o.filter_h, ToWire(o.activation))
                .Union()};
  }

  WireOptions operator()(const MeanOptions& o) const {
    return {wire::BuiltinOptions_ReducerOptions,
            wire::CreateReducerOptions(builder_, o.keep_dims).Union()};
  }

  WireOptions operator()(const LeakyReluOptions& o) const {
    return {wire::BuiltinOptions_LeakyReluOptions,
            wire::CreateLeakyReluOptions(builder_, o.alpha).Union()};
  }

  WireOptions operator()(const StridedSliceOptions& o) const {
    return {wire::BuiltinOptions_StridedSliceOptions,
            wire::CreateStridedSliceOptions(builder_, o.begin_mask, o.end_mask, 0, 0,
                                            o.shrink_axis_mask)
                .Union()};
  }

  WireOptions operator()(const ResizeOptions& o) const {
    if (op_.kind == OpKind::kResizeBilinear) {
      return {wire::BuiltinOptions_ResizeBilinearOptions,
              wire::CreateResizeBilinearOptions(builder_, o.align_corners, o.half_pixel_centers)
                  .Union()};
    }
    return {
        wire::BuiltinOptions_ResizeNearestNeighborOptions,
        wire::CreateResizeNearestNeighborOptions(builder_, o.align_corners, o.half_pixel_centers)
            .Union()};
  }

  WireOptions operator()(const DepthToSpaceOptions& o) const {
    return {wire::BuiltinOptions_DepthToSpaceOptions,
            wire::CreateDepthToSpaceOptions(builder_, o.block).Union()};
  }

  WireOptions operator()(const BatchMatMulOptions& o) const {
    return {wire::BuiltinOptions_BatchMatMulOptions,
            wire::CreateBatchMatMulOptions(builder_, o.adj_x, o.adj_y, o.asymmetric_quantize_inputs)
                .Union()};
  }

  WireOptions operator()(const GeluOptions& o) const {
    return {wire::BuiltinOptions_GeluOptions,
            wire::CreateGeluOptions(builder_, o.approximate).Union()};
  }

  WireOptions operator()(const SoftmaxOptions& o) const {
    return {wire::BuiltinOptions_SoftmaxOptions,
            wire::CreateSoftmaxOptions(builder_, o.beta).Union()};
  }

 private:
  const Op& op_;
  const Graph& graph_;
  flatbuffers::FlatBufferBuilder& builder_;
};

}  // namespace

Status ReadOptions(const wire::Operator& wire_op, Graph& graph, Op& op) {
  return std::visit(OptionsReader(wire_op, graph, op), op.options);
}

WireOptions WriteOptionsOf(const Op& op, const Graph& graph,
                           flatbuffers::FlatBufferBuilder& builder) {
  return std::visit(OptionsWriter(op, graph, builder), op.options);
}

}  // namespace qbench::graph
