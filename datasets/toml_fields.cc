#include "datasets/toml_fields.h"

#include <algorithm>
#include <cmath>

#include "fmt/ranges.h"

namespace qbench::datasets {

Status TomlFields::Wrong(std::string_view key, std::string_view what) const {
  return Error(StatusCode::kCorrupt, "{}: {}{} {}", source_, prefix_, key, what);
}

Result<std::string> TomlFields::String(std::string_view key) const {
  if (!Has(key)) return Wrong(key, "is missing");
  const auto value = table_[key].value_exact<std::string>();
  if (!value) return Wrong(key, "must be a string");
  return *value;
}

Result<std::vector<std::string>> TomlFields::Strings(std::string_view key) const {
  if (!Has(key)) return Wrong(key, "is missing");
  const toml::array* array = table_[key].as_array();
  if (array == nullptr) return Wrong(key, "must be an array of strings");
  std::vector<std::string> values;
  for (const toml::node& node : *array) {
    const auto value = node.value_exact<std::string>();
    if (!value) return Wrong(key, "must be an array of strings");
    values.push_back(*value);
  }
  return values;
}

Result<int64_t> TomlFields::Integer(std::string_view key) const {
  if (!Has(key)) return Wrong(key, "is missing");
  const auto value = table_[key].value_exact<int64_t>();
  if (!value) return Wrong(key, "must be an integer");
  return *value;
}

Result<bool> TomlFields::Boolean(std::string_view key) const {
  if (!Has(key)) return Wrong(key, "is missing");
  const auto value = table_[key].value_exact<bool>();
  if (!value) return Wrong(key, "must be true or false");
  return *value;
}

Result<std::vector<float>> TomlFields::Floats(std::string_view key) const {
  if (!Has(key)) return Wrong(key, "is missing");
  const toml::array* array = table_[key].as_array();
  if (array == nullptr) return Wrong(key, "must be an array of numbers");
  std::vector<float> values;
  for (const toml::node& node : *array) {
    if (!node.is_number()) return Wrong(key, "must be an array of numbers");
    values.push_back(static_cast<float>(node.value<double>().value_or(0.0)));
  }
  return values;
}

Result<const toml::table*> TomlFields::Table(std::string_view key) const {
  if (!Has(key)) return Wrong(key, "is missing");
  const toml::table* table = table_[key].as_table();
  if (table == nullptr) return Wrong(key, "must be a table");
  return table;
}

Status TomlFields::RefuseUnknown(std::initializer_list<std::string_view> known) const {
  for (const auto& [key, node] : table_) {
    if (std::find(known.begin(), known.end(), key.str()) == known.end()) {
      return Wrong(key.str(), fmt::format("is not a key that qbench knows; it knows {}",
                                          fmt::join(known, ", ")));
    }
  }
  return OkStatus();
}

std::string QuoteToml(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string FormatTomlStrings(const std::vector<std::string>& values) {
  std::vector<std::string> quoted;
  quoted.reserve(values.size());
  for (const std::string& value : values) quoted.push_back(QuoteToml(value));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

}  // namespace qbench::datasets
