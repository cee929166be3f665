// Fields of records as JSON: alike in every JSON report. Internal to reports.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/json.h"
#include "harness/store/field_table.h"

namespace qbench::reports {

// What is no number, and an empty optional, is null; enumerators are their names.
inline OrderedJson JsonValue(bool flag) { return flag; }
inline OrderedJson JsonValue(int32_t number) { return number; }
inline OrderedJson JsonValue(int64_t number) { return number; }
inline OrderedJson JsonValue(double number) {
  return std::isfinite(number) ? OrderedJson(number) : nullptr;
}
inline OrderedJson JsonValue(const std::string& text) { return text; }
inline OrderedJson JsonValue(const std::vector<std::string>& texts) { return texts; }
inline OrderedJson JsonValue(const Json& json) { return json; }
template <typename T>
requires std::is_enum_v<T> OrderedJson JsonValue(T value) { return std::string(Name(value)); }
template <typename T>
requires std::is_arithmetic_v<T> OrderedJson JsonValue(const std::vector<T>& values) {
  return values;
}
template <typename T>
OrderedJson JsonValue(const std::optional<T>& value) {
  return value ? JsonValue(*value) : OrderedJson(nullptr);
}

// The record's fields as keys, but for those that its table keeps out of JSON.
template <typename Record>
OrderedJson JsonObject(const Record& record) {
  OrderedJson object = OrderedJson::object();
  store::ForEachRow<Record>([&](const auto& row) {
    if ((row.traits & store::kNotInJson) == 0) object[row.name] = JsonValue(record.*row.member);
  });
  return object;
}

}  // namespace qbench::reports
