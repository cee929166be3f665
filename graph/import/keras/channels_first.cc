#include "graph/import/keras/channels_first.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace qbench::graph::import {
namespace {

enum class Order { kUnknown, kFirst, kLast };

Order OrderOf(const KerasLayer& layer) {
  if (!layer.function.empty() || !layer.config.is_object()) return Order::kUnknown;
  const Json format = layer.config.value("data_format", Json());
  if (format == "channels_first") return Order::kFirst;
  return format == "channels_last" ? Order::kLast : Order::kUnknown;
}

bool MovesDimensions(const KerasLayer& layer) {
  static constexpr std::string_view kClasses[] = {"Permute", "Reshape", "Flatten",
                                                  "TimeDistributed"};
  static constexpr std::string_view kFunctions[] = {"transpose", "compat.v1.transpose", "Transpose",
                                                    "reshape", "Reshape"};
  return std::ranges::find(kClasses, layer.class_name) != std::end(kClasses) ||
         std::ranges::find(kFunctions, layer.function) != std::end(kFunctions);
}

// Follows the outputs of layers to those that have an order.
class Search {
 public:
  bool FindsFirst(const KerasModel& model, size_t layer) {
    Follow(model, layer, 0);
    return first_ && !other_;
  }

 private:
  void Follow(const KerasModel& model, size_t from, int depth) {
    if (depth > 64 || !seen_.emplace(&model, from).second) return;
    for (size_t i = 0; i < model.layers.size(); ++i) {
      const KerasLayer& layer = model.layers[i];
      for (const KerasCall& call : layer.calls) {
        for (size_t input = 0; input < call.inputs.size(); ++input) {
          if (call.inputs[input].layer == from) Reach(model, i, input, depth);
        }
      }
    }
  }

  void Reach(const KerasModel& model, size_t index, size_t input, int depth) {
    const KerasLayer& layer = model.layers[index];
    if (layer.model != nullptr) {
      if (input < layer.model->inputs.size()) {
        Follow(*layer.model, layer.model->inputs[input].layer, depth + 1);
      }
      return;
    }
    const Order order = OrderOf(layer);
    first_ = first_ || order == Order::kFirst;
    other_ = other_ || order == Order::kLast || MovesDimensions(layer);
    if (order == Order::kUnknown && !MovesDimensions(layer)) Follow(model, index, depth + 1);
  }

  std::set<std::pair<const KerasModel*, size_t>> seen_;
  bool first_ = false;
  bool other_ = false;
};

}  // namespace

bool HasChannelsFirst(const KerasModel& model) {
  return std::ranges::any_of(model.layers, [](const KerasLayer& layer) {
    return layer.model != nullptr ? HasChannelsFirst(*layer.model)
                                  : OrderOf(layer) == Order::kFirst;
  });
}

bool IsChannelsFirstInput(const KerasModel& model, size_t layer) {
  return Search().FindsFirst(model, layer);
}

}  // namespace qbench::graph::import
