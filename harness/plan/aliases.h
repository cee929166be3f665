// Names that stand for plugins: those that users of TensorFlow's converter know, and presets, which
// stand for a whole list.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "harness/plan/plugin_spec.h"

namespace qbench::plan {

struct NamedSpec {
  PluginSpec spec;
  std::string alias = {};  // what the user wrote instead of spec.name; empty: the name itself
  bool operator==(const NamedSpec&) const = default;
};

struct Expansion {
  std::vector<NamedSpec> plugins;
  // A preset asks for a row with the size of each model's own file.
  bool source_rows = false;
  std::vector<std::string> notes;  // lines for the user
};

// Replaces aliases and presets; other names stay, whether there are such plugins or not.
//
// `DEFAULT`, `OPTIMIZE_FOR_SIZE` and `OPTIMIZE_FOR_LATENCY` (tf.lite.Optimize) are
// `dynamic:hybrid=all`, which has the operators and weights of the converter's file (a note says
// what `dynamic` alone does better), with `type=float16` `fp16`; other options go to the plugin,
// and `hybrid` among them wins. `tf24` is the table of a user of TensorFlow 2.4: `float`, the three
// modes with both types, and the model's own file. kInvalidArgument: another `type`, or options of
// a preset.
Result<Expansion> ExpandAliases(const std::vector<PluginSpec>& specs);

struct AliasInfo {
  std::string_view name;
  std::string_view meaning;
};
// For `qbench plugin list`.
std::span<const AliasInfo> Aliases();

}  // namespace qbench::plan
