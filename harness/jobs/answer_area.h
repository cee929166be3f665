// Where a worker leaves its answer: memory that the parent makes and hands over by a descriptor. It
// has no name that a plugin could give to something else (a pipe, a link, a file without end), a
// size that nobody can change, and reading it never waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace qbench::jobs {

// The longest answer. Only what is written of it takes memory.
inline constexpr size_t kMostAnswerBytes = size_t{64} << 20;

// The parent's end.
class AnswerArea {
 public:
  // kIo where there is no memory for it, or no descriptor.
  static Result<AnswerArea> Create();
  // For ChildOptions::inherited.
  int descriptor() const { return memory_.get(); }
  // What the worker left; none: nothing. To be called when it has ended.
  std::optional<std::string> Read() const;

 private:
  explicit AnswerArea(FileDescriptor memory) : memory_(std::move(memory)) {}
  FileDescriptor memory_;
};

// The worker's end: a mapping, which is there as long as the process is, whatever a plugin does to
// descriptors; children that a plugin forks do not have it.
class AnswerWriter {
 public:
  // Takes over the descriptor that the parent handed over. kIo: it is none.
  static Result<AnswerWriter> Open(int descriptor);
  // kInvalidArgument where it is longer than kMostAnswerBytes.
  Status Write(std::string_view answer) const;

 private:
  explicit AnswerWriter(uint8_t* memory) : memory_(memory) {}
  uint8_t* memory_;
};

}  // namespace qbench::jobs
