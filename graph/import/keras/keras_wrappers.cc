#include "graph/import/keras/keras_wrappers.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/one_line.h"

namespace qbench::graph::import {
namespace {

constexpr size_t kMostWrappers = 4;
constexpr size_t kMostCentroids = 65536;

constexpr std::string_view kWrappers[] = {"PruneLowMagnitude", "ClusterWeights", "QuantizeWrapper",
                                          "QuantizeWrapperV2", "QuantizeAnnotate"};

// "block/conv/kernel:0" -> "kernel"
std::string_view VariableOf(std::string_view name) {
  name = name.substr(0, name.rfind(':'));
  return name.substr(name.rfind('/') + 1);
}

Status Refuse(const KerasLayer& layer, const std::string& name, std::string_view what) {
  return Error(StatusCode::kUnsupported,
               "layer \"{}\" ({} in {}): {}; take the wrapper off before you save the model "
               "(strip_pruning, strip_clustering)",
               name, layer.class_name, layer.wrappers.front().class_name, what);
}

// A copy of the group in which weights can be replaced.
class Replacer {
 public:
  Replacer(const KerasLayer& layer, const std::string& name, const KerasWeightGroup& group,
           KerasImport& import)
      : layer_(layer), name_(name), import_(import), group_(group) {}

  Status ApplyMasks() {
    for (const KerasWeight& mask : group_.weights) {
      if (VariableOf(mask.name) != "mask") continue;
      std::vector<KerasWeight*> masked;
      for (KerasWeight& weight : group_.weights) {
        if (weight.is_float && weight.dims == mask.dims && VariableOf(weight.name) != "mask") {
          masked.push_back(&weight);
        }
      }
      if (masked.size() != 1 || !mask.is_float) {
        return Refuse(layer_, name_, "it cannot be told which weight its mask belongs to");
      }
      const std::vector<float> factors = Read(mask);
      std::vector<float> values = Read(*masked[0]);
      for (size_t i = 0; i < values.size(); ++i) values[i] *= factors[i];
      Replace(*masked[0], std::move(values));
    }
    return OkStatus();
  }

  Status ApplyCentroids() {
    constexpr std::string_view kPrefix = "cluster_centroids_";
    for (const KerasWeight& centroids : group_.weights) {
      const std::string_view variable = VariableOf(centroids.name);
      if (!variable.starts_with(kPrefix)) continue;
      const auto weight = std::ranges::find_if(group_.weights, [&](const KerasWeight& other) {
        return VariableOf(other.name) == variable.substr(kPrefix.size());
      });
      if (weight == group_.weights.end() || !weight->is_float || !centroids.is_float ||
          centroids.dims.size() != 1 || centroids.dims[0] < 1 ||
          centroids.dims[0] > static_cast<int64_t>(kMostCentroids)) {
        return Refuse(layer_, name_, "its clusters are not one list for the weights");
      }
      Replace(*weight, ToCentroids(Read(*weight), Read(centroids)));
    }
    return OkStatus();
  }

  // Null where nothing was replaced.
  const KerasWeightGroup* Finish() {
    if (!replaced_) return nullptr;
    import_.replaced_groups.push_back(std::make_unique<KerasWeightGroup>(std::move(group_)));
    return import_.replaced_groups.back().get();
  }

 private:
  // In the file's order, the last dimension first.
  static std::vector<float> Read(const KerasWeight& weight) {
    std::vector<float> values(weight.data.size() / sizeof(float));
    if (!values.empty()) std::memcpy(values.data(), weight.data.data(), weight.data.size());
    return values;
  }

  // The nearest one, of equally near ones the first, as training takes it.
  static std::vector<float> ToCentroids(std::vector<float> values,
                                        const std::vector<float>& centroids) {
    for (float& value : values) {
      value = *std::ranges::min_element(
          centroids, {}, [value](float centroid) { return std::abs(value - centroid); });
    }
    return values;
  }

  void Replace(KerasWeight& weight, std::vector<float> values) {
    auto owner = std::make_shared<const std::vector<float>>(std::move(values));
    weight.data = AsBytes(*owner);
    import_.data_owners[weight.data.data()] = owner;
    replaced_ = true;
  }

  const KerasLayer& layer_;
  const std::string& name_;
  KerasImport& import_;
  KerasWeightGroup group_;
  bool replaced_ = false;
};

}  // namespace

std::string_view PlainClass(std::string_view class_name) {
  return class_name.substr(class_name.rfind('>') + 1);
}

bool IsWrapperClass(std::string_view class_name) {
  return std::ranges::find(kWrappers, PlainClass(class_name)) != std::end(kWrappers);
}

Status Unwrap(KerasLayer& layer) {
  layer.inner_name = layer.name;
  while (IsWrapperClass(layer.class_name)) {
    const auto error = [&](StatusCode code, std::string_view what) {
      return Error(code, "layer \"{}\" ({}): {}", layer.name, layer.class_name, what);
    };
    if (layer.wrappers.size() == kMostWrappers) {
      return error(StatusCode::kUnsupported, "wrappers in wrappers");
    }
    const Json* inner = layer.config.is_object() && layer.config.contains("layer")
                            ? &layer.config.at("layer")
                            : nullptr;
    if (inner == nullptr || !inner->is_object() || !inner->contains("class_name") ||
        !inner->at("class_name").is_string() || !inner->contains("config") ||
        !inner->at("config").is_object()) {
      return error(StatusCode::kCorrupt, "it has no layer inside");
    }
    Json config = inner->at("config");
    // Where the layer is the first of a Sequential model.
    for (const char* key : {"batch_input_shape", "batch_shape"}) {
      if (layer.config.contains(key) && !config.contains(key)) config[key] = layer.config.at(key);
    }
    std::string class_name = inner->at("class_name").get<std::string>().substr(0, 200);
    if (config.contains("layers")) {
      return error(StatusCode::kUnsupported,
                   "it wraps a whole model; wrap that model's layers instead");
    }
    if (config.contains("name") && config.at("name").is_string()) {
      layer.inner_name = config.at("name").get<std::string>().substr(0, 1000);
    }
    Json options = std::move(layer.config);
    options.erase("layer");
    layer.wrappers.push_back({std::string(PlainClass(layer.class_name)), std::move(options)});
    layer.class_name = std::move(class_name);
    layer.config = std::move(config);
  }
  return OkStatus();
}

Status SettleInnerNames(KerasModel& model) {
  std::map<std::string, size_t> taken;
  for (const KerasLayer& layer : model.layers) {
    ++taken[layer.name];
    if (!layer.wrappers.empty() && layer.inner_name != layer.name) ++taken[layer.inner_name];
  }
  for (KerasLayer& layer : model.layers) {
    if (layer.wrappers.empty()) continue;
    if (layer.inner_name.empty() || SafeLine(layer.inner_name) != layer.inner_name) {
      return Error(StatusCode::kCorrupt, "layer \"{}\": the name of the layer inside is none",
                   layer.name);
    }
    if (taken[layer.inner_name] > 1) layer.inner_name = layer.name;
  }
  return OkStatus();
}

Result<const KerasWeightGroup*> InferenceWeights(const KerasLayer& layer, const std::string& name,
                                                 const KerasWeightGroup* group,
                                                 KerasImport& import) {
  if (layer.wrappers.empty()) return group;
  if (import.file->by_order) {
    return Error(StatusCode::kUnsupported,
                 "layer \"{}\" ({} in {}): the weights of wrapped layers have no names in a .keras "
                 "file; save the model as .h5",
                 name, layer.class_name, layer.wrappers.front().class_name);
  }
  if (group == nullptr) return group;
  Replacer replacer(layer, name, *group, import);
  for (const KerasWrapper& wrapper : layer.wrappers) {
    if (wrapper.class_name == "PruneLowMagnitude") QB_RETURN_IF_ERROR(replacer.ApplyMasks());
    if (wrapper.class_name == "ClusterWeights") QB_RETURN_IF_ERROR(replacer.ApplyCentroids());
  }
  const KerasWeightGroup* replaced = replacer.Finish();
  return replaced != nullptr ? replaced : group;
}

}  // namespace qbench::graph::import
