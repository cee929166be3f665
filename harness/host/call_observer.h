// What is told of every call into a plugin: the worker notes it where its parent can read it after
// a crash ("segmentation fault in int8's quantize").
#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace qbench::host {

// The function of the plugin that runs.
enum class Phase : uint32_t {
  kNone = 0,
  kOpen,   // the library's constructors, its entry table
  kEntry,  // the library's init and deinit, its factories and descriptors
  kProbe,
  kCreate,
  kInit,
  kLoad,
  kQuantize,
  kSetInput,
  kInvoke,
  kGetOutput,
  kFacts,
  kProfile,
  kDestroy,
};

// "load", "quantize"; "loading" for kOpen.
std::string_view PhaseName(Phase phase);

// Thread-safe: runtimes are called on several threads.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  // Before a call into `plugin` (an id, or a file name while no id is known). Must be cheap: it is
  // inside of what is timed.
  virtual void Enter(std::string_view plugin, Phase phase) noexcept = 0;
  // After it.
  virtual void Leave() noexcept = 0;
  // What the plugin may have broken in this process, such as closed file descriptors. Called after
  // every call but invoke, whose caller calls it outside of what is timed.
  virtual Status Check(std::string_view plugin, Phase phase) = 0;
};

}  // namespace qbench::host
