#include "graph/import/tensorflow/tf_importer.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/one_line.h"
#include "fmt/ranges.h"
#include "graph/import/tensorflow/tf_builders.h"
#include "graph/import/tensorflow/tf_fold.h"
#include "graph/import/tensorflow/tf_node.h"
#include "graph/validate.h"
#include "tensorflow.pb.h"

namespace qbench::graph::import {
namespace {

constexpr int32_t kMostOutputs = 4096;  // of a node

// Whether an operator treats each row of its first input alone, whatever the dimensions before it.
bool WorksOnRows(std::string_view op) {
  constexpr std::array<std::string_view, 13> kKnown = {
      "MatMul", "BiasAdd", "Relu",    "Relu6", "LeakyRelu", "Elu", "Selu",
      "Tanh",   "Sigmoid", "Softmax", "Sqrt",  "Neg",       "Abs"};
  return std::ranges::find(kKnown, op) != kKnown.end();
}

class Importer {
 public:
  Importer(const FlatGraph& flat, const TfEnds& ends,
           const std::function<Result<TfArray>(const FlatNode&)>& read_variable,
           std::vector<std::string>* notes)
      : flat_(flat), ends_(ends), notes_(notes) {
    import_.flat = &flat;
    import_.read_variable = read_variable;
  }

  Result<Model> Import();

 private:
  Status CountUses();
  Status AddInputs();
  Result<Shape> InputShape(const TfInput& input, const FlatNode* node, bool& open) const;
  void Evaluate(int32_t index);
  Status Build(TfNode& node);
  void Release(const FlatNode& node);
  const FlatNode* FindInput(const TfInput& input, int32_t& index) const;
  Status WhatIsMissing(int32_t output) const;
  Result<Model> Finish();

  const FlatGraph& flat_;
  const TfEnds& ends_;
  std::vector<std::string>* notes_;
  TfImport import_;
  std::vector<int32_t> uses_;     // of each node, by needed ones; 0: not needed
  std::vector<int32_t> outputs_;  // how many of each are used
  std::vector<bool> is_input_;
  std::map<int32_t, Status> failures_;
};

// From the outputs back. Nodes stand behind those that they need.
Status Importer::CountUses() {
  uses_.assign(flat_.nodes.size(), 0);
  outputs_.assign(flat_.nodes.size(), 1);
  const auto use = [&](FlatRef ref) -> Status {
    if (ref.node < 0) return Error(StatusCode::kCorrupt, "a call's result is used that is none");
    if (ref.output >= kMostOutputs) {
      return Error(StatusCode::kCorrupt, "output {} of a node", ref.output);
    }
    ++uses_[static_cast<size_t>(ref.node)];
    int32_t& outputs = outputs_[static_cast<size_t>(ref.node)];
    outputs = std::max(outputs, ref.output + 1);
    return OkStatus();
  };
  for (const TfOutput& output : ends_.outputs) QB_RETURN_IF_ERROR(use(output.ref));
  for (size_t i = flat_.nodes.size(); i-- > 0;) {
    if (uses_[i] == 0) continue;
    ++import_.copies[flat_.nodes[i].def];
    for (const FlatRef ref : flat_.nodes[i].inputs) QB_RETURN_IF_ERROR(use(ref));
  }
  return OkStatus();
}

const FlatNode* Importer::FindInput(const TfInput& input, int32_t& index) const {
  for (size_t i = 0; i < flat_.nodes.size(); ++i) {
    if (flat_.nodes[i].name != input.node) continue;
    index = static_cast<int32_t>(i);
    return &flat_.nodes[i];
  }
  return nullptr;
}

// The batch of 1 where it is left open.
Result<Shape> Importer::InputShape(const TfInput& input, const FlatNode* node, bool& open) const {
  std::vector<int64_t> dims = input.shape;
  bool known = input.has_shape;
  if (!known && node != nullptr) {
    for (const char* key : {"shape", "_output_shapes"}) {
      const auto found = node->def->attr().find(key);
      if (known || found == node->def->attr().end()) continue;
      const tensorflow::Attribute& attribute = found->second;
      const tensorflow::TensorShape& shape =
          attribute.has_list() && attribute.list().shape_size() > 0 ? attribute.list().shape(0)
                                                                    : attribute.shape();
      known = !shape.unknown_rank() && shape.dim_size() > 0;
      dims.clear();
      for (const auto& dim : shape.dim()) dims.push_back(dim.size());
    }
  }
  const auto fail = [&](std::string_view what) {
    return Error(StatusCode::kUnsupported,
                 "the input \"{}\" {}; build the model for images of one size (such as "
                 "[None, 224, 224, 3]) and save it again",
                 SafeName(input.name), what);
  };
  if (!known) return fail("has no shape in the file");
  if (dims.size() < 2 || dims.size() > 8) return fail("is no batch of samples");
  open = dims[0] < 0;
  if (open) dims[0] = 1;
  int64_t count = 1;
  Shape shape;
  for (const int64_t dim : dims) {
    if (dim < 1 || dim > kMaxElements / count) {
      return fail(
          fmt::format("has the shape [{}], which is not of fixed size", fmt::join(dims, ", ")));
    }
    count *= dim;
    shape.push_back(static_cast<int32_t>(dim));
  }
  return shape;
}

Status Importer::AddInputs() {
  std::optional<bool> any_open;
  for (const TfInput& input : ends_.inputs) {
    int32_t index = -1;
    const FlatNode* node = FindInput(input, index);
    bool open = true;
    Tensor tensor;
    QB_ASSIGN_OR_RETURN(tensor.shape, InputShape(input, node, open));
    if (any_open.value_or(open) != open) {
      return Error(StatusCode::kUnsupported,
                   "of some inputs the batch is left open, of others it is fixed");
    }
    any_open = open;
    tensor.name = import_.builder.UniqueName(input.name);
    tensor.dynamic_batch = open;
    int32_t type = input.type;
    if (type == 0 && node != nullptr) {
      const auto found = node->def->attr().find("dtype");
      if (found != node->def->attr().end()) type = found->second.type();
    }
    const bool integer = IsTfInteger(type) && static_cast<TfType>(type) != TfType::kBool;
    if (type != 0 && !IsTfFloat(type) && !integer) {
      return Error(StatusCode::kUnsupported,
                   "the input \"{}\" is {}; name an input of numbers with --inputs",
                   SafeName(input.name), TfTypeName(type));
    }
    if (notes_ != nullptr && type != 0 && type != 1) {
      notes_->push_back(
          fmt::format("the input \"{}\" is {} in the file, and float32 here: it takes the same "
                      "numbers",
                      SafeName(input.name), TfTypeName(type)));
    }
    const TensorId id = import_.builder.graph.AddTensor(std::move(tensor));
    import_.builder.graph.inputs.push_back(id);
    if (index < 0) continue;  // no output needs it
    TfValue value;
    value.kind = TfValue::Kind::kTensor;
    value.tensor = id;
    value.is_integer = integer;
    import_.values[static_cast<size_t>(index)] = {value};
    is_input_[static_cast<size_t>(index)] = true;
  }
  import_.open_batch = any_open.value_or(true);
  return OkStatus();
}

Status Importer::Build(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const bool pattern, BuildPattern(node));
  if (pattern) return OkStatus();
  QB_ASSIGN_OR_RETURN(const bool even, BuildEven(node));
  if (even) return OkStatus();
  const FlatNode& flat = node.flat();
  std::vector<TfArrayPtr> arrays;
  for (size_t i = 0; i < flat.inputs.size(); ++i) {
    QB_ASSIGN_OR_RETURN(const TfValue* value, node.Value(i));
    if (value->kind == TfValue::Kind::kArray) arrays.push_back(value->array);
  }
  const TfFold fold = FindFold(node.op());
  if (fold != nullptr && !arrays.empty() && arrays.size() == flat.inputs.size()) {
    QB_ASSIGN_OR_RETURN(TfArray result, fold(node, arrays));
    return node.Give(std::move(result));
  }
  if (const TfBuilder build = FindTfBuilder(node.op())) {
    const TfValue* first = flat.inputs.empty() ? nullptr : import_.Find(flat.inputs[0]);
    const bool rows = first != nullptr && first->kind == TfValue::Kind::kRows;
    if (rows && WorksOnRows(node.op())) node.WorkOnRows();
    return build(node);
  }
  return node.Unsupported(fold != nullptr ? "it is known of constants alone" : "it is not known");
}

void Importer::Evaluate(int32_t index) {
  const auto place = static_cast<size_t>(index);
  const FlatNode& flat = flat_.nodes[place];
  TfNode node(import_, index);
  const bool merges = node.op() == "Merge" || node.op() == "RefMerge";
  bool dead = false;
  bool failed = false;
  for (const FlatRef ref : flat.inputs) {
    const TfValue* value = import_.Find(ref);
    dead = dead || (value != nullptr && value->kind == TfValue::Kind::kDead);
    failed = failed || (value != nullptr && value->kind == TfValue::Kind::kFailed);
  }
  TfValue nothing;
  if (dead && !merges) {
    nothing.kind = TfValue::Kind::kDead;
    import_.values[place].assign(static_cast<size_t>(outputs_[place]), nothing);
    return;
  }
  nothing.kind = TfValue::Kind::kFailed;
  // A pattern has operators that are not known one by one.
  if (failed && !merges) {
    const Result<bool> pattern = BuildPattern(node);
    if (pattern.ok() && *pattern) {
      import_.values[place] = std::move(node.outputs());
    } else {
      import_.values[place].assign(static_cast<size_t>(outputs_[place]), nothing);
    }
    return;
  }
  Status status = Build(node);
  if (status.ok()) {
    import_.values[place] = std::move(node.outputs());
    return;
  }
  import_.values[place].assign(static_cast<size_t>(outputs_[place]), nothing);
  failures_.emplace(index, std::move(status));
}

// Weights go when nobody needs them any more.
void Importer::Release(const FlatNode& node) {
  constexpr size_t kSmall = 4096;
  for (const FlatRef ref : node.inputs) {
    const auto place = static_cast<size_t>(ref.node);
    if (--uses_[place] > 0) continue;
    for (TfValue& value : import_.values[place]) {
      if (value.array != nullptr && value.array->floats.bytes().size() > kSmall) {
        value.array.reset();
        value.kind = TfValue::Kind::kNone;
      }
    }
  }
}

// The nodes that the output fails by, and every operator that is not known.
Status Importer::WhatIsMissing(int32_t output) const {
  std::vector<bool> seen(flat_.nodes.size(), false);
  std::vector<int32_t> next = {output};
  std::set<int32_t> failed;
  std::map<std::string, int32_t> unknown;
  while (!next.empty()) {
    const auto place = static_cast<size_t>(next.back());
    next.pop_back();
    if (seen[place]) continue;
    seen[place] = true;
    // What a pattern is made of may have failed one by one.
    if (std::ranges::none_of(import_.values[place], [](const TfValue& value) {
          return value.kind == TfValue::Kind::kFailed;
        })) {
      continue;
    }
    if (failures_.contains(static_cast<int32_t>(place))) failed.insert(static_cast<int32_t>(place));
    if (is_input_[place]) continue;
    const std::string& op = flat_.nodes[place].def_op();
    const bool known = FindTfBuilder(op) != nullptr || FindFold(op) != nullptr;
    // Whether a pattern's operator is one is not known where those before it are not.
    const bool tried = failed.contains(static_cast<int32_t>(place)) || !IsOfPattern(op);
    if (!known && tried) ++unknown[op];
    for (const FlatRef ref : flat_.nodes[place].inputs) next.push_back(ref.node);
  }
  if (failed.empty()) return Error(StatusCode::kInternal, "an output is missing");
  const Status& first = failures_.at(*failed.begin());
  std::string rest;
  if (failed.size() > 1) rest += fmt::format("; so do {} other nodes", failed.size() - 1);
  std::vector<std::string> names;
  for (const auto& [op, count] : unknown)
    names.push_back(fmt::format("{} {}", count, SafeName(op)));
  if (!names.empty()) {
    rest += fmt::format("; operators that are not known: {}", fmt::join(names, ", "));
  }
  if (first.code() == StatusCode::kUnsupported && !names.empty()) {
    rest +=
        "; convert the model with tf.lite.TFLiteConverter and give qbench the .tflite, or end "
        "it earlier with --outputs";
  }
  return {first.code(), first.message() + rest};
}

Result<Model> Importer::Finish() {
  Model model;
  Signature signature{.key = ends_.signature};
  std::set<TensorId> distinct;
  Graph& graph = import_.builder.graph;
  for (const TfInput& input : ends_.inputs) signature.input_names.push_back(input.name);
  distinct.insert(graph.inputs.begin(), graph.inputs.end());
  for (const TfOutput& output : ends_.outputs) {
    const TfValue* value = import_.Find(output.ref);
    if (value == nullptr) {
      return Error(StatusCode::kCorrupt, "the output \"{}\" is one that its node has not",
                   SafeName(output.name));
    }
    if (value->kind == TfValue::Kind::kFailed) return WhatIsMissing(output.ref.node);
    if (value->kind != TfValue::Kind::kTensor || value->is_integer) {
      return Error(StatusCode::kUnsupported,
                   "the output \"{}\" is not computed from the inputs in float32; choose other "
                   "ones with --outputs",
                   SafeName(output.name));
    }
    if (!distinct.insert(value->tensor).second) {
      return Error(StatusCode::kUnsupported,
                   "the output \"{}\" is the same tensor as an input or another output; leave it "
                   "out: name the others with --outputs",
                   SafeName(output.name));
    }
    graph.outputs.push_back(value->tensor);
    signature.output_names.push_back(output.name);
  }
  model.graph = std::move(graph);
  model.signature = std::move(signature);
  QB_RETURN_IF_ERROR(Validate(model));
  return model;
}

Result<Model> Importer::Import() {
  if (ends_.inputs.empty()) {
    return Error(StatusCode::kUnsupported, "it has no input; name one with --inputs");
  }
  QB_RETURN_IF_ERROR(CountUses());
  import_.values.resize(flat_.nodes.size());
  is_input_.assign(flat_.nodes.size(), false);
  QB_RETURN_IF_ERROR(AddInputs());
  for (size_t i = 0; i < flat_.nodes.size(); ++i) {
    if (uses_[i] == 0) continue;
    if (!is_input_[i]) Evaluate(static_cast<int32_t>(i));
    Release(flat_.nodes[i]);
  }
  return Finish();
}

}  // namespace

Result<Model> ImportTf(const FlatGraph& flat, const TfEnds& ends,
                       const std::function<Result<TfArray>(const FlatNode&)>& read_variable,
                       std::vector<std::string>* notes) {
  return Importer(flat, ends, read_variable, notes).Import();
}

}  // namespace qbench::graph::import
