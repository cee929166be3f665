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

// A stretch of one invoke of a runtime; the fields are qbench_profile_event's.
struct ProfileEvent {
  int32_t op = -1;         // of the .tflite file's main subgraph; -1: of no single operator
  int32_t partition = -1;  // of the delegate; -1: not delegated
  std::string name;
  uint64_t time_ns = 0;
};

// Where the time of one invoke went.
struct Profile {
  std::vector<ProfileEvent> events;  // at least one
  uint64_t resolution_ns = 1;        // of the clock behind the times
  std::string delegate;              // empty: the runtime works without one
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
  bool needs_samples = false;        // quantizers: needs calibration samples
  bool needs_train = false;          // quantizers: needs samples of the training split
  bool baseline = false;             // quantizers: leaves the model as it is, for comparison
  std::string only_when_named = {};  // quantizers: why it is taken only when the user names it
  bool oracle = false;               // runtimes: for checking; used only when the user names it
  bool calibration = false;          // runtimes: calibrates, where the user names no other

  // Samples of either split, and with them the inference service.
  bool UsesSamples() const { return needs_samples || needs_train; }
};

}  // namespace qbench::host
