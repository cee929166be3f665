// Runs a piece of work on hostile data in a forked copy of this process, so that a third-party
// library that crashes, loops or takes memory without end costs that copy alone: Child::Fork of
// base/process.h, with its data brought back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench::graph::import {

struct IsolationLimits {
  uint64_t max_output_bytes = uint64_t{64} << 20;
  uint64_t max_memory_bytes = uint64_t{512} << 20;  // resident, beyond what this process had
  int cpu_seconds = 20;
  int wall_seconds = 300;  // slow storage takes wall time, not processor time
};

// What the child writes. After a failed write every later one does nothing; finish() tells.
class ChildOutput {
 public:
  explicit ChildOutput(int fd) : fd_(fd) {}
  void Write(ByteSpan bytes);
  void WriteNumber(uint64_t value);
  // The length, then the text.
  void WriteText(std::string_view text);
  // Zeros up to a multiple of `alignment`, counted from the first byte that was written.
  void Align(size_t alignment);
  // kIo where a write failed: the output is larger than the limit, or memory ran out.
  Status finish() const;

 private:
  int fd_;
  uint64_t written_ = 0;
  bool failed_ = false;
};

// The output of a child that ended well, with whatever keeps the bytes alive.
struct ChildBytes {
  std::shared_ptr<const void> owner;
  ByteSpan bytes;  // aligned to a page
  // Gives the memory of a part of `bytes` back, which nobody reads any more: it is zeros then, but
  // for what is beside it in its first and last page. Empty where `bytes` are.
  std::function<void(ByteSpan part)> discard;
};

// Calls `work` in a forked child and returns what it wrote. The failure that `work` returns is
// returned; else kCrashed (with the signal), kTimeout or kOutOfMemory where it did not come to its
// end, and kIo where this process cannot fork. The child has no standard streams, leaves no core
// file, dies with its parent, and ends without running exit handlers.
//
// `work` must not rely on other threads or on locks that they may hold (memory allocation is
// fine). Any thread may call this.
Result<ChildBytes> RunInChild(const std::function<Status(ChildOutput&)>& work,
                              const IsolationLimits& limits = {});

}  // namespace qbench::graph::import
