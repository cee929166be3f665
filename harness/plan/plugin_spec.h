// What the user writes after --plugins: names with options, which need no quoting in a shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "harness/host/plugin_info.h"

namespace qbench::plan {

// "int8:io=int8:per_channel=false" is {"int8", {{"io", "int8"}, {"per_channel", "false"}}}.
struct PluginSpec {
  std::string name;
  std::vector<host::Option> options;  // sorted by name, so that their order makes no difference
  bool operator==(const PluginSpec&) const = default;
};

// Reads "int8:io=int8,fp16,litert:kernels=builtin". kInvalidArgument: an empty name, an option
// without '=', an option or a whole entry given twice; the message shows the entry.
Result<std::vector<PluginSpec>> ParsePluginList(std::string_view text);

// "io=int8:per_channel=false": how options stand in the store, in reports and on the command line.
std::string FormatOptions(const std::vector<host::Option>& options);

// "int8:io=int8"; the bare name where there are no options.
std::string FormatSpec(const PluginSpec& spec);

}  // namespace qbench::plan
