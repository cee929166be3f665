// Writes a runtime plugin as a C++ class: this adapts it to the ABI's C tables (qbench/runtime.h),
// with status codes, last_error, options, facts and a guard against exceptions. A plugin is
//
//   class MyRuntime : public qbench::plugin::Runtime { … };
//   const std::vector<RuntimeInfo>& qbench::plugin::RegisteredRuntimes() {
//     static const std::vector<RuntimeInfo> runtimes = {{.id = "mine", …}};
//     return runtimes;
//   }
//   QBENCH_DEFINE_RUNTIME_PLUGIN
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "plugins/support/options.h"
#include "qbench/profile.h"

namespace qbench::plugin {

// An input or output of a loaded model.
struct TensorDescription {
  std::string name;
  qbench_type type = QBENCH_FLOAT32;
  std::vector<int32_t> shape;  // at most QBENCH_MAX_RANK dimensions, each >= 1
  float scale = 0;             // 0: not quantized
  int32_t zero_point = 0;
};

using Facts = std::vector<std::pair<std::string, std::string>>;

// One object: Init, Load once, then {SetInput, Invoke, ViewOutput} at will; one thread at a time.
// The adapter keeps that order and checks indices and sizes, so an implementation need not.
// Everything may throw.
class Runtime {
 public:
  virtual ~Runtime() = default;
  virtual Status Init(const Options& options, uint32_t threads) = 0;
  // `model` outlives the object.
  virtual Status Load(ByteSpan model) = 0;
  // Of the loaded model; asked for once, after Load.
  virtual std::vector<TensorDescription> Inputs() const = 0;
  virtual std::vector<TensorDescription> Outputs() const = 0;
  virtual Status SetInput(uint32_t index, ByteSpan data) = 0;
  virtual Status Invoke() = 0;
  // The bytes of an output of the latest Invoke, aligned for its type. They stay as they are until
  // the next SetInput or Invoke; the adapter copies them where the host wants a copy.
  virtual Result<ByteSpan> ViewOutput(uint32_t index) = 0;
  // For provenance; asked for at any time after an Init that succeeded, between other calls.
  virtual Facts DescribeFacts() const { return {}; }
};

// A stretch of one Invoke; see qbench_profile_event.
struct ProfileEvent {
  int32_t op = -1;         // index in the model's main subgraph; -1: of no single operator
  int32_t partition = -1;  // of the delegate; -1: not delegated
  std::string name;        // the engine's
  uint64_t time_ns = 0;
};

// A runtime that can say where the time goes: the adapter then offers QBENCH_RUNTIME_PROFILE. The
// contract is that of qbench/profile.h; the adapter keeps the order of the calls.
class ProfiledRuntime : public Runtime {
 public:
  // After Init and before Load, once, of an object that is to be profiled.
  virtual Status EnableProfile() = 0;
  // Of the latest Invoke; asked for after one that succeeded, with profiling enabled.
  virtual Result<std::vector<ProfileEvent>> ProfileEvents() = 0;
  // Of the clock that measures the events.
  virtual uint64_t ProfileResolutionNs() const { return 1; }
  // Null: works without a delegate. A literal; asked for after Load.
  virtual const char* DelegateName() const { return nullptr; }
};

// Texts are literals: they live as long as the plugin.
struct RuntimeInfo {
  const char* id;
  const char* summary;
  std::vector<qbench_option_info> options;
  bool oracle = false;       // for checking, not for measuring
  bool calibration = false;  // QBENCH_RUNTIME_CALIBRATION
  std::unique_ptr<Runtime> (*make)();
  // Does it work on this machine? Null: always. A failure says what is missing and how to get it.
  Status (*probe)() = nullptr;
};

// What the plugin holds; each plugin defines it. The vector never changes.
const std::vector<RuntimeInfo>& RegisteredRuntimes();

// The plugin's own file, as the host named it to init().
const std::filesystem::path& PluginFile();

// The members of qbench_plugin_entry, for the macro below.
qbench_status InitRuntimePlugin(const char* plugin_path);
void DeinitRuntimePlugin();
const void* GetRuntimeFactory(const char* factory_id);

}  // namespace qbench::plugin

#define QBENCH_DEFINE_RUNTIME_PLUGIN                             \
  extern "C" const qbench_plugin_entry_t qbench_plugin_entry = { \
      sizeof(qbench_plugin_entry_t),                             \
      QBENCH_ABI_MAJOR,                                          \
      QBENCH_ABI_MINOR,                                          \
      &::qbench::plugin::InitRuntimePlugin,                      \
      &::qbench::plugin::DeinitRuntimePlugin,                    \
      &::qbench::plugin::GetRuntimeFactory,                      \
  };
