#include "graph/import/keras/layer_groups.h"

#include <cctype>
#include <charconv>
#include <utility>

namespace qbench::graph::import {
namespace {

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }

// "conv2d_12" -> {"conv2d", 12}; what has no number is the first.
std::pair<std::string, uint64_t> SplitNumber(const std::string& name) {
  const size_t digits = name.find_last_not_of("0123456789") + 1;
  uint64_t number = 0;
  if (digits < 2 || digits == name.size() || name[digits - 1] != '_') return {name, 0};
  const auto [end, error] =
      std::from_chars(name.data() + digits, name.data() + name.size(), number);
  if (error != std::errc() || number == 0) return {name, 0};
  return {name.substr(0, digits - 1), number};
}

}  // namespace

// Keras's regular expressions: a capital and small letters behind it begin a word, as does a
// capital behind a small letter (naming.py of Keras 3, generic_utils.py of Keras 2).
std::string SnakeCase(const std::string& class_name) {
  const std::string name = class_name.substr(class_name.rfind('>') + 1);
  std::string words;
  for (size_t i = 0; i < name.size(); ++i) {
    const bool word = i > 0 && IsUpper(name[i]) && i + 1 < name.size() && IsLower(name[i + 1]);
    if (word) words += '_';
    words += name[i];
  }
  std::string snake;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && IsLower(words[i - 1]) && IsUpper(words[i])) snake += '_';
    snake += static_cast<char>(std::tolower(static_cast<unsigned char>(words[i])));
  }
  return snake;
}

LayerGroups::LayerGroups(const KerasFile& file) {
  for (const KerasWeightGroup& group : file.groups) {
    const size_t name = group.layer.rfind('/') + 1;
    const auto [words, number] = SplitNumber(group.layer.substr(name));
    groups_[group.layer.substr(0, name)][words].emplace(number, &group);
  }
}

const std::vector<const KerasWeightGroup*>& LayerGroups::Of(const KerasModel& model,
                                                            const std::string& path) {
  const auto [entry, is_new] = found_.try_emplace(path, model.layers.size(), nullptr);
  std::vector<const KerasWeightGroup*>& found = entry->second;
  if (!is_new) return found;
  std::map<std::string, std::vector<size_t>> layers;
  for (size_t i = 0; i < model.layers.size(); ++i) {
    layers[SnakeCase(model.layers[i].class_name)].push_back(i);
  }
  for (const auto& [words, places] : layers) {
    const auto& numbered = groups_[path][words];
    if (numbered.size() == places.size()) {
      auto group = numbered.begin();
      for (const size_t place : places) found[place] = (group++)->second;
      continue;
    }
    // A layer that stands in two models has its weights in one of them alone, and is counted in
    // both: only a group that says its layer's name is taken.
    for (size_t i = 0; i < places.size(); ++i) {
      const auto group = numbered.find(i);
      if (group == numbered.end()) continue;
      if (group->second->layer_name == model.layers[places[i]].name) {
        found[places[i]] = group->second;
      }
    }
  }
  return found;
}

}  // namespace qbench::graph::import
