#include "plugins/support/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <vector>

namespace qbench::plugin {
namespace {

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<double> ParseReal(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::vector<std::string_view> SplitWords(std::string_view grammar) {
  std::vector<std::string_view> words;
  while (true) {
    const size_t bar = grammar.find('|');
    words.push_back(grammar.substr(0, bar));
    if (bar == std::string_view::npos) return words;
    grammar.remove_prefix(bar + 1);
  }
}

struct Range {
  double low, high;
  bool integer;
};

std::optional<Range> ParseRange(std::string_view grammar) {
  const size_t dots = grammar.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const auto low = ParseReal(grammar.substr(0, dots));
  const auto high = ParseReal(grammar.substr(dots + 2));
  if (!low || !high) return std::nullopt;
  return Range{*low, *high, ParseInteger(grammar.substr(0, dots)).has_value()};
}

bool IsFreeText(std::string_view grammar) {
  return std::all_of(grammar.begin(), grammar.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool Matches(std::string_view value, std::string_view grammar) {
  if (const auto range = ParseRange(grammar)) {
    const auto number = ParseReal(value);
    return number && *number >= range->low && *number <= range->high &&
           (!range->integer || ParseInteger(value));
  }
  if (IsFreeText(grammar)) return !value.empty();
  const auto words = SplitWords(grammar);
  return std::find(words.begin(), words.end(), value) != words.end();
}

std::string NamesOf(std::span<const qbench_option_info> table) {
  std::string names;
  for (const qbench_option_info& option : table) {
    if (!names.empty()) names += ", ";
    names += fmt::format("{}={}", option.name, option.values);
  }
  return names;
}

}  // namespace

Result<Options> ParseOptions(std::string_view owner, std::span<const qbench_option_info> table,
                             std::span<const qbench_option> given) {
  Options options;
  for (const qbench_option& option : given) {
    const auto known = std::find_if(table.begin(), table.end(), [&](const auto& info) {
      return std::string_view(info.name) == option.name;
    });
    if (known == table.end()) {
      return table.empty()
                 ? Error(StatusCode::kInvalidArgument,
                         "{} has no option \"{}\": it has none at all", owner, option.name)
                 : Error(StatusCode::kInvalidArgument,
                         "{} has no option \"{}\"; the options are {}", owner, option.name,
                         NamesOf(table));
    }
    if (!Matches(option.value, known->values)) {
      return Error(StatusCode::kInvalidArgument, "{}:{}={}: the value must be {}", owner,
                   option.name, option.value, known->values);
    }
    if (!options.values_.emplace(option.name, option.value).second) {
      return Error(StatusCode::kInvalidArgument, "{}: option \"{}\" is given twice", owner,
                   option.name);
    }
    options.given_.insert(option.name);
  }
  for (const qbench_option_info& info : table) {
    options.values_.emplace(info.name, info.default_value);
  }
  return options;
}

const std::string& Options::Text(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end()) {
    throw std::logic_error(fmt::format("option \"{}\" is not declared", name));
  }
  return found->second;
}

int64_t Options::Integer(std::string_view name) const {
  const auto value = ParseInteger(Text(name));
  if (!value) throw std::logic_error(fmt::format("option \"{}\" is not an integer", name));
  return *value;
}

double Options::Real(std::string_view name) const {
  const auto value = ParseReal(Text(name));
  if (!value) throw std::logic_error(fmt::format("option \"{}\" is not a number", name));
  return *value;
}

bool Options::Flag(std::string_view name) const {
  const std::string& value = Text(name);
  if (value != "true" && value != "false") {
    throw std::logic_error(fmt::format("option \"{}\" is not a flag", name));
  }
  return value == "true";
}

}  // namespace qbench::plugin
