#include "graph/import/onnx/onnx_import.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "base/interrupt.h"
#include "base/one_line.h"
#include "fmt/ranges.h"
#include "graph/import/onnx/onnx_fold.h"
#include "graph/import/onnx/onnx_nodes.h"
#include "graph/import/onnx/onnx_patterns.h"
#include "graph/validate.h"

namespace qbench::graph::import::onnx {
namespace {

constexpr int kMaxNodes = 100000;
constexpr size_t kMostNamed = 12;  // operators

class Importer {
 public:
  explicit Importer(pb::ModelProto& model) : model_(model), graph_(*model.mutable_graph()) {
    import_.opset = OperatorSet(model);
  }

  Result<Model> Import(std::vector<std::string>* notes);

 private:
  Status CountUses();
  Status AddInputs();
  Result<Value> AddInput(const pb::ValueInfoProto& info);
  // Which way round the image comes in.
  bool IsChannelsLast(const std::string& name) const;
  Result<Value> Find(const std::string& name);
  void Release(const pb::NodeProto& node);
  Status Build(pb::NodeProto& node);
  Status BuildOutputs(pb::NodeProto& node, std::vector<Value> inputs);
  // That nothing has failed: the first failure, and how many others there are of which operators.
  Status CheckFailures() const;
  Result<std::vector<Value>> Outputs(NodeCall& call, bool constant);
  void Keep(const NodeCall& call, const std::string& name, Value value);
  Status AddOutputs(Signature& signature);
  Result<TensorId> OutputTensor(const std::string& name);
  void WriteNotes(std::vector<std::string>& notes) const;

  pb::ModelProto& model_;
  pb::GraphProto& graph_;
  OnnxImport import_;
  std::unordered_map<std::string, pb::TensorProto*> initializers_;
  std::unordered_map<std::string, Value> values_;
  std::unordered_map<std::string, std::vector<const pb::NodeProto*>> readers_;
  std::unordered_map<std::string, size_t> uses_;
  bool channels_first_ = false;                // images come in so
  size_t first_tensor_ = 0;                    // of the node that is being built
  Status failure_;                             // the first
  std::map<std::string, size_t> also_failed_;  // operators and how many of each
};

Status Importer::CountUses() {
  if (graph_.node_size() > kMaxNodes) {
    return Error(StatusCode::kUnsupported, "the model has more than {} nodes", kMaxNodes);
  }
  for (pb::TensorProto& tensor : *graph_.mutable_initializer()) {
    if (!initializers_.emplace(tensor.name(), &tensor).second) {
      return Error(StatusCode::kCorrupt, "there are two initializers \"{}\"",
                   SafeName(tensor.name()));
    }
  }
  for (const pb::NodeProto& node : graph_.node()) {
    for (const std::string& input : node.input()) {
      readers_[input].push_back(&node);
      ++uses_[input];
    }
  }
  for (const pb::ValueInfoProto& output : graph_.output()) ++uses_[output.name()];
  return OkStatus();
}

// [batch, height, width, channels], as tf2onnx has it: whoever reads it turns it to channels first.
// Where nobody does, ONNX's own way, channels first.
bool Importer::IsChannelsLast(const std::string& name) const {
  constexpr int kSteps = 16;  // through operators that work in any order
  std::string at = name;
  for (int step = 0; step < kSteps; ++step) {
    const auto found = readers_.find(at);
    if (found == readers_.end()) return false;
    const bool turned = std::ranges::all_of(found->second, [](const pb::NodeProto* node) {
      if (node->op_type() != "Transpose" || node->attribute_size() != 1) return false;
      const auto& perm = node->attribute(0).ints();
      return std::vector<int64_t>(perm.begin(), perm.end()) == std::vector<int64_t>{0, 3, 1, 2};
    });
    if (turned) return true;
    const pb::NodeProto& next = *found->second[0];
    static const std::set<std::string, std::less<>> kAnyOrder = {
        "Add", "Cast", "Clip", "Div", "Identity", "Mul", "QuantizeLinear", "DequantizeLinear",
        "Sub", "Relu"};
    if (found->second.size() != 1 || !kAnyOrder.contains(next.op_type()) ||
        next.output_size() != 1) {
      return false;
    }
    at = next.output(0);
  }
  return false;
}

Result<Value> Importer::AddInput(const pb::ValueInfoProto& info) {
  const std::string name = SafeName(info.name());
  const pb::TensorTypeProto& type = info.type().tensor_type();
  if (!type.has_shape()) {
    return Error(StatusCode::kUnsupported, "input \"{}\" has no shape; export it with one", name);
  }
  Value value;
  for (int i = 0; i < type.shape().dim_size(); ++i) {
    const pb::DimensionProto& dim = type.shape().dim(i);
    const bool open = !dim.has_dim_value() || dim.dim_value() < 1;
    if (i == 0 && (open || dim.dim_value() == 1)) {
      value.dims.push_back(1);
      import_.open_batch = import_.open_batch || open;
    } else if (i == 0) {
      return Error(StatusCode::kUnsupported,
                   "input \"{}\" has a batch of {}; export the model with a batch of 1, or an open "
                   "one (dynamic_axes={{\"{}\": {{0: \"batch\"}}}})",
                   name, dim.dim_value(), name);
    } else if (open) {
      return Error(StatusCode::kUnsupported,
                   "dimension {} of input \"{}\" is open ({}); only the batch may be: export the "
                   "model with a fixed size of images",
                   i, name, dim.has_dim_param() ? SafeName(dim.dim_param()) : "no size");
    } else {
      value.dims.push_back(dim.dim_value());
    }
  }
  const auto count = CountOf(value.dims);
  if (!count.ok() || value.dims.empty() || value.dims.size() > 5) {
    return Error(StatusCode::kUnsupported, "input \"{}\" has the shape [{}]", name,
                 fmt::join(value.dims, ", "));
  }
  value.order = SameOrder(value.dims.size());
  value.integer = !IsFloatType(type.elem_type());
  if (value.dims.size() == 4 && !IsChannelsLast(info.name())) {
    value.order = ChannelsLast(4);
    channels_first_ = true;
    import_.notes.push_back(
        fmt::format("the input \"{}\" is [batch, {}] in the file, and [batch, {}, {}, {}] here",
                    name, fmt::join(value.dims.begin() + 1, value.dims.end(), ", "), value.dims[2],
                    value.dims[3], value.dims[1]));
  }
  if (type.elem_type() != kFloat) {
    import_.notes.push_back(
        fmt::format("the input \"{}\" is not float32 in the file, and float32 here: it takes the "
                    "same numbers",
                    name));
  }
  Tensor tensor;
  tensor.name = import_.builder.UniqueName(SafeLine(info.name()));
  for (const size_t axis : value.order) {
    tensor.shape.push_back(static_cast<int32_t>(value.dims[axis]));
  }
  tensor.dynamic_batch = true;
  value.tensor = import_.builder.graph.AddTensor(std::move(tensor));
  return value;
}

// Files of early versions list the initializers among the inputs.
Status Importer::AddInputs() {
  for (const pb::ValueInfoProto& info : graph_.input()) {
    if (initializers_.contains(info.name())) continue;
    QB_ASSIGN_OR_RETURN(Value value, AddInput(info));
    import_.builder.graph.inputs.push_back(value.tensor);
    if (!values_.emplace(info.name(), std::move(value)).second) {
      return Error(StatusCode::kCorrupt, "there are two inputs \"{}\"", SafeName(info.name()));
    }
  }
  return OkStatus();
}

Result<Value> Importer::Find(const std::string& name) {
  if (name.empty()) return Value();
  if (const auto found = values_.find(name); found != values_.end()) return found->second;
  const auto initializer = initializers_.find(name);
  if (initializer == initializers_.end()) {
    return Error(StatusCode::kCorrupt,
                 "\"{}\" is no initializer, and no node before makes it: the nodes go round in a "
                 "circle, or something is missing; export the model again",
                 SafeName(name));
  }
  auto tensor = TakeTensor(*initializer->second);
  if (!tensor.ok()) {
    return tensor.status().WithContext(fmt::format("initializer \"{}\"", SafeName(name)));
  }
  initializers_.erase(initializer);
  Value value = ConstantValue(std::move(*tensor));
  values_.emplace(name, value);
  return value;
}

// What no other node reads goes, as the weights of all layers together are many.
void Importer::Release(const pb::NodeProto& node) {
  for (const std::string& input : node.input()) {
    if (--uses_[input] == 0) values_.erase(input);
  }
}

// Names the last tensor that the node made as ONNX does.
void Importer::Keep(const NodeCall&, const std::string& name, Value value) {
  if (!value.is_constant() && static_cast<size_t>(value.tensor) >= first_tensor_) {
    Tensor& tensor = import_.builder.graph.tensors[static_cast<size_t>(value.tensor)];
    if (!tensor.is_constant()) tensor.name = import_.builder.UniqueName(SafeLine(name));
  }
  values_.insert_or_assign(name, std::move(value));
}

Result<std::vector<Value>> Importer::Outputs(NodeCall& call, bool constant) {
  const bool fold = IsFoldedAlways(call.op_type()) || (constant && IsFolded(call.op_type()));
  if (fold) {
    QB_ASSIGN_OR_RETURN(HostTensorRef tensor, FoldNode(call, import_.budget));
    return std::vector<Value>{ConstantValue(std::move(tensor))};
  }
  const NodeBuilder builder = FindNodeBuilder(call.op_type());
  if (builder == nullptr) {
    return call.Unsupported(
        "it is known on constants alone, and this one computes from the "
        "model's input");
  }
  QB_ASSIGN_OR_RETURN(Value first, builder(call));
  std::vector<Value> outputs = {std::move(first)};
  outputs.insert(outputs.end(), call.more.begin(), call.more.end());
  return outputs;
}

Status Importer::BuildOutputs(pb::NodeProto& node, std::vector<Value> inputs) {
  const bool failed = std::ranges::any_of(inputs, &Value::failed);
  const bool constant =
      std::ranges::all_of(inputs, [](const Value& value) { return value.tensor == kNoTensor; });
  first_tensor_ = import_.builder.graph.tensors.size();
  NodeCall call(import_, node, std::move(inputs));
  Result<std::vector<Value>> outputs = std::vector<Value>();
  if (!failed) outputs = Outputs(call, constant);
  // What cannot be read does not hide what else cannot be.
  if (!outputs.ok() && outputs.status().code() != StatusCode::kUnsupported) return outputs.status();
  if (!outputs.ok() && !failure_.ok()) ++also_failed_[SafeName(node.op_type())];
  if (!outputs.ok() && failure_.ok()) failure_ = outputs.status();
  Value lost;
  lost.failed = true;
  for (int i = 0; i < node.output_size(); ++i) {
    const std::string& name = node.output(i);
    if (name.empty() || uses_[name] == 0) continue;
    if (values_.contains(name) || initializers_.contains(name)) {
      return call.Corrupt(fmt::format("\"{}\" is made twice", SafeName(name)));
    }
    if (failed || !outputs.ok()) {
      values_.emplace(name, lost);
      continue;
    }
    if (static_cast<size_t>(i) >= outputs->size()) {
      return call.Unsupported(fmt::format("its output {} is used, and not known", i));
    }
    Keep(call, name, std::move((*outputs)[static_cast<size_t>(i)]));
  }
  return OkStatus();
}

Status Importer::Build(pb::NodeProto& node) {
  std::vector<Value> inputs;
  for (const std::string& name : node.input()) {
    auto value = Find(name);
    if (!value.ok()) {
      return value.status().WithContext(
          fmt::format("node \"{}\" ({})", SafeName(node.name()), SafeName(node.op_type())));
    }
    inputs.push_back(std::move(*value));
  }
  QB_RETURN_IF_ERROR(BuildOutputs(node, std::move(inputs)));
  Release(node);
  return OkStatus();
}

Status Importer::CheckFailures() const {
  if (failure_.ok() || also_failed_.empty()) return failure_;
  size_t count = 0;
  std::vector<std::string> names;
  for (const auto& [op_type, nodes] : also_failed_) {
    count += nodes;
    if (names.size() < kMostNamed) names.push_back(fmt::format("{} {}", nodes, op_type));
  }
  if (also_failed_.size() > kMostNamed) names.emplace_back("others");
  return {failure_.code(), fmt::format("{}; nor can {} other nodes be read: {}", failure_.message(),
                                       count, fmt::join(names, ", "))};
}

// In ONNX's order, but four dimensions channels last where those of the inputs are turned so.
Result<TensorId> Importer::OutputTensor(const std::string& name) {
  QB_ASSIGN_OR_RETURN(const Value value, Find(name));
  if (value.is_constant()) {
    return Error(StatusCode::kUnsupported, "the model's output \"{}\" is a constant",
                 SafeName(name));
  }
  pb::NodeProto node;
  node.set_name(name);
  node.set_op_type("output");
  NodeCall call(import_, node, {value});
  QB_RETURN_IF_ERROR(call.Computed(0).status());
  const bool image = value.rank() == 4 && channels_first_;
  if (value.is_within() && value.dims[0] != 1) {
    return call.Unsupported("it makes another dimension of the batch");
  }
  QB_ASSIGN_OR_RETURN(const Value placed, image ? Image(call, value) : Plain(call, value));
  if (image) {
    import_.notes.push_back(
        fmt::format("the output \"{}\" is [batch, {}] in the file, and [batch, {}, {}, {}] here",
                    SafeName(name), fmt::join(value.dims.begin() + 1, value.dims.end(), ", "),
                    value.dims[2], value.dims[3], value.dims[1]));
  }
  return placed.tensor;
}

Status Importer::AddOutputs(Signature& signature) {
  std::set<TensorId> distinct(import_.builder.graph.inputs.begin(),
                              import_.builder.graph.inputs.end());
  for (const pb::ValueInfoProto& output : graph_.output()) {
    QB_ASSIGN_OR_RETURN(const TensorId tensor, OutputTensor(output.name()));
    if (!distinct.insert(tensor).second) {
      return Error(StatusCode::kUnsupported,
                   "the model's output \"{}\" is the same tensor as an input or another output; "
                   "export it without",
                   SafeName(output.name()));
    }
    import_.builder.graph.outputs.push_back(tensor);
    signature.output_names.push_back(SafeLine(output.name()));
  }
  return OkStatus();
}

void Importer::WriteNotes(std::vector<std::string>& notes) const {
  notes.insert(notes.end(), import_.notes.begin(), import_.notes.end());
  if (import_.quantized_pairs > 0) {
    notes.push_back(fmt::format(
        "{} pairs of QuantizeLinear and DequantizeLinear are learned ranges here: the float model "
        "does not round",
        import_.quantized_pairs));
  }
}

Result<Model> Importer::Import(std::vector<std::string>* notes) {
  FindGelu(graph_);
  QB_RETURN_IF_ERROR(CheckNodes(graph_));
  QB_RETURN_IF_ERROR(CountUses());
  QB_RETURN_IF_ERROR(AddInputs());
  for (pb::NodeProto& node : *graph_.mutable_node()) {
    if (InterruptRequested()) return InterruptStatus("importing a model");
    QB_RETURN_IF_ERROR(Build(node));
  }
  QB_RETURN_IF_ERROR(CheckFailures());
  Model model;
  Signature signature;
  for (const TensorId input : import_.builder.graph.inputs) {
    signature.input_names.push_back(import_.builder.graph.tensors[static_cast<size_t>(input)].name);
  }
  QB_RETURN_IF_ERROR(AddOutputs(signature));
  RemoveDeepReshapes(import_.builder.graph);
  model.description = SafeLine(graph_.name());
  model.graph = std::move(import_.builder.graph);
  model.signature = std::move(signature);
  QB_RETURN_IF_ERROR(Validate(model));
  if (notes != nullptr) WriteNotes(*notes);
  return model;
}

}  // namespace

Result<Model> ImportOnnx(pb::ModelProto& model, std::vector<std::string>* notes) {
  return Importer(model).Import(notes);
}

}  // namespace qbench::graph::import::onnx
