#include "graph/import/keras/keras_import.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fmt/ranges.h"
#include "graph/import/keras/channels_first.h"
#include "graph/import/keras/check_layers.h"
#include "graph/import/keras/keras_config.h"
#include "graph/import/keras/keras_layer.h"
#include "graph/import/keras/keras_layers.h"
#include "graph/import/keras/keras_wrappers.h"
#include "graph/import/keras/layer_groups.h"
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

// An output of a layer, as Keras has it.
struct Value {
  TensorId tensor = kNoTensor;
  bool is_integer = false;  // whole numbers there; the tensor is float32 all the same
};

class Importer {
 public:
  // `notes` and `missing` may be null.
  Importer(const KerasFile& file, std::vector<std::string>* notes,
           std::vector<std::string>* missing)
      : notes_(notes), missing_(missing) {
    import_.file = &file;
    if (file.by_order) {
      by_order_.emplace(file);
      for (const KerasWeightGroup& group : file.groups) import_.groups.emplace(group.layer, &group);
      return;
    }
    for (const KerasWeightGroup& group : file.groups) groups_.emplace(group.layer, &group);
  }

  Result<Model> Import(const KerasModel& keras);

 private:
  using Outputs = std::map<CallId, std::vector<Value>>;

  Status TakeType(const LayerOptions& options);
  Result<Value> AddInput(const KerasLayer& layer);
  Result<Value> AddChannelsFirstInput(const KerasLayer& layer);
  Result<Value> AddInput(const KerasModel& keras, size_t layer);
  Result<Model> Build(const KerasModel& keras);
  // Where parts are missing already: what else is, as far as it can be built around them.
  Status RefuseAll(const KerasModel& keras, MissingParts missing);
  Result<std::vector<Value>> BuildModel(const KerasModel& model, const Place& place,
                                        const std::vector<Value>& inputs);
  const KerasWeightGroup* GroupOf(const KerasModel& model, size_t layer, const Place& place);
  Result<std::vector<Value>> BuildCall(const KerasLayer& layer, const KerasCall& keras_call,
                                       const KerasWeightGroup* group, const Place& place,
                                       const std::vector<Value>& inputs);
  Result<std::vector<Value>> Gather(const KerasModel& model, const Outputs& outputs,
                                    const std::vector<KerasTensorRef>& references) const;

  KerasImport import_;
  std::map<std::string, const KerasWeightGroup*> groups_;
  std::optional<LayerGroups> by_order_;  // of a .keras file
  size_t calls_ = 0;
  std::vector<std::string>* notes_;
  std::vector<std::string>* missing_;
  // Set: layers that are not supported are listed, and what follows from them is left out.
  MissingParts* refused_ = nullptr;
  std::map<std::string, std::set<std::string>> other_types_;  // not float32: the layers of each
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

// The name of a layer's type. In Keras 3 and in Keras 2's mixed precision it is a policy:
// {"class_name": …, "config": {"name": …}}.
std::string TypeOf(const LayerOptions& options) {
  const Json* type = &options["dtype"];
  if (type->is_object() && type->contains("config") && type->at("config").is_object()) {
    type = &type->at("config");
    if (type->contains("name")) type = &type->at("name");
  }
  if (type->is_null()) return "float32";
  const std::string text = DumpJson(*type).substr(0, 60);  // printable
  return type->is_string() && text.ends_with('"') ? text.substr(1, text.size() - 2) : text;
}

// Types in which Keras computes what is computed in float32 here, as exactly or more so; the
// weights of the mixed ones are float32.
bool IsFloatType(const std::string& type) {
  static constexpr std::string_view kTypes[] = {"float32",       "float16",        "bfloat16",
                                                "mixed_float16", "mixed_bfloat16", "float64"};
  return std::ranges::find(kTypes, type) != std::end(kTypes);
}

bool IsIntegerType(const std::string& type) {
  return type == "uint8" || type == "int8" || type == "uint16" || type == "int16" ||
         type == "int32";
}

// [null, height, width, channels], as Keras 3 or Keras 2 names it; the batch is always left open.
Result<Shape> InputShape(const LayerOptions& options) {
  const char* key = options.Has("batch_shape") ? "batch_shape" : "batch_input_shape";
  const Json& json = options[key];
  if (!json.is_array() || json.size() < 2 || json.size() > 8) {
    return options.Unsupported(
        "the file does not say the input's shape; build the model with an Input layer for its "
        "first, and save it again");
  }
  constexpr int64_t kMostElements = int64_t{1} << 28;
  Shape shape = {1};
  for (size_t i = 1; i < json.size(); ++i) {
    const int64_t dim = json[i].is_number_integer() ? json[i].get<int64_t>() : 0;
    if (dim < 1 || dim > kMostElements / ElementCount(shape)) {
      return options.Unsupported(
          fmt::format("its input shape {} is not of fixed size; make a copy that has one: "
                      "new = keras.models.clone_model(model, keras.Input((height, width, 3))); "
                      "new.set_weights(model.get_weights()); new.save(\"model.h5\")",
                      DumpJson(json).substr(0, 60)));
    }
    shape.push_back(static_cast<int32_t>(dim));
  }
  return shape;
}

// Layers and operators that make floats of whole numbers before they compute.
bool GivesFloats(const KerasLayer& layer) {
  return layer.function.empty()
             ? layer.class_name == "Rescaling" || layer.class_name == "Normalization"
             : MakesFloats(layer.function);
}

// Whole numbers overflow and are cut off where Keras computes with them.
Status CheckTakesIntegers(const KerasLayer& layer, const LayerOptions& options,
                          LayerBuilder builder) {
  if (GivesFloats(layer) || builder == BuildIdentity || builder == BuildResizing) {
    return OkStatus();
  }
  return options.Unsupported(
      "it computes with whole numbers, as the model's input is; put a layer Rescaling(1.0) behind "
      "the input, which makes floats of them");
}

Result<Value> Importer::AddInput(const KerasLayer& layer) {
  const LayerOptions options(layer.name, layer.class_name, layer.config);
  const std::string type = TypeOf(options);
  const bool integer = IsIntegerType(type);
  if (!integer) QB_RETURN_IF_ERROR(TakeType(options));
  Tensor tensor;
  QB_ASSIGN_OR_RETURN(tensor.shape, InputShape(options));
  tensor.name = import_.builder.UniqueName(layer.name);
  tensor.dynamic_batch = true;
  const Value input = {import_.builder.graph.AddTensor(std::move(tensor)), integer};
  if (integer && notes_ != nullptr) {
    notes_->push_back(
        fmt::format("the input \"{}\" is {} in the file, and float32 here: it takes "
                    "the same numbers",
                    layer.name, type));
  }
  return input;
}

// A layer of another floating-point type is computed in float32.
Status Importer::TakeType(const LayerOptions& options) {
  const std::string type = TypeOf(options);
  if (type == "float32") return OkStatus();
  if (!IsFloatType(type)) {
    return options.Unsupported(
        fmt::format("its dtype is {}, which is not imported; build it with dtype=\"float32\", {}",
                    type, kConvertInstead));
  }
  other_types_[type].insert(options.name());
  return OkStatus();
}

// The tensor is what Keras has, turned back from an input of height, width and channels.
Result<Value> Importer::AddChannelsFirstInput(const KerasLayer& layer) {
  QB_ASSIGN_OR_RETURN(const Value input, AddInput(layer));
  Graph& graph = import_.builder.graph;
  Shape& shape = graph.tensors[static_cast<size_t>(input.tensor)].shape;
  const std::string before = fmt::format("{}", fmt::join(shape.begin() + 1, shape.end(), "x"));
  std::rotate(shape.begin() + 1, shape.begin() + 2, shape.end());
  if (notes_ != nullptr) {
    notes_->push_back(fmt::format(
        "the input \"{}\" is {} in the file, channels first, and {} here: height, width, channels",
        layer.name, before, fmt::join(shape.begin() + 1, shape.end(), "x")));
  }
  const auto rank = static_cast<int32_t>(shape.size());
  std::vector<int32_t> order = {0, rank - 1};
  for (int32_t i = 1; i + 1 < rank; ++i) order.push_back(i);
  const TensorId constant =
      import_.builder.AddConstant(layer.name + "/channels_first", {rank}, order);
  QB_ASSIGN_OR_RETURN(
      const TensorId turned,
      import_.builder.Emit(OpKind::kTranspose, NoOptions{}, {input.tensor, constant}, layer.name));
  return Value{turned, input.is_integer};
}

Result<std::vector<Value>> Importer::Gather(const KerasModel& model, const Outputs& outputs,
                                            const std::vector<KerasTensorRef>& references) const {
  std::vector<Value> values;
  for (const KerasTensorRef& ref : references) {
    const auto& of_call = outputs.at({ref.layer, ref.call});
    if (of_call.empty() && refused_ != nullptr) {
      values.push_back({});
      continue;
    }
    if (ref.output >= of_call.size()) {
      return Error(StatusCode::kCorrupt, "layer \"{}\" has no output {}",
                   model.layers[ref.layer].name, ref.output);
    }
    values.push_back(of_call[ref.output]);
  }
  return values;
}

Result<std::vector<Value>> Importer::BuildModel(const KerasModel& model, const Place& place,
                                                const std::vector<Value>& inputs) {
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
    const KerasWeightGroup* group = GroupOf(model, id.first, place);
    if (refused_ == nullptr) {
      QB_ASSIGN_OR_RETURN(outputs[id],
                          BuildCall(layer, layer.calls[id.second], group, place, call_inputs));
      continue;
    }
    outputs[id] = {};
    const bool whole = std::ranges::none_of(
        call_inputs, [](const Value& value) { return value.tensor == kNoTensor; });
    if (!whole && layer.model == nullptr) continue;
    auto built = BuildCall(layer, layer.calls[id.second], group, place, call_inputs);
    if (built.ok()) outputs[id] = std::move(*built);
    if (!built.ok() && built.status().code() == StatusCode::kUnsupported) {
      refused_->AddError(built.status());
    }
  }
  return Gather(model, outputs, model.outputs);
}

const KerasWeightGroup* Importer::GroupOf(const KerasModel& model, size_t layer,
                                          const Place& place) {
  if (by_order_) {
    if (!place.nested) return by_order_->Of(model, "")[layer];
    return place.group == nullptr ? nullptr : by_order_->Of(model, place.group->layer + "/")[layer];
  }
  if (place.nested) return place.group;
  const auto found = groups_.find(model.layers[layer].name);
  return found == groups_.end() ? nullptr : found->second;
}

Result<std::vector<Value>> Importer::BuildCall(const KerasLayer& layer, const KerasCall& keras_call,
                                               const KerasWeightGroup* group, const Place& place,
                                               const std::vector<Value>& inputs) {
  const std::string name = place.prefix + (layer.wrappers.empty() ? layer.name : layer.inner_name);
  if (++calls_ > kMaxCalls) {
    return Error(StatusCode::kUnsupported, "the model has more than {} layers", kMaxCalls);
  }
  if (layer.model != nullptr) return BuildModel(*layer.model, {name + "/", group, true}, inputs);

  const bool is_operator = !layer.function.empty();
  // What Keras 3 has among an operator's options, Keras 2 has among the arguments.
  Json config = is_operator ? layer.config : Json();
  if (is_operator && config.is_object() && keras_call.arguments.is_object()) {
    config.update(keras_call.arguments.value("kwargs", Json::object()));
  }
  const LayerOptions options(name, is_operator ? layer.function : layer.class_name,
                             is_operator ? config : layer.config);
  const LayerBuilder builder =
      is_operator ? FindOperatorBuilder(layer.function) : FindLayerBuilder(layer.class_name);
  if (builder == nullptr && refused_ != nullptr) return std::vector<Value>{};  // listed already
  if (builder == nullptr) return options.Corrupt("it is not among the model's inputs");
  if (!is_operator) QB_RETURN_IF_ERROR(TakeType(options));
  std::vector<TensorId> tensors;
  bool integer = false;
  for (const Value& input : inputs) {
    tensors.push_back(input.tensor);
    integer = integer || input.is_integer;
  }
  if (integer) QB_RETURN_IF_ERROR(CheckTakesIntegers(layer, options, builder));
  QB_ASSIGN_OR_RETURN(group, InferenceWeights(layer, name, group, import_));
  LayerCall call(import_, options, group, place.nested, std::move(tensors), &keras_call.arguments);
  if (!layer.wrappers.empty()) call.SetWrapper(place.prefix + layer.name);
  const size_t first_op = import_.builder.graph.ops.size();
  QB_ASSIGN_OR_RETURN(const TensorId output, is_operator ? builder(call) : BuildLayer(call));
  QB_RETURN_IF_ERROR(call.TakeWrapper(layer, output, first_op));
  QB_RETURN_IF_ERROR(call.CheckAllTaken());
  call.NameOutput(output);
  return std::vector<Value>{{output, integer && !GivesFloats(layer)}};
}

Result<Model> Importer::Import(const KerasModel& keras) {
  import_.channels_first = HasChannelsFirst(keras);
  MissingParts missing = CheckLayers(keras);
  if (!missing.empty()) return RefuseAll(keras, std::move(missing));
  auto model = Build(keras);
  if (model.ok() || model.status().code() != StatusCode::kUnsupported) return model;
  if (missing.AddError(model.status())) (void)RefuseAll(keras, std::move(missing));
  return model;
}

// All layers that can be built are, on a graph that is thrown away.
Status Importer::RefuseAll(const KerasModel& keras, MissingParts missing) {
  import_.builder = GraphBuilder();
  import_.weights.clear();
  calls_ = 0;
  std::vector<std::string>* const notes = std::exchange(notes_, nullptr);
  refused_ = &missing;
  std::vector<Value> inputs;
  for (const KerasTensorRef& ref : keras.inputs) {
    const auto input = AddInput(keras, ref.layer);
    if (!input.ok()) missing.AddError(input.status());
    inputs.push_back(input.ok() ? *input : Value{});
  }
  (void)BuildModel(keras, {}, inputs);
  refused_ = nullptr;
  notes_ = notes;
  if (missing_ != nullptr) *missing_ = missing.List();
  return missing.ToStatus();
}

Result<Value> Importer::AddInput(const KerasModel& keras, size_t layer) {
  const LayerOptions options(keras.layers[layer].name, {}, keras.layers[layer].config);
  const auto shape = InputShape(options);
  const bool image = shape.ok() && (shape->size() == 3 || shape->size() == 4);
  const bool turns = import_.channels_first && image && IsChannelsFirstInput(keras, layer);
  return turns ? AddChannelsFirstInput(keras.layers[layer]) : AddInput(keras.layers[layer]);
}

Result<Model> Importer::Build(const KerasModel& keras) {
  Model model;
  Signature signature;
  std::vector<Value> inputs;
  std::set<TensorId> distinct;
  for (const KerasTensorRef& ref : keras.inputs) {
    const KerasLayer& layer = keras.layers[ref.layer];
    const auto tensor = static_cast<TensorId>(import_.builder.graph.tensors.size());
    QB_ASSIGN_OR_RETURN(const Value input, AddInput(keras, ref.layer));
    inputs.push_back(input);
    distinct.insert(tensor);
    import_.builder.graph.inputs.push_back(tensor);
    signature.input_names.push_back(layer.name);
  }
  QB_ASSIGN_OR_RETURN(const auto outputs, BuildModel(keras, {}, inputs));
  for (size_t i = 0; i < outputs.size(); ++i) {
    const KerasLayer& layer = keras.layers[keras.outputs[i].layer];
    const std::string& name = layer.wrappers.empty() ? layer.name : layer.inner_name;
    if (!distinct.insert(outputs[i].tensor).second) {
      return Error(StatusCode::kUnsupported,
                   "the model's output \"{}\" is the same tensor as an input or another output; "
                   "leave it out: keras.Model(model.inputs, outputs).save(\"model.h5\")",
                   name);
    }
    const auto taken =
        std::count(signature.output_names.begin(), signature.output_names.end(), name);
    signature.output_names.push_back(taken == 0 ? name : fmt::format("{}_{}", name, i));
    import_.builder.graph.outputs.push_back(outputs[i].tensor);
  }
  model.description = keras.name;
  model.graph = std::move(import_.builder.graph);
  model.signature = std::move(signature);
  QB_RETURN_IF_ERROR(Validate(model));
  if (notes_ == nullptr) return model;
  if (std::string learned = DescribeLearnedRanges(model.graph); !learned.empty()) {
    notes_->push_back(std::move(learned));
  }
  for (const auto& [type, layers] : other_types_) {
    notes_->push_back(
        fmt::format("{} layers of dtype {} (\"{}\" is one) compute in float32 "
                    "here",
                    layers.size(), type, *layers.begin()));
  }
  return model;
}

}  // namespace

Result<Model> ImportKeras(const KerasFile& file, std::vector<std::string>* notes,
                          std::vector<std::string>* missing) {
  auto keras = ParseKerasConfig(file.model_config);
  if (!keras.ok()) return keras.status().WithContext("model_config");
  return Importer(file, notes, missing).Import(*keras);
}

}  // namespace qbench::graph::import
