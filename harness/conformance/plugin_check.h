// Holds a plugin file against the ABI: every check of harness/checks in a process of its own, and
// for runtimes every operator and type against the reference runtime. Behind `qbench plugin check`;
// docs/conformance.md says what each line means.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "harness/checks/check_list.h"
#include "harness/conformance/operator_table.h"
#include "harness/host/plugin_info.h"
#include "harness/jobs/run_job.h"

namespace qbench::conformance {

struct CheckSettings {
  std::filesystem::path plugin;     // absolute
  std::filesystem::path reference;  // the reference runtime's file: the oracle, and what calibrates
  std::string id;                   // of the file's plugins this one only; empty: all of them
  std::vector<host::Option> options;  // of the plugin
  uint32_t seed = 1;
  int models = 3;     // for each operator and type
  std::string check;  // this check only; empty: all of them
  std::string op;     // this operator only ("CONV_2D"), and no check; empty: all of them
  jobs::JobSettings jobs = {};
  std::chrono::seconds time_limit{20};  // of a check, and of all models of a process
  std::function<void(const std::string& doing, uint64_t done, uint64_t total)> progress = {};
  std::function<bool()> cancelled = {};
};

struct CheckLine {
  std::string name;
  checks::Finding finding;
};

// One quantizer or runtime of the file.
struct PluginReport {
  host::PluginDescriptor descriptor;
  bool available = true;  // runtimes: works here
  std::string reason;     // why it does not
  std::vector<CheckLine> checks;
  std::vector<OperatorCell> operators;  // of runtimes
  uint32_t seed = 1;

  // No check failed and no cell is anything but ok, unsupported or not compared.
  bool conforms() const;
};

// kInvalidArgument: no plugin, check or operator of that name; kCorrupt and the like: the file
// cannot be loaded. kCancelled.
Result<std::vector<PluginReport>> CheckPlugin(const CheckSettings& settings);

}  // namespace qbench::conformance
