#include "graph/import/keras/keras_layer.h"

#include <algorithm>
#include <optional>

#include "fmt/ranges.h"
#include "graph/validate.h"

namespace qbench::graph::import {
namespace {

constexpr int64_t kMaxWindow = 4096;
constexpr int64_t kMaxUnits = int64_t{1} << 24;

// "block/conv/kernel:0" -> {"block/conv", "kernel"}
std::pair<std::string_view, std::string_view> SplitWeightName(std::string_view name) {
  const size_t colon = name.rfind(':');
  if (colon != std::string_view::npos) name = name.substr(0, colon);
  const size_t slash = name.rfind('/');
  if (slash == std::string_view::npos) return {{}, name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

std::string_view LastPart(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// How many names the two paths have in common, from the end: "a/b/c" and "x/b/c" have 2.
size_t CommonEnd(std::string_view a, std::string_view b) {
  size_t common = 0;
  while (!a.empty() && !b.empty() && LastPart(a) == LastPart(b)) {
    ++common;
    a.remove_suffix(std::min(a.size(), LastPart(a).size() + 1));
    b.remove_suffix(std::min(b.size(), LastPart(b).size() + 1));
  }
  return common;
}

// Nothing where it is not a whole number from `low` to `high`.
std::optional<int32_t> WholeNumber(const Json& json, int64_t low, int64_t high) {
  if (!json.is_number_integer()) return std::nullopt;
  const auto value = json.get<int64_t>();  // what is too large for it turns negative
  if (value < low || value > high) return std::nullopt;
  return static_cast<int32_t>(value);
}

}  // namespace

LayerOptions::LayerOptions(std::string layer, std::string class_name, const Json& config)
    : name_(std::move(layer)), class_name_(std::move(class_name)), config_(config) {}

bool LayerOptions::Has(const char* key) const {
  return config_.is_object() && config_.contains(key) && !config_.at(key).is_null();
}

// Numbers of NumPy are written as {"type": "ndarray", "value": …}, or by Keras 3 as {"class_name":
// "__numpy__", "config": {"value": …}}.
const Json& Plain(const Json& json) {
  if (!json.is_object()) return json;
  if (json.value("type", Json()) == "ndarray" && json.contains("value")) return json.at("value");
  const Json kind = json.value("class_name", Json());
  const bool array = kind == "__numpy__" || kind == "__tensor__";
  if (!array || !json.contains("config") || !json.at("config").is_object()) return json;
  return json.at("config").contains("value") ? json.at("config").at("value") : json;
}

const Json& LayerOptions::operator[](const char* key) const {
  static const Json null;
  return Has(key) ? Plain(config_.at(key)) : null;
}

Result<bool> LayerOptions::Bool(const char* key, bool fallback) const {
  if (!Has(key)) return fallback;
  const Json& value = (*this)[key];
  if (value == 0 || value == 1) return value == 1;  // as Python takes them
  if (!value.is_boolean()) return Corrupt(fmt::format("{} is not true or false", key));
  return value.get<bool>();
}

Result<double> LayerOptions::Number(const char* key, double fallback) const {
  if (!Has(key)) return fallback;
  if (!(*this)[key].is_number()) return Corrupt(fmt::format("{} is not a number", key));
  return (*this)[key].get<double>();
}

Result<std::string> LayerOptions::Text(const char* key, std::string fallback) const {
  if (!Has(key)) return fallback;
  if (!(*this)[key].is_string()) return Corrupt(fmt::format("{} is not text", key));
  return (*this)[key].get<std::string>();
}

Result<int32_t> LayerOptions::Size(const char* key, int32_t fallback) const {
  if (!Has(key)) return fallback;
  const auto size = WholeNumber((*this)[key], 1, kMaxWindow);
  if (size) return *size;
  return Corrupt(fmt::format("{} is not a whole number from 1 to {}", key, kMaxWindow));
}

Result<int32_t> LayerOptions::SizeOfWeights(const char* key) const {
  const auto size = WholeNumber((*this)[key], 1, kMaxUnits);
  if (size) return *size;
  return Corrupt(fmt::format("{} is not a whole number from 1 to {}", key, kMaxUnits));
}

Result<LayerOptions::Pair> LayerOptions::SizePair(const char* key, int32_t fallback) const {
  if (!Has(key)) return Pair{fallback, fallback};
  return ReadPair((*this)[key], key, 1);
}

Result<LayerOptions::Pair> LayerOptions::ReadPair(const Json& json, const char* key,
                                                  int32_t low) const {
  const bool list = json.is_array() && json.size() == 2;
  const auto first = WholeNumber(list ? json[0] : json, low, kMaxWindow);
  const auto second = WholeNumber(list ? json[1] : json, low, kMaxWindow);
  if (first && second) return Pair{*first, *second};
  return Corrupt(
      fmt::format("{} is not one or two whole numbers from {} to {}", key, low, kMaxWindow));
}

Result<std::vector<float>> LayerOptions::Numbers(const char* key, float fallback) const {
  const Json* json = &(*this)[key];
  if (json->is_null()) return std::vector<float>{fallback};
  while (json->is_array() && json->size() == 1) json = &json->front();
  if (json->is_number()) return std::vector<float>{json->get<float>()};
  std::vector<float> numbers;
  if (json->is_array()) {
    for (const Json& item : *json) {
      if (item.is_number()) numbers.push_back(item.get<float>());
    }
  }
  if (numbers.empty() || numbers.size() != json->size()) {
    return Unsupported(fmt::format("{} is neither a number nor one number a channel", key));
  }
  return numbers;
}

Result<Padding> LayerOptions::ReadPadding() const {
  QB_ASSIGN_OR_RETURN(const std::string padding, Text("padding", "valid"));
  if (padding == "same") return Padding::kSame;
  if (padding == "valid") return Padding::kValid;
  return UnsupportedOption("padding is neither \"same\" nor \"valid\"");
}

bool LayerOptions::AxisIsLast(size_t rank) const {
  const Json& axis = (*this)["axis"];
  const Json& number = axis.is_array() && axis.size() == 1 ? axis[0] : axis;
  return number.is_null() || number == -1 || number == rank - 1;
}

Result<size_t> LayerOptions::OneAxis(size_t rank) const {
  const Json& axis = (*this)["axis"];
  const Json& number = axis.is_array() && axis.size() == 1 ? axis[0] : axis;
  if (number.is_null()) return rank - 1;
  const auto value = WholeNumber(number, -8, 8);
  const int64_t from_front =
      value && *value < 0 ? *value + static_cast<int64_t>(rank) : value.value_or(0);
  if (from_front >= 1 && from_front < static_cast<int64_t>(rank)) {
    return static_cast<size_t>(from_front);
  }
  return UnsupportedOption("axis is not one dimension of a sample");
}

Status LayerOptions::CheckChannelsLast() const {
  QB_ASSIGN_OR_RETURN(const std::string format, Text("data_format", "channels_last"));
  if (format == "channels_last") return OkStatus();
  return UnsupportedOption("data_format is not \"channels_last\"");
}

Status LayerOptions::Corrupt(std::string_view what) const {
  return Error(StatusCode::kCorrupt, "layer \"{}\" ({}): {}", name_, class_name_, what);
}

Status LayerOptions::Unsupported(std::string_view what) const {
  return Error(StatusCode::kUnsupported, "layer \"{}\" ({}): {}", name_, class_name_, what);
}

Status LayerOptions::UnsupportedOption(std::string_view what) const {
  return Unsupported(fmt::format("{}; build the model without that, {}", what, kConvertInstead));
}

LayerCall::LayerCall(KerasImport& import, const LayerOptions& options,
                     const KerasWeightGroup* weights, bool nested, std::vector<TensorId> inputs,
                     const Json* arguments)
    : import_(import),
      options_(options),
      weights_(weights),
      nested_(nested),
      inputs_(std::move(inputs)),
      arguments_(arguments),
      first_tensor_(import.builder.graph.tensors.size()) {}

bool LayerCall::is_keras3() const { return import_.file->keras_version.starts_with("3."); }

const Json& LayerCall::Argument(size_t index) const {
  static const Json null;
  if (arguments_ == nullptr || !arguments_->contains("args")) return null;
  const Json& args = arguments_->at("args");
  return index < args.size() ? args[index] : null;
}

std::optional<TensorId> LayerCall::TensorOf(const Json& argument) const {
  if (!argument.is_object() || !argument.contains("tensor")) return std::nullopt;
  const auto index = WholeNumber(argument.at("tensor"), 0, INT32_MAX);
  if (!index || static_cast<size_t>(*index) >= inputs_.size()) return std::nullopt;
  return inputs_[static_cast<size_t>(*index)];
}

Result<TensorId> LayerCall::Input(size_t rank) const {
  if (inputs_.size() != 1) {
    return options_.Corrupt(fmt::format("it takes one input, not {}", inputs_.size()));
  }
  const size_t actual = ShapeOf(inputs_[0]).size();
  if (rank != 0 && actual != rank) {
    return options_.Corrupt(
        fmt::format("its input has {} dimensions, not {} (the batch counted)", actual, rank));
  }
  if (actual < 2) return options_.Unsupported("its input is a batch of single numbers");
  return inputs_[0];
}

LayerCall LayerCall::With(const LayerOptions& options, std::vector<TensorId> inputs) const {
  LayerCall call(import_, options, weights_, nested_, std::move(inputs), arguments_);
  call.first_tensor_ = first_tensor_;
  return call;
}

LayerCall LayerCall::Part(const LayerOptions& options,
                          std::initializer_list<std::string_view> groups,
                          std::vector<TensorId> inputs) const {
  const KerasWeightGroup* weights = weights_;
  if (import_.file->by_order && weights_ != nullptr) {
    weights = nullptr;
    for (const std::string_view group : groups) {
      const auto found = import_.groups.find(fmt::format("{}/{}", weights_->layer, group));
      if (found != import_.groups.end()) weights = found->second;
    }
  }
  return {import_, options, weights, nested_, std::move(inputs)};
}

const Op* LayerCall::MakerOf(TensorId tensor) const {
  const std::vector<Op>& ops = import_.builder.graph.ops;
  const auto found =
      std::find_if(ops.rbegin(), ops.rend(), [&](const Op& op) { return op.outputs[0] == tensor; });
  return found == ops.rend() ? nullptr : &*found;
}

std::optional<TensorId> LayerCall::NamedInput(const char* name, size_t place) const {
  size_t named = 0;
  if (arguments_ != nullptr && arguments_->contains("kwargs")) {
    const Json& kwargs = arguments_->at("kwargs");
    if (kwargs.contains(name)) return TensorOf(kwargs.at(name));
    named = kwargs.size();
  }
  if (place + named < inputs_.size()) return inputs_[place];
  return std::nullopt;
}

// The file names a variable by its layer's name and its own ("conv/kernel"), with the outer
// model's names before it or not, depending on the version of Keras; below the group of a nested
// model stand the variables of all its layers. A variable without any layer's name (Keras 2 does
// so for Normalization), or below another one's (a renamed layer), is taken where only one in the
// group has that name. Of layers of one name in several models, the outer models' names tell.
Result<const KerasWeight*> LayerCall::FindByName(
    std::initializer_list<std::string_view> names) const {
  std::vector<const KerasWeight*> exact;
  size_t agreement = 1;
  std::vector<const KerasWeight*> same_variable;
  for (size_t i = 0; weights_ != nullptr && i < weights_->weights.size(); ++i) {
    const KerasWeight& weight = weights_->weights[i];
    const auto [path, variable] = SplitWeightName(weight.name);
    const bool named = std::ranges::find(names, variable) != names.end();
    if (!named && std::ranges::find(names, kAnyVariable) == names.end()) continue;
    const size_t common =
        std::max(CommonEnd(path, options_.name()), CommonEnd(path, options_.other_name()));
    if (common >= agreement) {
      if (common > agreement) exact.clear();
      agreement = common;
      exact.push_back(&weight);
    }
    if (named && (path.empty() || !nested_)) same_variable.push_back(&weight);
  }
  const auto& found = exact.empty() ? same_variable : exact;
  if (found.size() == 1) return found[0];
  return options_.Corrupt(fmt::format("the file has {} weights \"{}\" for it",
                                      found.empty() ? "no" : std::to_string(found.size()),
                                      *names.begin()));
}

Result<const KerasWeight*> LayerCall::TakeNext(std::string_view name) {
  if (weights_ == nullptr) {
    return options_.Corrupt(fmt::format("the file has no weights \"{}\" for it", name));
  }
  if (!weights_->layer_name.empty() && weights_->layer_name != LastPart(options_.name())) {
    return options_.Corrupt(
        fmt::format("in its place the file has the weights of \"{}\"", weights_->layer_name));
  }
  if (taken_ == weights_->weights.size()) {
    return options_.Corrupt(
        fmt::format("the file has {} weights for it, and \"{}\" is not one", taken_, name));
  }
  return &weights_->weights[taken_++];
}

Status LayerCall::CheckAllTaken() const {
  if (taken_ == 0) return OkStatus();
  const size_t all = weights_->weights.size();
  // Normalization counts what it has adapted to.
  const size_t unused = options_.class_name() == "Normalization" ? 1 : 0;
  if (all <= taken_ + unused) return OkStatus();
  return options_.Corrupt(
      fmt::format("the file has {} weights for it, where it needs {}", all, taken_));
}

Result<const KerasWeight*> LayerCall::FindWeight(std::initializer_list<std::string_view> names,
                                                 const std::vector<int64_t>& dims) {
  const std::string_view name = *names.begin();
  QB_ASSIGN_OR_RETURN(const KerasWeight* found,
                      import_.file->by_order ? TakeNext(name) : FindByName(names));
  const KerasWeight& weight = *found;
  if (!weight.is_float) {
    return options_.Unsupported(
        fmt::format("its weight \"{}\" is not stored as floating point, as quantized ones and "
                    "bfloat16 are not; build the model in float32 and give it these weights "
                    "(new.set_weights(old.get_weights()))",
                    name));
  }
  if (weight.dims != dims) {
    return options_.Corrupt(fmt::format("its weight \"{}\" has shape [{}], not [{}]", name,
                                        fmt::join(weight.dims, ", "), fmt::join(dims, ", ")));
  }
  return &weight;
}

Result<std::vector<float>> LayerCall::Weight(std::initializer_list<std::string_view> names,
                                             const std::vector<int64_t>& dims) {
  QB_ASSIGN_OR_RETURN(const KerasWeight* weight, FindWeight(names, dims));
  return weight->Values();
}

Result<TensorId> LayerCall::Kernel(std::string_view name, const std::vector<int64_t>& dims,
                                   Shape shape) {
  QB_ASSIGN_OR_RETURN(const KerasWeight* weight, FindWeight({name}, dims));
  return SharedConstant(name, std::move(shape), [&] {
    const ByteSpan data = weight->data;
    std::shared_ptr<const void>& owner = import_.data_owners[data.data()];
    if (owner == nullptr) {
      owner = std::shared_ptr<const void>(
          data.data(),
          [keep = import_.file->owner, discard = import_.file->discard, data](const void*) {
            if (discard) discard(data);
          });
    }
    return graph::Constant(owner, data);
  });
}

TensorId LayerCall::WeightConstant(std::string_view suffix, Shape shape,
                                   const std::vector<float>& values) {
  return SharedConstant(suffix, std::move(shape), [&] { return MakeConstant(values); });
}

TensorId LayerCall::SharedConstant(std::string_view suffix, Shape shape,
                                   const std::function<graph::Constant()>& make) {
  const std::string key = fmt::format("{}/{}", options_.name(), suffix);
  const auto found = import_.weights.find(key);
  if (found != import_.weights.end() && ShapeOf(found->second) == shape) return found->second;
  const TensorId id = import_.builder.graph.AddTensor({.name = UniqueName(suffix),
                                                       .type = DataType::kFloat32,
                                                       .shape = std::move(shape),
                                                       .constant = make()});
  import_.weights.emplace(key, id);
  return id;
}

Result<TensorId> LayerCall::Emit(OpKind kind, OpOptions options, std::vector<TensorId> inputs) {
  auto output = import_.builder.Emit(kind, std::move(options), std::move(inputs), options_.name());
  if (output.ok()) return output;
  return Status(output.status().code(), options_.Corrupt(output.status().message()).message());
}

void LayerCall::NameOutput(TensorId output) {
  if (static_cast<size_t>(output) < first_tensor_) return;  // a layer that does nothing
  import_.builder.graph.tensors[output].name = UniqueName({});
}

// "layer/suffix"; "layer/suffix_1" where it is taken.
std::string LayerCall::UniqueName(std::string_view suffix) {
  std::string name = options_.name();
  if (!suffix.empty()) name += fmt::format("/{}", suffix);
  return import_.builder.UniqueName(name);
}

}  // namespace qbench::graph::import
