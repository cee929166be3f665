#include "graph/import/keras_import.h"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/import/keras_config.h"
#include "graph/import/keras_layer.h"
#include "graph/import/keras_layers.h"
#include "graph/validate.h"

namespace qbench::graph::import {
namespace {

using CallId = std::pair<size_t, size_t>;  // layer, call

// Nested models that are called many times multiply; no real network comes near.
constexpr size_t kMaxCalls = 20000;

// Where a model stands: its names' prefix, and the file's group with its weights, which the
// outermost model (null) has one of for each of its layers.
struct Place {
  std::string prefix;
  const KerasWeightGroup* group = nullptr;
  bool nested = false;
};

class Importer {
 public:
  explicit Importer(const KerasFile& file) {
    for (const KerasWeightGroup& group : file.groups) groups_.emplace(group.layer, &group);
  }

  Result<Model> Import(const KerasModel& keras);

 private:
  using Outputs = std::map<CallId, std::vector<TensorId>>;

  Result<TensorId> AddInput(const KerasLayer& layer);
  Result<std::vector<TensorId>> BuildModel(const KerasModel& model, const Place& place,
                                           const std::vector<TensorId>& inputs);
  Result<std::vector<TensorId>> BuildCall(const KerasLayer& layer, const Place& place,
                                          const std::vector<TensorId>& inputs);
  Result<std::vector<TensorId>> Gather(const KerasModel& model, const Outputs& outputs,
                                       const std::vector<KerasTensorRef>& references) const;

  KerasImport import_;
  std::map<std::string, const KerasWeightGroup*> groups_;
  size_t calls_ = 0;
};

// The calls of a model in an order in which they can run; of those that can, the file's first.
// kCorrupt where some depend on each other in a circle.
Result<std::vector<CallId>> OrderCalls(const KerasModel& model) {
  std::map<CallId, std::vector<CallId>> users;
  std::map<CallId, size_t> missing;
  std::priority_queue<CallId, std::vector<CallId>, std::greater<>> ready;
  for (size_t layer = 0; layer < model.layers.size(); ++layer) {
    for (size_t call = 0; call < model.layers[layer].calls.size(); ++call) {
      const CallId id(layer, call);
      const auto& inputs = model.layers[layer].calls[call].inputs;
      for (const KerasTensorRef& ref : inputs) users[{ref.layer, ref.call}].push_back(id);
      missing[id] = inputs.size();
      if (inputs.empty()) ready.push(id);
    }
  }
  std::vector<CallId> order;
  while (!ready.empty()) {
    const CallId id = ready.top();
    ready.pop();
    order.push_back(id);
    for (const CallId& user : users[id]) {
      if (--missing[user] == 0) ready.push(user);
    }
  }
  if (order.size() != missing.size()) {
    return Error(StatusCode::kCorrupt, "the layers are connected in a circle");
  }
  return order;
}

// float32 alone. In Keras 3 the type is a policy: {"class_name": …, "config": {"name": …}}.
Status CheckType(const LayerOptions& options) {
  const Json* type = &options["dtype"];
  if (type->is_object() && type->contains("config") && type->at("config").is_object()) {
    type = &type->at("config");
    if (type->contains("name")) type = &type->at("name");
  }
  if (type->is_null() || *type == "float32") return OkStatus();
  return options.Unsupported(
      fmt::format("its dtype is {}, not float32; load the model, set the policy float32, and save "
                  "it again",
                  DumpJson(*type).substr(0, 60)));
}

// [null, height, width, channels], as Keras 3 or Keras 2 names it; the batch is always left open.
Result<Shape> InputShape(const LayerOptions& options) {
  const char* key = options.Has("batch_shape") ? "batch_shape" : "batch_input_shape";
  const Json& json = options[key];
  if (!json.is_array() || json.size() < 2 || json.size() > 8) {
    return options.Unsupported(
        "the file does not say the input's shape; build the model with an input shape, and save "
        "it again");
  }
  constexpr int64_t kMostElements = int64_t{1} << 28;
  Shape shape = {1};
  for (size_t i = 1; i < json.size(); ++i) {
    const int64_t dim = json[i].is_number_integer() ? json[i].get<int64_t>() : 0;
    if (dim < 1 || dim > kMostElements / ElementCount(shape)) {
      return options.Unsupported(
          fmt::format("its input shape {} is not of fixed size; give the model a fixed input size",
                      DumpJson(json).substr(0, 60)));
    }
    shape.push_back(static_cast<int32_t>(dim));
  }
  return shape;
}

Result<TensorId> Importer::AddInput(const KerasLayer& layer) {
  const LayerOptions options(layer.name, layer.class_name, layer.config);
  QB_RETURN_IF_ERROR(CheckType(options));
  Tensor tensor;
  QB_ASSIGN_OR_RETURN(tensor.shape, InputShape(options));
  tensor.name = import_.UniqueName(layer.name);
  tensor.dynamic_batch = true;
  return import_.graph.AddTensor(std::move(tensor));
}

Result<std::vector<TensorId>> Importer::Gather(
    const KerasModel& model, const Outputs& outputs,
    const std::vector<KerasTensorRef>& references) const {
  std::vector<TensorId> tensors;
  for (const KerasTensorRef& ref : references) {
    const auto& of_call = outputs.at({ref.layer, ref.call});
    if (ref.output >= of_call.size()) {
      return Error(StatusCode::kCorrupt, "layer \"{}\" has no output {}",
                   model.layers[ref.layer].name, ref.output);
    }
    tensors.push_back(of_call[ref.output]);
  }
  return tensors;
}

Result<std::vector<TensorId>> Importer::BuildModel(const KerasModel& model, const Place& place,
                                                   const std::vector<TensorId>& inputs) {
  if (inputs.size() != model.inputs.size()) {
    return Error(StatusCode::kCorrupt, "model \"{}\" is called on {} tensors, but has {} inputs",
                 model.name, inputs.size(), model.inputs.size());
  }
  Outputs outputs;
  for (size_t i = 0; i < inputs.size(); ++i) {
    outputs[{model.inputs[i].layer, model.inputs[i].call}] = {inputs[i]};
  }
  QB_ASSIGN_OR_RETURN(const auto order, OrderCalls(model));
  for (const CallId& id : order) {
    if (outputs.contains(id)) continue;  // an input
    const KerasLayer& layer = model.layers[id.first];
    QB_ASSIGN_OR_RETURN(const auto call_inputs,
                        Gather(model, outputs, layer.calls[id.second].inputs));
    QB_ASSIGN_OR_RETURN(outputs[id], BuildCall(layer, place, call_inputs));
  }
  return Gather(model, outputs, model.outputs);
}

Result<std::vector<TensorId>> Importer::BuildCall(const KerasLayer& layer, const Place& place,
                                                  const std::vector<TensorId>& inputs) {
  const std::string name = place.prefix + layer.name;
  if (++calls_ > kMaxCalls) {
    return Error(StatusCode::kUnsupported, "the model has more than {} layers", kMaxCalls);
  }
  const KerasWeightGroup* group = place.group;
  if (!place.nested) {
    const auto found = groups_.find(layer.name);
    group = found == groups_.end() ? nullptr : found->second;
  }
  if (layer.model != nullptr) return BuildModel(*layer.model, {name + "/", group, true}, inputs);

  const LayerOptions options(name, layer.class_name, layer.config);
  const LayerBuilder builder = FindLayerBuilder(layer.class_name);
  if (builder == nullptr) {
    return options.Unsupported(
        "layers of this class cannot be read; replace it, or convert the "
        "model to .tflite elsewhere and use that");
  }
  QB_RETURN_IF_ERROR(CheckType(options));
  LayerCall call(import_, options, group, place.nested, inputs);
  QB_ASSIGN_OR_RETURN(const TensorId output, builder(call));
  call.NameOutput(output);
  return std::vector<TensorId>{output};
}

Result<Model> Importer::Import(const KerasModel& keras) {
  Model model;
  Signature signature;
  std::vector<TensorId> inputs;
  for (const KerasTensorRef& ref : keras.inputs) {
    const KerasLayer& layer = keras.layers[ref.layer];
    QB_ASSIGN_OR_RETURN(const TensorId input, AddInput(layer));
    inputs.push_back(input);
    signature.input_names.push_back(layer.name);
  }
  QB_ASSIGN_OR_RETURN(const auto outputs, BuildModel(keras, {}, inputs));
  std::set<TensorId> distinct(inputs.begin(), inputs.end());
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::string& name = keras.layers[keras.outputs[i].layer].name;
    if (!distinct.insert(outputs[i]).second) {
      return Error(StatusCode::kUnsupported,
                   "the model's output \"{}\" is the same tensor as an input or another output",
                   name);
    }
    const auto taken =
        std::count(signature.output_names.begin(), signature.output_names.end(), name);
    signature.output_names.push_back(taken == 0 ? name : fmt::format("{}_{}", name, i));
  }
  model.description = keras.name;
  model.graph = std::move(import_.graph);
  model.graph.inputs = std::move(inputs);
  model.graph.outputs = outputs;
  model.signature = std::move(signature);
  QB_RETURN_IF_ERROR(Validate(model));
  return model;
}

}  // namespace

Result<Model> ImportKeras(const KerasFile& file) {
  auto keras = ParseKerasConfig(file.model_config);
  if (!keras.ok()) return keras.status().WithContext("model_config");
  return Importer(file).Import(*keras);
}

}  // namespace qbench::graph::import
