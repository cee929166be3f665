#include "graph/import/keras/check_layers.h"

#include <algorithm>
#include <string>
#include <vector>

#include "fmt/ranges.h"
#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

// No real model has as many; it bounds the search among them.
constexpr size_t kMostKinds = 1000;

// Layers of one class that cannot be imported for one reason.
struct RefusedLayers {
  std::string class_name;
  std::string reason;
  std::string first;  // its name
  size_t count = 0;
};

// In the file's order, nested models' included.
void ListRefused(const KerasModel& model, const std::string& prefix,
                 std::vector<RefusedLayers>& refused) {
  for (const KerasLayer& layer : model.layers) {
    if (layer.model != nullptr) {
      ListRefused(*layer.model, prefix + layer.name + "/", refused);
      continue;
    }
    const bool is_operator = !layer.function.empty();
    const bool known = is_operator ? FindOperatorBuilder(layer.function) != nullptr
                                   : layer.class_name == "InputLayer" ||
                                         FindLayerBuilder(layer.class_name) != nullptr;
    if (known) continue;
    const std::string reason = !is_operator
                                   ? "layers of this class cannot be read"
                                   : fmt::format("the operator {} cannot be read", layer.function);
    auto found = std::ranges::find_if(refused, [&](const RefusedLayers& other) {
      return other.class_name == layer.class_name && other.reason == reason;
    });
    if (found == refused.end()) {
      if (refused.size() == kMostKinds) continue;
      found = refused.insert(found, {layer.class_name, reason, prefix + layer.name, 0});
    }
    ++found->count;
  }
}

}  // namespace

// All that is missing is said at once, and not layer by layer as each is replaced.
Status CheckLayers(const KerasModel& model) {
  constexpr size_t kMostNamed = 8;
  std::vector<RefusedLayers> refused;
  ListRefused(model, "", refused);
  if (refused.empty()) return OkStatus();
  std::vector<std::string> texts;
  bool operators = false;
  for (const RefusedLayers& layers : refused) {
    texts.push_back(fmt::format(
        "layer \"{}\" ({}){}: {}", layers.first, layers.class_name,
        layers.count == 1 ? "" : fmt::format(" and {} more", layers.count - 1), layers.reason));
    operators = operators || layers.reason.starts_with("the operator");
  }
  if (texts.size() > kMostNamed) {
    texts[kMostNamed] = fmt::format("and layers of {} more classes", texts.size() - kMostNamed);
    texts.resize(kMostNamed + 1);
  }
  return Error(StatusCode::kUnsupported,
               "{}; build the model with layers{} that qbench knows in their place, with the "
               "weights of this one (new.set_weights(old.get_weights())), {}",
               fmt::join(texts, "; "), operators ? " and operators" : "", kConvertInstead);
}

}  // namespace qbench::graph::import
