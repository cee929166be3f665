#include "graph/import/keras/check_layers.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "fmt/ranges.h"
#include "graph/import/keras/keras_layers.h"

namespace qbench::graph::import {
namespace {

// No real model has as many; it bounds the search among them.
constexpr size_t kMostKinds = 1000;

constexpr std::string_view kUnknownClass = "layers of this class cannot be read";

// Options that can be told without the layer's input. Nothing where they are read.
std::vector<std::string> MissingOptions(const KerasLayer& layer) {
  const LayerOptions options(layer.name, layer.class_name, layer.config);
  std::vector<std::string> missing;
  const auto check = [&](const Status& status) {
    if (status.code() != StatusCode::kUnsupported) return;  // building says what is broken
    const std::string prefix = fmt::format("layer \"{}\" ({}): ", layer.name, layer.class_name);
    missing.push_back(status.message().substr(prefix.size()));
  };
  check(CheckActivation(options));
  if (layer.class_name == "TimeDistributed") {
    const std::string wrapped = WrappedClass(layer.config);
    if (!wrapped.empty() && FindLayerBuilder(wrapped) == nullptr) {
      missing.push_back(fmt::format("its layer is a {}, which cannot be read there", wrapped));
    }
  }
  return missing;
}

// In the file's order, nested models' included.
void ListMissing(const KerasModel& model, const std::string& prefix, MissingParts& parts) {
  for (const KerasLayer& layer : model.layers) {
    if (layer.model != nullptr) {
      ListMissing(*layer.model, prefix + layer.name + "/", parts);
      continue;
    }
    const std::string name = prefix + layer.name;
    if (!layer.function.empty()) {
      if (FindOperatorBuilder(layer.function) == nullptr) {
        parts.Add(name, layer.class_name,
                  fmt::format("the operator {} cannot be read", layer.function));
      }
      continue;
    }
    if (layer.class_name == "InputLayer") continue;
    if (FindLayerBuilder(layer.class_name) == nullptr) {
      parts.Add(name, layer.class_name, kUnknownClass);
      continue;
    }
    for (const std::string& reason : MissingOptions(layer)) {
      parts.Add(name, layer.class_name, reason);
    }
  }
}

// What helps against any of them stands once, at the end.
std::string_view WithoutAdvice(std::string_view reason) {
  return reason.substr(0, reason.find("; build the model without that"));
}

}  // namespace

void MissingParts::Add(const std::string& name, const std::string& class_name,
                       std::string_view reason) {
  reason = WithoutAdvice(reason);
  auto found = std::ranges::find_if(parts_, [&](const Part& other) {
    return other.class_name == class_name && other.reason == reason;
  });
  if (found == parts_.end()) {
    if (parts_.size() == kMostKinds) return;
    found = parts_.insert(found, {class_name, std::string(reason), name, 0});
  }
  // The same layer again, at another call or by building it after its options were checked.
  if (found->count == 0 || found->first != name) ++found->count;
}

bool MissingParts::AddError(const Status& error) {
  constexpr std::string_view kBegin = "layer \"";
  const std::string_view text = error.message();
  const size_t name_end = text.find("\" (");
  const size_t class_end = text.find("): ");
  if (!text.starts_with(kBegin) || class_end == std::string_view::npos || name_end > class_end) {
    return false;
  }
  Add(std::string(text.substr(kBegin.size(), name_end - kBegin.size())),
      std::string(text.substr(name_end + 3, class_end - name_end - 3)), text.substr(class_end + 3));
  return true;
}

std::vector<std::string> MissingParts::List() const {
  std::vector<std::string> lines;
  for (const Part& part : parts_) {
    lines.push_back(fmt::format("layer \"{}\" ({}){}: {}", part.first, part.class_name,
                                part.count == 1 ? "" : fmt::format(" and {} more", part.count - 1),
                                part.reason));
  }
  return lines;
}

// All that is missing is said at once, and not layer by layer as each is replaced.
Status MissingParts::ToStatus() const {
  constexpr size_t kMostNamed = 8;
  std::vector<std::string> texts = List();
  const bool operators = std::ranges::any_of(
      parts_, [](const Part& part) { return part.reason.starts_with("the operator"); });
  const bool classes = operators || std::ranges::any_of(parts_, [](const Part& part) {
                         return part.reason == kUnknownClass;
                       });
  if (texts.size() > kMostNamed) {
    texts[kMostNamed] =
        fmt::format("and {} more (qbench inspect lists all)", texts.size() - kMostNamed);
    texts.resize(kMostNamed + 1);
  }
  if (!classes) {
    return Error(StatusCode::kUnsupported, "{}; build the model without that, {}",
                 fmt::join(texts, "; "), kConvertInstead);
  }
  return Error(StatusCode::kUnsupported,
               "{}; build the model with layers{} that qbench knows in their place, with the "
               "weights of this one (new.set_weights(old.get_weights())), {}",
               fmt::join(texts, "; "), operators ? " and operators" : "", kConvertInstead);
}

MissingParts CheckLayers(const KerasModel& model) {
  MissingParts parts;
  ListMissing(model, "", parts);
  return parts;
}

}  // namespace qbench::graph::import
