#include "harness/plan/plugin_spec.h"

#include <algorithm>

namespace qbench::plan {
namespace {

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  size_t start = 0;
  for (size_t end = text.find(separator); end != std::string_view::npos;
       end = text.find(separator, start)) {
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  parts.push_back(text.substr(start));
  return parts;
}

Result<host::Option> ParseOption(std::string_view text, std::string_view entry) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return Error(StatusCode::kInvalidArgument,
                 "--plugins: \"{}\" in \"{}\" is not an option; write NAME:option=value", text,
                 entry);
  }
  return host::Option{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

Result<PluginSpec> ParseSpec(std::string_view entry) {
  const std::vector<std::string_view> parts = Split(entry, ':');
  PluginSpec spec;
  spec.name = parts[0];
  if (spec.name.empty()) {
    return Error(
        StatusCode::kInvalidArgument,
        "--plugins: an empty name; write names separated by commas, as in int8,fp16,float");
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    QB_ASSIGN_OR_RETURN(host::Option option, ParseOption(parts[i], entry));
    spec.options.push_back(std::move(option));
  }
  std::ranges::sort(spec.options, {}, &host::Option::name);
  const auto twice = std::ranges::adjacent_find(spec.options, {}, &host::Option::name);
  if (twice != spec.options.end()) {
    return Error(StatusCode::kInvalidArgument,
                 "--plugins: option \"{}\" stands twice in \"{}\"; to compare two values, write "
                 "two entries",
                 twice->name, entry);
  }
  return spec;
}

}  // namespace

Result<std::vector<PluginSpec>> ParsePluginList(std::string_view text) {
  std::vector<PluginSpec> specs;
  for (const std::string_view entry : Split(text, ',')) {
    QB_ASSIGN_OR_RETURN(PluginSpec spec, ParseSpec(entry));
    if (std::ranges::find(specs, spec) != specs.end()) {
      return Error(StatusCode::kInvalidArgument, "--plugins: \"{}\" stands twice", entry);
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

std::string FormatOptions(const std::vector<host::Option>& options) {
  std::string text;
  for (const host::Option& option : options) {
    fmt::format_to(std::back_inserter(text), "{}{}={}", text.empty() ? "" : ":", option.name,
                   option.value);
  }
  return text;
}

std::string FormatSpec(const PluginSpec& spec) {
  return spec.options.empty() ? spec.name
                              : fmt::format("{}:{}", spec.name, FormatOptions(spec.options));
}

}  // namespace qbench::plan
