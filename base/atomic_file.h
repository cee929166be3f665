// Writing a file piece by piece so that there is the old file or the new one, never half of one.
#pragma once

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/file_descriptor.h"
#include "base/status.h"

namespace qbench {

// Takes the bytes into a temporary file beside `path`; Commit flushes it to the disk and renames
// it. Without that it is removed when the object goes. A symbolic link stays and its target is
// replaced; what is no file (/dev/stdout, a pipe) is written as it is, from the first Append on.
// Movable; one thread. Every failure is a WriteError (base/files.h) that names `path`.
class AtomicFile {
 public:
  static Result<AtomicFile> Create(const std::filesystem::path& path);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  // kCancelled where the user wants to stop and much was appended.
  Status Append(ByteSpan bytes);
  // Flushes what was appended to the disk: a disk that is full may say so only now.
  Status Sync();
  // Call it once, last.
  Status Commit();

  // Where the bytes are until Commit: to look at them before.
  const std::filesystem::path& temporary() const { return temporary_; }

 private:
  AtomicFile(std::filesystem::path path, std::filesystem::path target)
      : path_(std::move(path)), target_(std::move(target)) {}

  std::filesystem::path path_;       // for messages
  std::filesystem::path target_;     // where `path` leads; empty: no file
  std::filesystem::path temporary_;  // empty: nothing to remove
  FileDescriptor file_;
  size_t since_look_ = 0;  // bytes
};

// A device, a pipe: nothing that a rename may put a file in the place of.
bool IsSpecialFile(const std::filesystem::path& path);

// A copy of the file `from`, in pieces of some memory. kNotFound, kIo, kInvalidArgument where
// `from` is no regular file; a WriteError.
Status CopyFileAtomically(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace qbench
