// Loads a plugin's shared library and wraps its C tables: everything that a broken or hostile
// plugin says is checked, exceptions that cross the ABI are caught, statuses become Status. What
// cannot be caught (a crash, a hang) is why plugins are loaded in worker processes only.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "harness/host/call_observer.h"
#include "harness/host/plugin_info.h"
#include "qbench/profile.h"
#include "qbench/quantizer.h"
#include "qbench/runtime.h"

namespace qbench::host {

class Quantizer;
class Runtime;

// Ids of plugins: lower-case letters, digits and '_', 1 to 64 bytes, starting with a letter.
bool IsPluginId(std::string_view id);

// QBENCH_UNSUPPORTED → kUnsupported, QBENCH_UNAVAILABLE → kNotFound, QBENCH_HOST_ERROR → kIo, ….
StatusCode FromAbiStatus(qbench_status status);

// A loaded plugin. One thread. The library stays mapped until the process ends (its threads and
// exit handlers may outlive it); deinit is called by the destructor, which must run after those of
// the objects made here (they hold a reference, so that it does).
class PluginLibrary : public std::enable_shared_from_this<PluginLibrary> {
 public:
  // Opens the file, checks the entry table, calls its init and reads every descriptor. `observer`
  // (may be null) outlives the library.
  // kNotFound: no such file. kUnsupported: made for another version of the ABI; the message names
  // both versions. kCorrupt: not a shared library, without the symbol, or a table that breaks the
  // ABI. Else what init returned.
  static Result<std::shared_ptr<PluginLibrary>> Load(const std::filesystem::path& path,
                                                     CallObserver* observer = nullptr);
  ~PluginLibrary();
  PluginLibrary(const PluginLibrary&) = delete;
  PluginLibrary& operator=(const PluginLibrary&) = delete;

  const std::filesystem::path& path() const { return path_; }
  // Quantizers, then runtimes, in the plugin's order.
  const std::vector<PluginDescriptor>& descriptors() const { return descriptors_; }
  // Null where there is none.
  const PluginDescriptor* Find(PluginKind kind, std::string_view id) const;

  // The plugin's own tables, for whoever checks what it does when it is called wrongly; null where
  // it has none of that kind.
  const qbench_plugin_entry_t* entry() const { return entry_; }
  const qbench_quantizer_factory* quantizer_factory() const { return quantizers_; }
  const qbench_runtime_factory* runtime_factory() const { return runtimes_; }

  // Does runtime `id` work on this machine? kNotFound with the plugin's reason where it does not.
  Status ProbeRuntime(const std::string& id);

  // A new object, created and not yet initialized. `host` outlives it. kNotFound, naming what the
  // file has, where there is no such id.
  Result<Quantizer> CreateQuantizer(const std::string& id, const qbench_host* host);
  Result<Runtime> CreateRuntime(const std::string& id, const qbench_host* host);

 private:
  PluginLibrary(std::filesystem::path path, CallObserver* observer);
  Status Open();
  Status ReadEntry();
  Status ReadFactories();
  Status RequirePlugin(PluginKind kind, const std::string& id) const;

  std::filesystem::path path_;
  CallObserver* observer_;
  void* handle_ = nullptr;
  const qbench_plugin_entry_t* entry_ = nullptr;
  bool initialized_ = false;
  const qbench_quantizer_factory* quantizers_ = nullptr;
  const qbench_runtime_factory* runtimes_ = nullptr;
  std::vector<PluginDescriptor> descriptors_;
};

// An object of a quantizer plugin: Init, then Quantize once. One thread.
class Quantizer {
 public:
  Quantizer(std::shared_ptr<PluginLibrary> library, std::string id, CallObserver* observer,
            qbench_quantizer* object);
  Quantizer(Quantizer&& other) noexcept;
  Quantizer& operator=(Quantizer&&) = delete;
  ~Quantizer();

  // Failures carry the plugin's last_error() behind its id and what was called; an exception that
  // crossed the ABI is kInternal, "… threw an exception across the ABI: …".
  Status Init(std::span<const Option> options);
  // `model` is aligned to 16 bytes.
  Status Quantize(ByteSpan model);
  Result<std::vector<Fact>> Facts();

 private:
  std::shared_ptr<PluginLibrary> library_;
  std::string id_;
  CallObserver* observer_;
  qbench_quantizer* object_;
};

// An input or output of a loaded model.
struct TensorInfo {
  std::string name;
  qbench_type type = QBENCH_FLOAT32;
  std::vector<int32_t> dims;
  float scale = 0;  // 0: not quantized
  int32_t zero_point = 0;

  size_t ElementCount() const;
  size_t ByteSize() const;  // of all elements
};

// "float32 [1, 96, 96, 3]", for messages.
std::string DescribeTensor(const TensorInfo& info);

// An object of a runtime plugin: Init, Load once, then {SetInput, Invoke, GetOutput} at will. One
// thread at a time; other objects may be used on other threads meanwhile.
class Runtime {
 public:
  Runtime(std::shared_ptr<PluginLibrary> library, std::string id, CallObserver* observer,
          qbench_runtime* object);
  Runtime(Runtime&& other) noexcept;
  Runtime& operator=(Runtime&&) = delete;
  ~Runtime();

  Status Init(std::span<const Option> options, uint32_t threads);
  // `model` is aligned to 64 bytes and outlives this object. Reads and checks inputs() and
  // outputs() too.
  Status Load(ByteSpan model);
  const std::vector<TensorInfo>& inputs() const { return inputs_; }
  const std::vector<TensorInfo>& outputs() const { return outputs_; }

  Status SetInput(uint32_t index, ByteSpan data);
  // The one call after which nothing is checked: the caller calls CheckAfterInvoke() when no clock
  // runs.
  Status Invoke();
  Status CheckAfterInvoke();
  Status GetOutput(uint32_t index, std::span<uint8_t> data);
  // Whether the plugin shows its outputs without a copy, and output `index` of the latest Invoke:
  // it stays until the next SetInput or Invoke.
  bool views_outputs() const { return output_view_ != nullptr; }
  Result<ByteSpan> ViewOutput(uint32_t index);
  Result<std::vector<Fact>> Facts();

  // Between Init and Load, for an object that is profiled and never timed. kUnsupported: this
  // runtime has no QBENCH_RUNTIME_PROFILE.
  Status EnableProfile();
  // Of the latest Invoke, after an EnableProfile that succeeded.
  Result<Profile> ReadProfile();

  const std::string& id() const { return id_; }

 private:
  Result<const qbench_runtime_profile*> ProfileTable();

  std::shared_ptr<PluginLibrary> library_;
  std::string id_;
  CallObserver* observer_;
  qbench_runtime* object_;
  const qbench_runtime_output_view* output_view_ = nullptr;  // the plugin's; null where it has none
  std::vector<TensorInfo> inputs_;
  std::vector<TensorInfo> outputs_;
};

}  // namespace qbench::host
