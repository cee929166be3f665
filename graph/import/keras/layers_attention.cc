// MultiHeadAttention (Vaswani et al. 2017, arXiv 1706.03762, section 3.2.2) without a mask.
#include <cmath>
#include <string>
#include <utility>

#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

struct Attention {
  int32_t heads = 1;
  int32_t key_size = 1, value_size = 1;  // of one head
  bool use_bias = true;
};

Status CheckOptions(const LayerOptions& options, size_t rank) {
  QB_ASSIGN_OR_RETURN(const bool gate, options.Bool("use_gate", false));
  if (gate) return options.UnsupportedOption("use_gate is not known");
  if (options.Has("sliding_window")) {
    return options.UnsupportedOption("sliding_window is not known");
  }
  // All dimensions between the batch and the last, which are the default.
  const Json& axes = options["attention_axes"];
  if (axes.is_null()) return OkStatus();
  Json all = Json::array();
  for (size_t i = 1; i + 1 < rank; ++i) all.push_back(i);
  if (axes == all || (all.size() == 1 && axes == all[0])) return OkStatus();
  return options.UnsupportedOption("attention_axes leave out a dimension");
}

Result<Attention> ReadAttention(const LayerOptions& options) {
  Attention attention;
  QB_ASSIGN_OR_RETURN(attention.heads, options.SizeOfWeights("num_heads"));
  QB_ASSIGN_OR_RETURN(attention.key_size, options.SizeOfWeights("key_dim"));
  attention.value_size = attention.key_size;
  if (options.Has("value_dim")) {
    QB_ASSIGN_OR_RETURN(attention.value_size, options.SizeOfWeights("value_dim"));
  }
  QB_ASSIGN_OR_RETURN(attention.use_bias, options.Bool("use_bias", true));
  constexpr int64_t kMost = int64_t{1} << 24;
  if (int64_t{attention.heads} * std::max(attention.key_size, attention.value_size) > kMost) {
    return options.Corrupt("its heads are too many or too large");
  }
  return attention;
}

// One of the layer's dense layers, by its name and its groups in .keras files.
struct PartName {
  const char* name;
  std::string_view keras3, keras2;
};
constexpr PartName kQuery = {"query", "query_dense", "_query_dense"};
constexpr PartName kKey = {"key", "key_dense", "_key_dense"};
constexpr PartName kValue = {"value", "value_dense", "_value_dense"};
constexpr PartName kOutput = {"attention_output", "output_dense", "_output_dense"};

// From Keras's [channels, heads, size] to rows of [heads, size], times `factor`.
std::vector<float> Turned(const std::vector<float>& kernel, int32_t channels, int32_t rows,
                          double factor) {
  std::vector<float> turned(kernel.size());
  for (int32_t c = 0; c < channels; ++c) {
    for (int32_t r = 0; r < rows; ++r) {
      const auto from = static_cast<size_t>(int64_t{c} * rows + r);
      const auto to = static_cast<size_t>(int64_t{r} * channels + c);
      turned[to] = static_cast<float>(static_cast<double>(kernel[from]) * factor);
    }
  }
  return turned;
}

// [batch, places, channels] -> [batch, heads, places, size], times `factor`.
Result<TensorId> Heads(LayerCall& call, const PartName& part, TensorId input, int32_t heads,
                       int32_t size, bool use_bias, double factor) {
  static const Json kNoOptions = Json::object();
  const LayerOptions options(fmt::format("{}/{}", call.options().name(), part.name),
                             call.options().class_name(), kNoOptions);
  LayerCall dense = call.Part(options, {part.keras3, part.keras2}, {input});
  const int32_t channels = call.Channels(input);
  const int32_t rows = heads * size;
  QB_ASSIGN_OR_RETURN(const auto kernel, dense.Weight({"kernel"}, {channels, heads, size}));
  const TensorId weights =
      dense.WeightConstant("kernel", {rows, channels}, Turned(kernel, channels, rows, factor));
  TensorId bias = kNoTensor;
  if (use_bias) {
    QB_ASSIGN_OR_RETURN(const auto values, dense.Weight({"bias"}, {heads, size}));
    bias = dense.WeightConstant("bias", {rows}, Turned(values, 1, rows, factor));
  }
  QB_RETURN_IF_ERROR(dense.CheckAllTaken());
  const int32_t places = call.ShapeOf(input)[1];
  QB_ASSIGN_OR_RETURN(
      const TensorId projected,
      dense.Emit(OpKind::kFullyConnected, FullyConnectedOptions{.keep_num_dims = true},
                 {input, weights, bias}));
  QB_ASSIGN_OR_RETURN(const TensorId split, EmitReshape(dense, projected, {places, heads, size}));
  return EmitTranspose(dense, split, {0, 2, 1, 3});
}

// [batch, places, heads * size] -> [batch, places, outputs].
Result<TensorId> Joined(LayerCall& call, const Attention& attention, TensorId input,
                        int32_t outputs) {
  static const Json kNoOptions = Json::object();
  const LayerOptions options(fmt::format("{}/{}", call.options().name(), kOutput.name),
                             call.options().class_name(), kNoOptions);
  LayerCall dense = call.Part(options, {kOutput.keras3, kOutput.keras2}, {input});
  QB_ASSIGN_OR_RETURN(const TensorId weights,
                      dense.Kernel("kernel", {attention.heads, attention.value_size, outputs},
                                   {outputs, attention.heads * attention.value_size}));
  TensorId bias = kNoTensor;
  if (attention.use_bias) {
    QB_ASSIGN_OR_RETURN(const auto values, dense.Weight({"bias"}, {outputs}));
    bias = dense.WeightConstant("bias", {outputs}, values);
  }
  QB_RETURN_IF_ERROR(dense.CheckAllTaken());
  return dense.Emit(OpKind::kFullyConnected, FullyConnectedOptions{.keep_num_dims = true},
                    {input, weights, bias});
}

Result<int32_t> OutputSize(const LayerOptions& options, int32_t channels) {
  const Json& size = options["output_shape"];
  if (size.is_null()) return channels;
  const Json& one = size.is_array() && size.size() == 1 ? size[0] : size;
  constexpr int64_t kMost = int64_t{1} << 24;
  if (one.is_number_unsigned() && one >= 1 && one <= kMost) return one.get<int32_t>();
  return options.UnsupportedOption("output_shape is not one number");
}

// The dimensions between the batch and the last as one.
Result<TensorId> AsRow(LayerCall& call, TensorId input) {
  const Shape& shape = call.ShapeOf(input);
  if (shape.size() == 3) return input;
  const int64_t places = ElementCount(shape) / shape.back();
  return EmitReshape(call, input, {static_cast<int32_t>(places), shape.back()});
}

}  // namespace

// softmax(q k^T / sqrt(size)) v for each head; the factor is in the weights of q.
Result<TensorId> BuildMultiHeadAttention(LayerCall& call) {
  const LayerOptions& options = call.options();
  const auto query = call.NamedInput("query", 0);
  const auto value = call.NamedInput("value", 1);
  if (!query || !value) return options.Corrupt("it has no query or no value");
  const TensorId key = call.NamedInput("key", 2).value_or(*value);
  const Shape shape = call.ShapeOf(*query);
  for (const TensorId input : {*query, *value, key}) {
    if (call.ShapeOf(input).size() != shape.size() || shape.size() < 3) {
      return options.Unsupported("its inputs are not rows, or images, of vectors");
    }
  }
  QB_RETURN_IF_ERROR(CheckOptions(options, shape.size()));
  QB_ASSIGN_OR_RETURN(const Attention a, ReadAttention(options));
  QB_ASSIGN_OR_RETURN(const int32_t outputs, OutputSize(options, shape.back()));
  QB_ASSIGN_OR_RETURN(const TensorId queries, AsRow(call, *query));
  QB_ASSIGN_OR_RETURN(const TensorId keys, AsRow(call, key));
  TensorId values = keys;
  if (key != *value) {
    QB_ASSIGN_OR_RETURN(values, AsRow(call, *value));
  }
  const double factor = 1.0 / std::sqrt(static_cast<double>(a.key_size));
  QB_ASSIGN_OR_RETURN(const TensorId q,
                      Heads(call, kQuery, queries, a.heads, a.key_size, a.use_bias, factor));
  QB_ASSIGN_OR_RETURN(const TensorId k,
                      Heads(call, kKey, keys, a.heads, a.key_size, a.use_bias, 1.0));
  QB_ASSIGN_OR_RETURN(const TensorId v,
                      Heads(call, kValue, values, a.heads, a.value_size, a.use_bias, 1.0));
  QB_ASSIGN_OR_RETURN(const TensorId scores,
                      call.Emit(OpKind::kBatchMatMul, BatchMatMulOptions{.adj_y = true}, {q, k}));
  QB_ASSIGN_OR_RETURN(const TensorId shares, call.Emit(OpKind::kSoftmax, {scores}));
  QB_ASSIGN_OR_RETURN(const TensorId sums, call.Emit(OpKind::kBatchMatMul, {shares, v}));
  QB_ASSIGN_OR_RETURN(const TensorId turned, EmitTranspose(call, sums, {0, 2, 1, 3}));
  const int32_t places = call.ShapeOf(queries)[1];
  QB_ASSIGN_OR_RETURN(const TensorId flat,
                      EmitReshape(call, turned, {places, a.heads * a.value_size}));
  QB_ASSIGN_OR_RETURN(const TensorId result, Joined(call, a, flat, outputs));
  if (shape.size() == 3) return result;
  Shape back(shape.begin() + 1, shape.end());
  back.back() = outputs;
  return EmitReshape(call, result, back);
}

}  // namespace qbench::graph::import
