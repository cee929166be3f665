// What a plugin says of itself, as C++ values that outlive the library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace qbench::host {

// An option as the user wrote it: int8:io=int8 is {"io", "int8"}.
struct Option {
  std::string name;
  std::string value;
  bool operator==(const Option&) const = default;
};

// An option that a plugin understands.
struct OptionInfo {
  std::string name;
  std::string default_value;
  std::string values;  // what may be written: "float|int8", "1..10000"
  std::string help;
};

// A line of provenance: the version, path and hash of a library that a plugin opened, ….
struct Fact {
  std::string name;
  std::string value;
  bool operator==(const Fact&) const = default;
};

enum class PluginKind { kQuantizer, kRuntime };

// "quantizer", "runtime".
const char* PluginKindName(PluginKind kind);

// One quantizer or runtime of a plugin file.
struct PluginDescriptor {
  PluginKind kind = PluginKind::kQuantizer;
  std::string id;
  std::string version;
  std::string summary;
  std::vector<OptionInfo> options;
  bool needs_samples = false;  // quantizers: needs calibration samples
  bool oracle = false;         // runtimes: for checking; used only when the user names it
};

}  // namespace qbench::host
