#include "graph/model_summary.h"

#include <algorithm>
#include <set>

#include "fmt/ranges.h"
#include "graph/operators.h"
#include "graph/rewrite.h"

namespace qbench::graph {
namespace {

TensorSummary SummarizeTensor(const Graph& graph, TensorId id) {
  const Tensor& tensor = TensorAt(graph, id);
  return {.id = id,
          .name = tensor.name,
          .type = tensor.type,
          .shape = tensor.shape,
          .dynamic_batch = tensor.dynamic_batch,
          .is_constant = tensor.is_constant(),
          .quantization = tensor.quantization,
          .learned_range = tensor.learned_range};
}

// A weight or a bias, as opposed to axes, paddings and shapes.
bool IsParameter(const Tensor& tensor) {
  return tensor.is_constant() && (tensor.type != DataType::kInt32 || tensor.quantization);
}

// The weights and biases of an operator. An int32 bias need not carry a scale.
std::vector<TensorId> Parameters(const Graph& graph, const Op& op) {
  std::vector<TensorId> ids;
  const bool weighted = HasWeights(op.kind);
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    const TensorId id = op.inputs[i];
    if (id == kNoTensor || !TensorAt(graph, id).is_constant()) continue;
    if (IsParameter(TensorAt(graph, id)) || (weighted && i == kBiasInput)) ids.push_back(id);
  }
  return ids;
}

// Each output element sums up the products with the weights of its channel, or of a row and a
// column.
int64_t Macs(const Graph& graph, const Op& op) {
  const OperatorInfo& info = InfoOf(op.kind);
  if (op.kind == OpKind::kBatchMatMul) {
    const Shape& a = TensorAt(graph, op.inputs[0]).shape;
    const bool turned = std::get<BatchMatMulOptions>(op.options).adj_x;
    return ElementCount(TensorAt(graph, op.outputs[0]).shape) * a[a.size() - (turned ? 2 : 1)];
  }
  if (!info.has_weights()) return 0;
  const Shape& weights = TensorAt(graph, op.inputs[kWeightsInput]).shape;
  return ElementCount(TensorAt(graph, op.outputs[0]).shape) *
         (ElementCount(weights) / weights[static_cast<size_t>(info.channel_axis)]);
}

// The parts of OpSummary::options, one overload for each alternative of OpOptions.
struct OptionParts {
  std::vector<std::string> parts;

  void Add(std::string part) {
    if (!part.empty()) parts.push_back(std::move(part));
  }
  void AddActivation(Activation activation) {
    if (activation != Activation::kNone) Add(std::string(InfoOf(activation).name));
  }
  template <typename Options>
  void AddWindow(const Options& o) {
    Add(fmt::format("stride {}x{}", o.stride_h, o.stride_w));
    Add(o.padding == Padding::kSame ? "SAME" : "VALID");
  }
  template <typename Options>
  void AddDilation(const Options& o) {
    if (o.dilation_h != 1 || o.dilation_w != 1) {
      Add(fmt::format("dilation {}x{}", o.dilation_h, o.dilation_w));
    }
  }

  void operator()(const NoOptions&) {}
  void operator()(const BinaryOptions& o) { AddActivation(o.activation); }
  void operator()(const ConcatenationOptions& o) {
    Add(fmt::format("axis {}", o.axis));
    AddActivation(o.activation);
  }
  void operator()(const Conv2DOptions& o) {
    AddWindow(o);
    AddDilation(o);
    AddActivation(o.activation);
  }
  void operator()(const DepthwiseConv2DOptions& o) {
    AddWindow(o);
    AddDilation(o);
    if (o.depth_multiplier != 1) Add(fmt::format("depth multiplier {}", o.depth_multiplier));
    AddActivation(o.activation);
  }
  void operator()(const FullyConnectedOptions& o) {
    if (o.keep_num_dims) Add("keeps dimensions");
    if (o.asymmetric_quantize_inputs) Add("asymmetric inputs");
    AddActivation(o.activation);
  }
  void operator()(const Pool2DOptions& o) {
    Add(fmt::format("filter {}x{}", o.filter_h, o.filter_w));
    AddWindow(o);
    AddActivation(o.activation);
  }
  void operator()(const MeanOptions& o) {
    if (o.keep_dims) Add("keeps dimensions");
  }
  void operator()(const ReshapeOptions& o) {
    Add(fmt::format("to [{}]", fmt::join(o.new_shape, ", ")));
  }
  void operator()(const LeakyReluOptions& o) { Add(fmt::format("alpha {}", o.alpha)); }
  void operator()(const StridedSliceOptions&) {}
  void operator()(const ResizeOptions& o) {
    if (o.align_corners) Add("aligned corners");
    if (o.half_pixel_centers) Add("half-pixel centers");
  }
  void operator()(const DepthToSpaceOptions& o) { Add(fmt::format("blocks of {}", o.block)); }
  void operator()(const BatchMatMulOptions& o) {
    if (o.adj_x) Add("first turned");
    if (o.adj_y) Add("second turned");
  }
  void operator()(const GeluOptions& o) {
    if (o.approximate) Add("approximate");
  }
  void operator()(const SoftmaxOptions& o) {
    if (o.beta != 1.0F) Add(fmt::format("beta {}", o.beta));
  }
};

std::string OptionsText(const Op& op) {
  OptionParts parts;
  std::visit(parts, op.options);
  return fmt::format("{}", fmt::join(parts.parts, ", "));
}

int64_t PeakActivationBytes(const Graph& graph) {
  const size_t forever = graph.ops.size();
  std::vector<size_t> last_use(graph.tensors.size(), 0);
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    last_use[static_cast<size_t>(graph.ops[i].outputs[0])] = i;
    for (const TensorId id : graph.ops[i].inputs) {
      if (id != kNoTensor) last_use[static_cast<size_t>(id)] = i;
    }
  }
  for (const TensorId id : graph.outputs) last_use[static_cast<size_t>(id)] = forever;

  int64_t live = 0;
  for (const TensorId id : graph.inputs) live += StoredBytes(TensorAt(graph, id));
  int64_t peak = live;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const TensorId output = graph.ops[i].outputs[0];
    live += StoredBytes(TensorAt(graph, output));
    peak = std::max(peak, live);
    // Each once, also where an operator reads a tensor twice or nobody reads its output.
    std::set<TensorId> ending(graph.ops[i].inputs.begin(), graph.ops[i].inputs.end());
    ending.insert(output);
    for (const TensorId id : ending) {
      if (id == kNoTensor || TensorAt(graph, id).is_constant()) continue;
      if (last_use[static_cast<size_t>(id)] == i) live -= StoredBytes(TensorAt(graph, id));
    }
  }
  return peak;
}

OpSummary SummarizeOp(const Graph& graph, const Op& op, int32_t index) {
  OpSummary summary;
  summary.index = index;
  summary.name = std::string(DisplayName(graph, op));
  summary.kind = OpKindName(op.kind);
  for (const TensorId id : op.inputs) {
    if (id != kNoTensor) summary.inputs.push_back(SummarizeTensor(graph, id));
  }
  summary.output = SummarizeTensor(graph, op.outputs[0]);
  summary.options = OptionsText(op);
  for (const TensorId id : Parameters(graph, op)) {
    summary.parameters += ElementCount(TensorAt(graph, id).shape);
    summary.weight_bytes += StoredBytes(TensorAt(graph, id));
  }
  summary.macs = Macs(graph, op);
  for (const TensorId id : std::set<TensorId>(op.inputs.begin(), op.inputs.end())) {
    if (id != kNoTensor) summary.bytes_read += StoredBytes(TensorAt(graph, id));
  }
  for (const TensorId id : op.outputs) summary.bytes_written += StoredBytes(TensorAt(graph, id));
  return summary;
}

}  // namespace

ModelSummary Summarize(const Model& model) {
  const Graph& graph = model.graph;
  ModelSummary summary;
  summary.description = model.description;
  for (const TensorId id : graph.inputs) summary.inputs.push_back(SummarizeTensor(graph, id));
  for (const TensorId id : graph.outputs) summary.outputs.push_back(SummarizeTensor(graph, id));
  std::set<TensorId> counted;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const Op& op = graph.ops[i];
    summary.ops.push_back(SummarizeOp(graph, op, static_cast<int32_t>(i)));
    summary.macs += summary.ops.back().macs;
    for (const TensorId id : Parameters(graph, op)) {
      if (!counted.insert(id).second) continue;
      summary.parameters += ElementCount(TensorAt(graph, id).shape);
      summary.weight_bytes += StoredBytes(TensorAt(graph, id));
    }
  }
  summary.peak_activation_bytes = PeakActivationBytes(graph);
  return summary;
}

}  // namespace qbench::graph
