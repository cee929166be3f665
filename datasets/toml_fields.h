// Reading the keys of a TOML table strictly: a key that is missing, of the wrong type or unknown is
// kCorrupt, naming file and key.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/toml.h"

namespace qbench::datasets {

class TomlFields {
 public:
  // `source` (the file, for messages) and `table` outlive the object; `prefix` is what to put
  // before a key in a message, such as "input.".
  TomlFields(const toml::table& table, std::string_view source, std::string prefix = {})
      : table_(table), source_(source), prefix_(std::move(prefix)) {}

  bool Has(std::string_view key) const { return table_.contains(key); }
  Result<std::string> String(std::string_view key) const;
  Result<std::vector<std::string>> Strings(std::string_view key) const;
  Result<int64_t> Integer(std::string_view key) const;
  Result<bool> Boolean(std::string_view key) const;
  Result<std::vector<float>> Floats(std::string_view key) const;  // integers are taken too
  Result<const toml::table*> Table(std::string_view key) const;

  // Names the first key that is not among `known`, and lists those.
  Status RefuseUnknown(std::initializer_list<std::string_view> known) const;

  // kCorrupt: "<source>: <prefix><key> <what is wrong>".
  Status Wrong(std::string_view key, std::string_view what) const;

 private:
  const toml::table& table_;
  std::string_view source_;
  std::string prefix_;
};

// The text as a TOML basic string, with its quotes.
std::string QuoteToml(std::string_view text);
// ["a", "b"]
std::string FormatTomlStrings(const std::vector<std::string>& values);

}  // namespace qbench::datasets
