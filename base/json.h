// JSON (nlohmann-json), entered here alone: parsing returns a Status and limits the depth, reading
// a key of the wrong type is an error and not an exception.
#pragma once

#include <string_view>

#include "base/status.h"
#include "nlohmann/json.hpp"

namespace qbench {

using Json = nlohmann::json;
// Keeps the order in which keys were added, for output that people read.
using OrderedJson = nlohmann::ordered_json;

// kCorrupt with the byte position where the text is not JSON or nests deeper than `max_depth`.
Result<Json> ParseJson(std::string_view text, int max_depth = 200);

// The text of a JSON value for machines: one line; bytes that are not UTF-8 become U+FFFD.
std::string DumpJson(const Json& value);

// object[key] as a T. kCorrupt, naming the key, where it is missing or of another type.
template <typename T>
Result<T> JsonGet(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key)) {
    return Error(StatusCode::kCorrupt, "no key \"{}\"", key);
  }
  try {
    return object.at(key).get<T>();
  } catch (const nlohmann::json::exception&) {
    return Error(StatusCode::kCorrupt, "key \"{}\" has the wrong type ({})", key,
                 object.at(key).type_name());
  }
}

// The same, with `fallback` where the key is missing or null.
template <typename T>
Result<T> JsonGetOr(const Json& object, const char* key, T fallback) {
  if (!object.is_object() || !object.contains(key) || object.at(key).is_null()) return fallback;
  return JsonGet<T>(object, key);
}

}  // namespace qbench
