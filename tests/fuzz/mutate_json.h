// Mutations of JSON documents that stay JSON, so that what reads them is reached: values of other
// types, numbers that hurt, keys that are gone or moved.
#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/json.h"
#include "tests/fuzz/mutate.h"

namespace qbench::fuzz {

class JsonMutator {
 public:
  explicit JsonMutator(uint64_t seed) : random_(seed) {}

  // One to four changes somewhere in the document.
  Json Mutate(Json document) {
    const size_t changes = 1 + Below(4);
    for (size_t i = 0; i < changes; ++i) {
      std::vector<Json*> nodes;
      Collect(document, nodes);
      Change(*nodes[Below(nodes.size())], nodes);
    }
    return document;
  }

 private:
  size_t Below(size_t limit) { return static_cast<size_t>(random_() % limit); }

  static void Collect(Json& node, std::vector<Json*>& nodes) {
    nodes.push_back(&node);
    if (node.is_structured()) {
      for (Json& child : node) Collect(child, nodes);
    }
  }

  void Change(Json& node, const std::vector<Json*>& nodes) {
    switch (Below(6)) {
      case 0:
        if (node.is_structured() && !node.empty()) return Erase(node);
        break;
      case 1:
        if (node.is_array() && !node.empty()) {  // longer than its neighbours
          const Json copy = node[Below(node.size())];
          for (size_t i = 1 + Below(8); i > 0; --i) node.push_back(copy);
          return;
        }
        break;
      case 2: {
        const Json copy = *nodes[Below(nodes.size())];
        // A node within itself would grow without end.
        if (copy.dump().size() < 4096) node = copy;
        return;
      }
      default:
        break;
    }
    node = Value();
  }

  void Erase(Json& node) {
    auto child = node.begin();
    std::advance(child, Below(node.size()));
    node.erase(child);
  }

  Json Value() {
    switch (Below(13)) {
      case 0:
        return nullptr;
      case 1:
        return true;
      case 2:
        return Json::array();
      case 3:
        return Json::object();
      case 4:
        return "";
      case 5:
        return "../../etc/passwd";
      case 6:
        return std::string("line\nbreak\x1b[31m");
      case 7:
        return -1;
      case 8:
        return 1e308;
      case 9:
        return -0.5;
      case 10:
        return INT64_MIN;
      case 11:
        return UINT64_MAX;
      default:
        return int64_t{1} << Below(40);
    }
  }

  std::mt19937_64 random_;
};

// For FuzzTarget::mutate: mostly the document, now and then its bytes.
inline Bytes MutateJson(const Bytes& input, uint64_t seed) {
  const Result<Json> document =
      ParseJson(std::string_view(reinterpret_cast<const char*>(input.data()), input.size()));
  if (!document.ok() || seed % 8 == 0) return Mutator(seed).Mutate(input);
  const std::string text =
      JsonMutator(seed).Mutate(*document).dump(-1, ' ', false, Json::error_handler_t::replace);
  return Bytes(text.begin(), text.end());
}

}  // namespace qbench::fuzz
