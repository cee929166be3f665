// Files: whole reads with a limit, writes that leave either the old file or the new one, read-only
// mappings, and temporary folders.
#pragma once

#include <filesystem>
#include <string>

#include "base/bytes.h"
#include "base/file_descriptor.h"
#include "base/status.h"

namespace qbench {

// A model file larger than this is refused rather than read: flatbuffers address 2 GiB, and the
// smallest board has 1 GiB of memory.
inline constexpr uint64_t kMaxFileBytes = uint64_t{2} << 30;

// The whole file. kNotFound, kIo, kInvalidArgument where it is a folder or larger than the limit,
// or kCancelled where the user wants to stop and the file is large (base/interrupt.h).
Result<Bytes> ReadFile(const std::filesystem::path& path, uint64_t max_bytes = kMaxFileBytes);
Result<std::string> ReadTextFile(const std::filesystem::path& path,
                                 uint64_t max_bytes = uint64_t{64} << 20);

// Whether an errno says that a file system, or the user's share of it, is full.
bool IsFull(int error);

// "no space left on device": the system's words for an errno, as they stand behind a colon.
std::string ErrnoText(int error);

// "cannot write to WHAT: no space left on device; make room there, or choose another place".
// kNoSpace where a disk or a quota is full, kCancelled for EINTR, else kIo.
Status WriteError(std::string_view what, int error);

// Opens a file to write it anew. A pipe that nobody reads yet is waited for, as long as the user
// wants to wait. None, with errno (EINTR), where that fails.
FileDescriptor OpenToWrite(const std::filesystem::path& path);

// Writes all of it to an open descriptor, and waits where nobody takes it: EINTR where the user
// wants to stop meanwhile (base/interrupt.h). 0, or the errno.
int WriteAll(int descriptor, ByteSpan bytes);

// Writes a file that is read at once and gone soon: not atomically, and not flushed to the disk.
// WriteError on failure.
Status WriteFile(const std::filesystem::path& path, ByteSpan bytes);

// Writes to a temporary file beside `path`, flushes it to the disk and renames it: after a crash
// or on a full disk there is the old file or the new one, never half of one. A symbolic link stays
// and its target is replaced; what is no file (/dev/stdout, a pipe) is written as it is. WriteError
// on failure.
Status WriteFileAtomically(const std::filesystem::path& path, ByteSpan bytes);
Status WriteFileAtomically(const std::filesystem::path& path, std::string_view text);

// Whether WriteFileAtomically(path) could write `bytes` now: writes as many zeros into a temporary
// file beside `path`, and removes it. For what takes long before it writes its result. What is no
// file (/dev/stdout, a pipe) is not tried. WriteError where it could not.
Status CheckWritable(const std::filesystem::path& path, uint64_t bytes = uint64_t{1} << 20);

// A file mapped read-only; the bytes live as long as the object. Movable; reading it from several
// threads is safe. Somebody who truncates the file meanwhile gets this process a SIGBUS: map only
// files of our own cache.
class MappedFile {
 public:
  static Result<MappedFile> Open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  ByteSpan bytes() const { return bytes_; }
  // Takes `part` of bytes() out of the memory of this process, when it has been read and is not
  // wanted soon: whoever reads it again gets it from the system's cache. Any thread.
  void Release(ByteSpan part) const;

 private:
  explicit MappedFile(ByteSpan bytes) : bytes_(bytes) {}
  ByteSpan bytes_;
};

// A new empty folder below `parent` (by default the system's temporary folder), removed with all
// it holds when the object goes; that of a process that was killed, when the next one makes a
// folder of the same prefix there (it is known by its lock, which a process and the copies that it
// forks hold). Movable.
class TempDir {
 public:
  static Result<TempDir> Create(std::string_view prefix, const std::filesystem::path& parent = {});
  TempDir(TempDir&& other) noexcept
      : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
  TempDir& operator=(TempDir&& other) noexcept;
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  const std::filesystem::path& path() const { return path_; }

 private:
  TempDir(std::filesystem::path path, FileDescriptor lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::filesystem::path path_;
  FileDescriptor lock_;
};

// The folder of the running program (the target of /proc/self/exe, without the file name).
Result<std::filesystem::path> ProgramDir();

}  // namespace qbench
