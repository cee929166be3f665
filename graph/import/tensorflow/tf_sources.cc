// Where values come from, and nodes that pass them on.
#include <optional>
#include <utility>

#include "graph/import/tensorflow/tf_builders.h"
#include "tensorflow.pb.h"

namespace qbench::graph::import {
namespace {

Status GiveArray(TfNode& node, TfArrayPtr array) {
  TfValue value;
  value.kind = TfValue::Kind::kArray;
  value.array = std::move(array);
  return node.Give(std::move(value));
}

// The bytes are taken out of the graph, unless a copy of the node needs them too.
Status BuildConst(TfNode& node) {
  TfImport& import = node.import();
  tensorflow::Node* def = node.flat().def;
  const auto kept = import.constants.find(def);
  if (kept != import.constants.end()) return GiveArray(node, kept->second);
  const auto attribute = def->mutable_attr()->find("value");
  if (attribute == def->mutable_attr()->end() || !attribute->second.has_tensor()) {
    return node.Corrupt("it has no value");
  }
  Result<TfArray> array = TakeArray(*attribute->second.mutable_tensor());
  if (!array.ok()) {
    const std::string message = array.status().message();
    return array.status().code() == StatusCode::kCorrupt ? node.Corrupt(message)
                                                         : node.Unsupported(message);
  }
  const auto shared = std::make_shared<const TfArray>(*std::move(array));
  if (import.copies[def] > 1) import.constants.emplace(def, shared);
  return GiveArray(node, shared);
}

Status BuildPlaceholder(TfNode& node) {
  return node.Unsupported("it is an input that is not named as one: name all inputs with --inputs");
}

// The default, where the caller gives nothing.
Status BuildIdentity(TfNode& node) {
  if (node.inputs() == 0) return node.Corrupt("it has no input");
  for (size_t i = 0; i < node.inputs(); ++i) {
    QB_ASSIGN_OR_RETURN(const TfValue* value, node.Value(i));
    QB_RETURN_IF_ERROR(node.Give(*value));
  }
  return OkStatus();
}

Status BuildCast(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TensorId input, node.Tensor(0, true));
  const int32_t type = node.Type("DstT");
  if (IsTfFloat(type)) return node.Give(input);
  QB_ASSIGN_OR_RETURN(const TfValue* value, node.Value(0));
  if (value->is_integer && IsTfInteger(type) && IsTfInteger(node.Type("SrcT"))) {
    return node.Give(*value);
  }
  return node.Unsupported(fmt::format("it makes {} of its input", TfTypeName(type)));
}

Result<TfArray> ReadVariable(TfNode& node, int32_t index) {
  const TfImport& import = node.import();
  const FlatNode& variable = import.flat->nodes[static_cast<size_t>(index)];
  if (!import.read_variable) {
    return node.Unsupported(
        "it is a variable, and a graph alone has no values of variables; freeze the graph "
        "(convert_variables_to_constants_v2), or name the SavedModel folder");
  }
  Result<TfArray> array = import.read_variable(variable);
  if (array.ok()) return array;
  const std::string message = array.status().message();
  return array.status().code() == StatusCode::kUnsupported ? node.Unsupported(message)
                                                           : node.Corrupt(message);
}

// TF1's variables are their own values.
Status BuildVariable(TfNode& node) {
  QB_ASSIGN_OR_RETURN(TfArray array, ReadVariable(node, node.index()));
  return node.Give(std::move(array));
}

Status BuildVarHandle(TfNode& node) {
  TfValue value;
  value.kind = TfValue::Kind::kVariable;
  value.variable = node.index();
  return node.Give(std::move(value));
}

// Of a frozen graph's constant: itself.
Status BuildReadVariable(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TfValue* value, node.Value(0));
  if (value->kind == TfValue::Kind::kArray) return node.Give(*value);
  if (value->kind != TfValue::Kind::kVariable) return node.Corrupt("it reads what is no variable");
  QB_ASSIGN_OR_RETURN(TfArray array, ReadVariable(node, value->variable));
  return node.Give(std::move(array));
}

// Output 0 where the condition is false, 1 where it is true; the other is dead.
Status BuildSwitch(TfNode& node) {
  QB_ASSIGN_OR_RETURN(const TfValue* data, node.Value(0));
  QB_ASSIGN_OR_RETURN(const auto condition, node.Ints(1));
  if (condition.size() != 1) return node.Corrupt("its condition is not one truth value");
  TfValue dead;
  dead.kind = TfValue::Kind::kDead;
  QB_RETURN_IF_ERROR(node.Give(condition[0] == 0 ? *data : dead));
  return node.Give(condition[0] == 0 ? dead : *data);
}

// The one input that is not dead.
Status BuildMerge(TfNode& node) {
  for (size_t i = 0; i < node.inputs(); ++i) {
    QB_ASSIGN_OR_RETURN(const TfValue* value, node.Value(i));
    if (value->kind == TfValue::Kind::kDead) continue;
    QB_RETURN_IF_ERROR(node.Give(*value));
    return node.Give(IntArray({}, {static_cast<int64_t>(i)}));
  }
  return node.Corrupt("none of its inputs is ever computed");
}

constexpr TfBuilderEntry kBuilders[] = {
    {"Const", BuildConst},
    {"Placeholder", BuildPlaceholder},
    {"PlaceholderV2", BuildPlaceholder},
    {"PlaceholderWithDefault", BuildIdentity},
    {"Identity", BuildIdentity},
    {"IdentityN", BuildIdentity},
    {"StopGradient", BuildIdentity},
    {"PreventGradient", BuildIdentity},
    {"Snapshot", BuildIdentity},
    {"CheckNumerics", BuildIdentity},
    {"EnsureShape", BuildIdentity},
    {"Cast", BuildCast},
    {"Variable", BuildVariable},
    {"VariableV2", BuildVariable},
    {"VarHandleOp", BuildVarHandle},
    {"ReadVariableOp", BuildReadVariable},
    {"Switch", BuildSwitch},
    {"RefSwitch", BuildSwitch},
    {"Merge", BuildMerge},
};

}  // namespace

std::span<const TfBuilderEntry> SourceBuilders() { return kBuilders; }

}  // namespace qbench::graph::import
