// Records which function of which plugin a worker is in, in a small file that the worker maps and
// the parent reads, so that a crash or a hang can be located.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/status.h"
#include "harness/host/call_observer.h"

namespace qbench::jobs {

// The worker writes (one slot a thread, so that nothing needs a lock), the parent reads, at any
// time and never through a mapping: a plugin may have cut the file.
class Breadcrumb {
 public:
  // Creates the file, with nothing in it. [parent]
  static Result<Breadcrumb> Create(const std::filesystem::path& path);
  // Opens the parent's file. [worker]
  static Result<Breadcrumb> Open(const std::filesystem::path& path);
  Breadcrumb(Breadcrumb&& other) noexcept;
  Breadcrumb& operator=(Breadcrumb&&) = delete;
  ~Breadcrumb();

  // A thread enters and leaves calls, one inside another. Costs some nanoseconds. A thread too many
  // or a nesting too deep goes unnoticed. One Breadcrumb a process may be written to.
  void Enter(std::string_view plugin, host::Phase phase) noexcept;
  void Leave() noexcept;

  // The plugin functions that threads are in, "int8's quantize" or "litert's invoke or float's
  // load"; empty where none is. Host services that a plugin called do not count as inside it.
  std::string Where() const;

 private:
  struct Layout;
  static Result<Breadcrumb> Map(const std::filesystem::path& path, bool create);
  Breadcrumb(Layout* layout, FileDescriptor file) : layout_(layout), file_(std::move(file)) {}
  Layout* layout_;
  FileDescriptor file_;
};

}  // namespace qbench::jobs
