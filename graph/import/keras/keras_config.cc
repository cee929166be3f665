#include "graph/import/keras/keras_config.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "graph/import/keras/keras_wrappers.h"

namespace qbench::graph::import {
namespace {

constexpr size_t kMaxNameLength = 1000;

Result<KerasModel> ParseModel(const std::string& class_name, Json config);

bool IsModelClass(const std::string& class_name) {
  return class_name == "Functional" || class_name == "Sequential" || class_name == "Model";
}

// object[key], a name to be shown and to be used in files.
Result<std::string> ReadName(const Json& object, const char* key) {
  QB_ASSIGN_OR_RETURN(std::string name, JsonGet<std::string>(object, key));
  const bool printable = std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
  });
  if (name.empty() || name.size() > kMaxNameLength || !printable) {
    return Error(StatusCode::kCorrupt, "\"{}\" is not a name", key);
  }
  return name;
}

// {"class_name": …, "config": {…, "name": …}}; a model's layers are parsed as well.
Result<KerasLayer> ParseLayer(Json& json) {
  KerasLayer layer;
  QB_ASSIGN_OR_RETURN(layer.class_name, ReadName(json, "class_name"));
  if (!json.contains("config")) {
    return Error(StatusCode::kCorrupt, "a layer of class {} has no \"config\"", layer.class_name);
  }
  Json& config = json["config"];
  if (json.contains("name")) {
    QB_ASSIGN_OR_RETURN(layer.name, ReadName(json, "name"));
  } else {
    auto name = ReadName(config, "name");
    if (!name.ok()) {
      return name.status().WithContext("a layer of class " + layer.class_name);
    }
    layer.name = std::move(*name);
  }
  if (IsWrapperClass(layer.class_name)) {
    layer.config = std::move(config);
    QB_RETURN_IF_ERROR(Unwrap(layer));
  } else if (IsModelClass(layer.class_name)) {
    auto model = ParseModel(layer.class_name, std::move(config));
    if (!model.ok()) return model.status().WithContext("model \"" + layer.name + "\"");
    layer.model = std::make_unique<KerasModel>(std::move(*model));
  } else {
    layer.config = std::move(config);
  }
  return layer;
}

// Keras 2: a function of TensorFlow that was called on a layer's output (x + y, tf.cast(x)), under
// the names that versions of Keras have given such operators. Their calls are not like a layer's.
bool IsKeras2Operator(const std::string& class_name) {
  static constexpr std::string_view kClasses[] = {"TFOpLambda",       "SlicingOpLambda",
                                                  "ClassMethod",      "InstanceMethod",
                                                  "InstanceProperty", "TensorFlowOpLayer"};
  return std::ranges::find(kClasses, class_name) != std::end(kClasses);
}

// Keras 3: a function of keras.ops. Layers say whether they are trainable, operators do not.
bool IsKeras3Operator(const KerasLayer& layer, const Json& call) {
  return call.is_object() && layer.model == nullptr && layer.config.is_object() &&
         !layer.config.contains("trainable");
}

// "math.truediv"; "?" where the file does not say.
std::string Keras2Function(const KerasLayer& op) {
  const Json function = op.config.is_object() ? op.config.value("function", Json()) : Json();
  return function.is_string() ? function.get<std::string>().substr(0, 100) : "?";
}

// A Sequential model: each layer is called once, on the output of the one before.
Result<KerasModel> ParseSequential(Json& layers) {
  KerasModel model;
  for (Json& json : layers) {
    QB_ASSIGN_OR_RETURN(KerasLayer layer, ParseLayer(json));
    if (model.layers.empty() && layer.class_name != "InputLayer") {
      // Deferred: the shape is found where the model is used, or in the first layer's options.
      KerasLayer input;
      input.name = layer.name + "_input";
      input.class_name = "InputLayer";
      input.config = layer.config;
      input.calls.emplace_back();
      model.layers.push_back(std::move(input));
    }
    KerasCall call;
    if (!model.layers.empty()) call.inputs.push_back({model.layers.size() - 1, 0, 0});
    layer.calls.push_back(std::move(call));
    model.layers.push_back(std::move(layer));
  }
  if (model.layers.empty()) return Error(StatusCode::kCorrupt, "the model has no layers");
  model.inputs.push_back({0, 0, 0});
  model.outputs.push_back({model.layers.size() - 1, 0, 0});
  return model;
}

// Reads the connections of a Functional model. `calls_json_` is what the file says of each layer's
// calls, still to be read: a call may refer to any layer.
class FunctionalParser {
 public:
  Result<KerasModel> Parse(Json& config);

 private:
  Status AddLayer(Json& json);
  Status ReadCalls(size_t layer);
  Result<KerasCall> ReadKeras2Call(const Json& json);
  Status ReadKeras2Arguments(const Json& arguments, KerasCall& call);
  Status ReadNamedTensor(const std::string& key, const Json& value, KerasCall& call);
  Result<KerasCall> ReadKeras3Call(const Json& json);
  Result<KerasCall> ReadKeras2Operator(const Json& json);
  Result<KerasCall> ReadKeras3Operator(const Json& json);
  Result<Json> ReadArgument(const Json& json, KerasCall& call);
  Status CollectTensors(const Json& json, KerasCall& call);
  Result<KerasTensorRef> ReadReference(const Json& json);
  Status ReadEnds(const Json& config, const char* key, std::vector<KerasTensorRef>& references);
  Status CollectEnds(const Json& json, std::vector<KerasTensorRef>& references);
  Status CountCallsFromZero();
  Status CountFromZero(KerasTensorRef& ref, bool at_end) const;
  Status CheckInputs() const;

  KerasModel model_;
  std::vector<Json> calls_json_;
  std::map<std::string, size_t> index_;
  std::vector<size_t> highest_call_;  // of each layer: the highest number that a reference has
};

Status FunctionalParser::AddLayer(Json& json) {
  QB_ASSIGN_OR_RETURN(KerasLayer layer, ParseLayer(json));
  if (!index_.emplace(layer.name, model_.layers.size()).second) {
    return Error(StatusCode::kCorrupt, "two layers have the name \"{}\"", layer.name);
  }
  Json calls = json.value("inbound_nodes", Json::array());
  if (!calls.is_array()) {
    return Error(StatusCode::kCorrupt, "layer \"{}\": \"inbound_nodes\" is not a list", layer.name);
  }
  // An InputLayer's only call has no inputs and is not written down.
  const size_t count = layer.class_name == "InputLayer" ? 1 : calls.size();
  layer.calls.resize(count);
  model_.layers.push_back(std::move(layer));
  calls_json_.push_back(std::move(calls));
  highest_call_.push_back(0);
  return OkStatus();
}

Status FunctionalParser::ReadCalls(size_t layer) {
  KerasLayer& target = model_.layers[layer];
  if (target.class_name == "InputLayer") return OkStatus();
  if (IsKeras2Operator(target.class_name)) target.function = Keras2Function(target);
  for (size_t i = 0; i < calls_json_[layer].size(); ++i) {
    const Json& json = calls_json_[layer][i];
    if (IsKeras3Operator(target, json)) target.function = target.class_name;
    const bool keras3 = json.is_object();
    auto call = target.function.empty()
                    ? (keras3 ? ReadKeras3Call(json) : ReadKeras2Call(json))
                    : (keras3 ? ReadKeras3Operator(json) : ReadKeras2Operator(json));
    if (!call.ok()) {
      return call.status().WithContext("layer \"" + target.name + "\" (" + target.class_name + ")");
    }
    target.calls[i] = std::move(*call);
  }
  return OkStatus();
}

// [["layer", call, output, {keyword arguments}], …]
Result<KerasCall> FunctionalParser::ReadKeras2Call(const Json& json) {
  KerasCall call;
  if (!json.is_array()) return Error(StatusCode::kCorrupt, "a call is not a list");
  for (const Json& input : json) {
    QB_ASSIGN_OR_RETURN(const KerasTensorRef ref, ReadReference(input));
    call.inputs.push_back(ref);
    if (input.size() > 3) QB_RETURN_IF_ERROR(ReadKeras2Arguments(input[3], call));
  }
  return call;
}

// layer(query, value=x): a tensor by its argument's name. Masks change what is computed.
Status FunctionalParser::ReadNamedTensor(const std::string& key, const Json& value,
                                         KerasCall& call) {
  if (key.ends_with("mask")) {
    return Error(StatusCode::kUnsupported,
                 "it is called with the mask \"{}\", which is not read; call it without one",
                 key.substr(0, kMaxNameLength));
  }
  QB_ASSIGN_OR_RETURN(call.arguments["kwargs"][key], ReadArgument(value, call));
  return OkStatus();
}

Status FunctionalParser::ReadKeras2Arguments(const Json& arguments, KerasCall& call) {
  if (!arguments.is_object()) return Error(StatusCode::kCorrupt, "call arguments are not a table");
  for (const auto& [key, value] : arguments.items()) {
    if (value.is_null() || value == false) continue;
    const bool tensor = value.is_array() && value.size() >= 3 && value[0].is_string() &&
                        index_.contains(value[0].get<std::string>());
    if (tensor) {
      QB_RETURN_IF_ERROR(ReadNamedTensor(key, value, call));
      continue;
    }
    if (key == "training") {
      return Error(StatusCode::kUnsupported,
                   "it is called with training = True, so that it trains at inference too; build "
                   "the model without that");
    }
    return Error(StatusCode::kUnsupported,
                 "it is called with {} = {}, which is not read; call it on tensors alone",
                 key.substr(0, kMaxNameLength), DumpJson(value).substr(0, 40));
  }
  return OkStatus();
}

// {"args": [tensor or list of tensors, …], "kwargs": {…}}. Keras 3 writes training=True down by
// itself where a layer has that for a default, and the model's own mode overrides it, which is
// inference here.
Result<KerasCall> FunctionalParser::ReadKeras3Call(const Json& json) {
  KerasCall call;
  if (json.contains("args")) QB_RETURN_IF_ERROR(CollectTensors(json["args"], call));
  if (!json.contains("kwargs")) return call;
  const Json& arguments = json["kwargs"];
  if (!arguments.is_object()) return Error(StatusCode::kCorrupt, "call arguments are not a table");
  for (const auto& [key, value] : arguments.items()) {
    if (value.is_null() || value == false || (key == "training" && value.is_boolean())) continue;
    if (value.is_structured()) {
      QB_RETURN_IF_ERROR(value.is_object() ? ReadNamedTensor(key, value, call)
                                           : CollectTensors(value, call));
      continue;
    }
    return Error(StatusCode::kUnsupported,
                 "it is called with {} = {}, which is not read; call it on tensors alone",
                 key.substr(0, kMaxNameLength), DumpJson(value).substr(0, 40));
  }
  return call;
}

// ["layer", call, output, {keyword arguments}], or a list of such where the first argument is a
// list. A first argument that is no tensor is ["_CONSTANT_VALUE", -1, value, {…}].
Result<KerasCall> FunctionalParser::ReadKeras2Operator(const Json& json) {
  KerasCall call;
  const bool list = json.is_array() && !json.empty() && json[0].is_array();
  const Json& first = list ? json[0] : json;
  if (!first.is_array() || first.size() < 3) {
    return Error(StatusCode::kCorrupt, "a call is not a list");
  }
  Json args = Json::array();
  if (first[0] == "_CONSTANT_VALUE") {
    args.push_back(first[2]);
  } else {
    QB_ASSIGN_OR_RETURN(Json argument, ReadArgument(json, call));
    args.push_back(std::move(argument));
  }
  Json keywords = Json::object();
  if (first.size() > 3 && first[3].is_object()) {
    for (const auto& [key, value] : first[3].items()) {
      QB_ASSIGN_OR_RETURN(Json argument, ReadArgument(value, call));
      // The second operand of what Python writes between two.
      if (key == "y") {
        args.push_back(std::move(argument));
      } else if (!value.is_null()) {
        keywords[key] = std::move(argument);
      }
    }
  }
  call.arguments = {{"args", std::move(args)}, {"kwargs", std::move(keywords)}};
  return call;
}

Result<KerasCall> FunctionalParser::ReadKeras3Operator(const Json& json) {
  KerasCall call;
  Json args = Json::array();
  Json keywords = Json::object();
  for (const Json& value : json.value("args", Json::array())) {
    QB_ASSIGN_OR_RETURN(Json argument, ReadArgument(value, call));
    args.push_back(std::move(argument));
  }
  const Json named = json.value("kwargs", Json::object());
  if (!named.is_object()) return Error(StatusCode::kCorrupt, "call arguments are not a table");
  for (const auto& [key, value] : named.items()) {
    if (value.is_null()) continue;
    QB_ASSIGN_OR_RETURN(Json argument, ReadArgument(value, call));
    keywords[key] = std::move(argument);
  }
  call.arguments = {{"args", std::move(args)}, {"kwargs", std::move(keywords)}};
  return call;
}

// A copy in which {"tensor": i} stands for tensors.
Result<Json> FunctionalParser::ReadArgument(const Json& json, KerasCall& call) {
  const bool keras3 = json.is_object() && json.value("class_name", Json()) == "__keras_tensor__";
  const bool keras2 = json.is_array() && json.size() >= 3 && json[0].is_string() &&
                      json[1].is_number_unsigned() && json[2].is_number_unsigned();
  if (keras2 || keras3) {
    const size_t index = call.inputs.size();
    if (keras3) {
      QB_RETURN_IF_ERROR(CollectTensors(json, call));
    } else {
      QB_ASSIGN_OR_RETURN(const KerasTensorRef ref, ReadReference(json));
      call.inputs.push_back(ref);
    }
    return Json({{"tensor", index}});
  }
  if (!json.is_structured()) return json;
  Json copy = json;
  for (Json& item : copy) {
    QB_ASSIGN_OR_RETURN(item, ReadArgument(Json(item), call));
  }
  return copy;
}

Status FunctionalParser::CollectTensors(const Json& json, KerasCall& call) {
  if (json.is_null() || json == false) return OkStatus();  // no mask, training=False
  const bool tensor = json.is_object() && json.value("class_name", Json()) == "__keras_tensor__";
  if (tensor) {
    const Json config = json.value("config", Json::object());
    const Json history = config.is_object() ? config.value("keras_history", Json()) : Json();
    QB_ASSIGN_OR_RETURN(const KerasTensorRef ref, ReadReference(history));
    call.inputs.push_back(ref);
    return OkStatus();
  }
  if (json.is_object() && json.contains("class_name")) {
    return Error(StatusCode::kUnsupported, "it is called on something that is not a tensor");
  }
  if (!json.is_structured()) {
    return Error(StatusCode::kUnsupported,
                 "it is called with the constant {}, which is not read; call it on tensors alone",
                 DumpJson(json).substr(0, 40));
  }
  for (const Json& item : json) QB_RETURN_IF_ERROR(CollectTensors(item, call));
  return OkStatus();
}

// ["layer", call, output], the call as the file counts it: see CountFromZero.
Result<KerasTensorRef> FunctionalParser::ReadReference(const Json& json) {
  if (!json.is_array() || json.size() < 3 || !json[0].is_string() ||
      !json[1].is_number_unsigned() || !json[2].is_number_unsigned()) {
    return Error(StatusCode::kCorrupt, "a reference to a tensor is not [layer, call, output]");
  }
  const auto found = index_.find(json[0].get<std::string>());
  if (found == index_.end()) {
    return Error(StatusCode::kCorrupt, "a tensor comes from a layer that is not in the model");
  }
  const KerasTensorRef ref = {found->second, json[1].get<size_t>(), json[2].get<size_t>()};
  highest_call_[ref.layer] = std::max(highest_call_[ref.layer], ref.call);
  return ref;
}

Status FunctionalParser::ReadEnds(const Json& config, const char* key,
                                  std::vector<KerasTensorRef>& references) {
  if (!config.contains(key)) return Error(StatusCode::kCorrupt, "no key \"{}\"", key);
  Status status = CollectEnds(config[key], references);
  if (status.ok() && references.empty()) status = Error(StatusCode::kCorrupt, "it is empty");
  return status.WithContext(key);
}

// One reference, or a list or table of them (nested as the model's own structure is).
Status FunctionalParser::CollectEnds(const Json& json, std::vector<KerasTensorRef>& references) {
  if (json.is_array() && json.size() == 3 && json[0].is_string()) {
    QB_ASSIGN_OR_RETURN(const KerasTensorRef ref, ReadReference(json));
    references.push_back(ref);
    return OkStatus();
  }
  if (!json.is_structured()) return Error(StatusCode::kCorrupt, "it is not a list of tensors");
  for (const Json& item : json) QB_RETURN_IF_ERROR(CollectEnds(item, references));
  return OkStatus();
}

Status FunctionalParser::CountCallsFromZero() {
  for (KerasLayer& layer : model_.layers) {
    for (KerasCall& call : layer.calls) {
      for (KerasTensorRef& ref : call.inputs) QB_RETURN_IF_ERROR(CountFromZero(ref, false));
    }
  }
  for (KerasTensorRef& ref : model_.inputs) QB_RETURN_IF_ERROR(CountFromZero(ref, true));
  for (KerasTensorRef& ref : model_.outputs) QB_RETURN_IF_ERROR(CountFromZero(ref, true));
  return OkStatus();
}

// For Keras a nested model was called once already when it was made. That call is not among those
// of the file, but Keras 2 counts it (unless the model was made without an input), and Keras 3
// counts it in the outer model's inputs and outputs where the nested one is Functional.
Status FunctionalParser::CountFromZero(KerasTensorRef& ref, bool at_end) const {
  const KerasLayer& layer = model_.layers[ref.layer];
  const size_t calls = layer.calls.size();
  if (layer.model != nullptr && calls > 0) {
    const bool keras3 = calls_json_[ref.layer][0].is_object();
    const bool counted =
        keras3 ? at_end && layer.class_name != "Sequential" : highest_call_[ref.layer] == calls;
    if (counted || calls == 1) ref.call -= std::min<size_t>(ref.call, 1);
  }
  if (ref.call < calls) return OkStatus();
  return Error(StatusCode::kCorrupt, "a tensor comes from call {} of layer \"{}\", which has {}",
               ref.call, layer.name, calls);
}

Status FunctionalParser::CheckInputs() const {
  std::vector<bool> seen(model_.layers.size(), false);
  for (const KerasTensorRef& input : model_.inputs) {
    const KerasLayer& layer = model_.layers[input.layer];
    if (layer.class_name != "InputLayer" || seen[input.layer]) {
      return Error(StatusCode::kUnsupported,
                   "the model's input \"{}\" is not an InputLayer of its own", layer.name);
    }
    seen[input.layer] = true;
  }
  return OkStatus();
}

Result<KerasModel> FunctionalParser::Parse(Json& config) {
  for (Json& json : config["layers"]) QB_RETURN_IF_ERROR(AddLayer(json));
  for (size_t i = 0; i < model_.layers.size(); ++i) QB_RETURN_IF_ERROR(ReadCalls(i));
  QB_RETURN_IF_ERROR(ReadEnds(config, "input_layers", model_.inputs));
  QB_RETURN_IF_ERROR(ReadEnds(config, "output_layers", model_.outputs));
  QB_RETURN_IF_ERROR(CountCallsFromZero());
  QB_RETURN_IF_ERROR(CheckInputs());
  return std::move(model_);
}

// A Sequential model that got its shape from its first input alone (Keras 2).
void AddInputShape(Json& config) {
  Json& layers = config["layers"];
  if (!config.contains("build_input_shape") || layers.empty()) return;
  Json& first = layers[0];
  if (!first.is_object() || !first.contains("config") || !first["config"].is_object() ||
      first["config"].contains("batch_input_shape")) {
    return;
  }
  first["config"]["batch_input_shape"] = config["build_input_shape"];
}

Result<KerasModel> ParseModel(const std::string& class_name, Json config) {
  // Before Keras 2.2.3 a Sequential model's configuration was the list of layers itself.
  if (class_name == "Sequential" && config.is_array()) return ParseSequential(config);
  if (!config.is_object() || !config.contains("layers") || !config["layers"].is_array()) {
    return Error(StatusCode::kCorrupt, "the model has no list of layers");
  }
  QB_ASSIGN_OR_RETURN(std::string name, ReadName(config, "name"));
  if (class_name == "Sequential") AddInputShape(config);
  auto model = class_name == "Sequential" ? ParseSequential(config["layers"])
                                          : FunctionalParser().Parse(config);
  if (!model.ok()) return model;
  model->name = std::move(name);
  QB_RETURN_IF_ERROR(SettleInnerNames(*model));
  return model;
}

}  // namespace

Result<KerasModel> ParseKerasConfig(std::string_view text) {
  QB_ASSIGN_OR_RETURN(Json json, ParseJson(text));
  QB_ASSIGN_OR_RETURN(const std::string class_name, ReadName(json, "class_name"));
  if (!IsModelClass(class_name)) {
    return Error(StatusCode::kUnsupported,
                 "the model is of class {}, whose layers its file does not say; only Sequential "
                 "and Functional models can be read: convert it with tf.lite.TFLiteConverter and "
                 "give qbench the .tflite",
                 class_name);
  }
  if (!json.contains("config")) return Error(StatusCode::kCorrupt, "no key \"config\"");
  return ParseModel(class_name, std::move(json["config"]));
}

}  // namespace qbench::graph::import
