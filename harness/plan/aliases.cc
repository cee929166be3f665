#include "harness/plan/aliases.h"

#include <algorithm>
#include <array>

namespace qbench::plan {
namespace {

// tf.lite.Optimize, of which TensorFlow has made one and the same since version 2.
constexpr std::array<std::string_view, 3> kModes = {"DEFAULT", "OPTIMIZE_FOR_SIZE",
                                                    "OPTIMIZE_FOR_LATENCY"};
constexpr std::array<std::string_view, 2> kTypes = {"float16", "int8"};
constexpr std::string_view kPreset = "tf24";

constexpr std::array<AliasInfo, 4> kAliases = {{
    {"DEFAULT", "tf.lite.Optimize.DEFAULT: dynamic:hybrid=all; with type=float16: fp16"},
    {"OPTIMIZE_FOR_SIZE", "the same"},
    {"OPTIMIZE_FOR_LATENCY", "the same"},
    {"tf24",
     "the table of a TensorFlow 2.4 user: float, these three with type=float16 and type=int8, "
     "and the model's own file, of which only the size is known"},
}};

bool IsMode(std::string_view name) { return std::ranges::find(kModes, name) != kModes.end(); }

// The names promise the converter's file, so its choice of hybrid operators stays.
const host::Option kConvertersChoice = {"hybrid", "all"};

NamedSpec ModeSpec(std::string_view mode, std::string_view type,
                   std::vector<host::Option> options = {}) {
  if (type == "float16") return {{"fp16", std::move(options)}, std::string(mode)};
  if (std::ranges::find(options, kConvertersChoice.name, &host::Option::name) == options.end()) {
    options.push_back(kConvertersChoice);
    std::ranges::sort(options, {}, &host::Option::name);
  }
  return {{"dynamic", std::move(options)}, std::string(mode)};
}

bool ConvertersChoice(const NamedSpec& named) {
  return !named.alias.empty() &&
         std::ranges::find(named.spec.options, kConvertersChoice) != named.spec.options.end();
}

Result<NamedSpec> ExpandMode(const PluginSpec& spec) {
  std::string type = "int8";
  std::vector<host::Option> others;
  for (const host::Option& option : spec.options) {
    if (option.name == "type") {
      type = option.value;
    } else {
      others.push_back(option);
    }
  }
  if (std::ranges::find(kTypes, type) == kTypes.end()) {
    return Error(StatusCode::kInvalidArgument, "{}:type={}: the value must be int8|float16",
                 spec.name, type);
  }
  return ModeSpec(spec.name, type, std::move(others));
}

}  // namespace

Result<Expansion> ExpandAliases(const std::vector<PluginSpec>& specs) {
  Expansion expansion;
  size_t modes = 0;
  for (const PluginSpec& spec : specs) {
    if (IsMode(spec.name)) {
      QB_ASSIGN_OR_RETURN(NamedSpec named, ExpandMode(spec));
      expansion.plugins.push_back(std::move(named));
      ++modes;
    } else if (spec.name == kPreset) {
      if (!spec.options.empty()) {
        return Error(StatusCode::kInvalidArgument,
                     "{} stands for several quantizers and takes no options", kPreset);
      }
      expansion.plugins.push_back({{"float", {}}, {}});
      for (const std::string_view type : kTypes) {
        for (const std::string_view mode : kModes) {
          expansion.plugins.push_back(ModeSpec(mode, type));
        }
      }
      expansion.source_rows = true;
      modes += kModes.size();
    } else {
      expansion.plugins.push_back({spec, {}});
    }
  }
  if (modes > 1) {
    expansion.notes.emplace_back(
        "DEFAULT, OPTIMIZE_FOR_SIZE and OPTIMIZE_FOR_LATENCY make the same file, as they do in "
        "TensorFlow 2: where such rows differ, it is by chance");
  }
  if (std::ranges::any_of(expansion.plugins, ConvertersChoice)) {
    expansion.notes.emplace_back(
        "these names keep the converter's choice (dynamic:hybrid=all); dynamic alone is faster "
        "where "
        "a network has depthwise convolutions");
  }
  return expansion;
}

std::span<const AliasInfo> Aliases() { return kAliases; }

}  // namespace qbench::plan
