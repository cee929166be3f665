#include "base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <random>
#include <system_error>
#include <utility>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/regular_file.h"

namespace qbench {
namespace {

// Where the bytes of `path` are to go: a link is followed, so that it stays one.
std::filesystem::path FollowLink(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  std::filesystem::path target = std::filesystem::canonical(path, error);
  return error ? path : target;  // a link to nothing is replaced
}

// A new file beside `target`, whose name is left in `name`: with the rights that the user's umask
// gives a file (mkstemp would keep it from everybody else). None, with errno, where that fails.
FileDescriptor CreateBeside(const std::filesystem::path& target, std::filesystem::path& name) {
  std::random_device random;
  for (int attempt = 0; attempt < 100; ++attempt) {
    name = fmt::format("{}.{:08x}", target.string(), random());
    FileDescriptor file(open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (file.get() >= 0 || errno != EEXIST) return file;
  }
  return FileDescriptor();
}

}  // namespace

bool IsSpecialFile(const std::filesystem::path& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

Result<AtomicFile> AtomicFile::Create(const std::filesystem::path& path) {
  if (IsSpecialFile(path)) {
    AtomicFile special(path, {});
    special.file_ = OpenToWrite(path);
    if (!special.file_.ok()) return WriteError(path.string(), errno);
    return special;
  }
  AtomicFile file(path, FollowLink(path));
  std::error_code ignored;
  if (std::filesystem::is_directory(file.target_, ignored)) {
    return WriteError(path.string(), EISDIR);
  }
  file.file_ = CreateBeside(file.target_, file.temporary_);
  if (file.file_.ok()) return file;
  const int error = errno;
  file.temporary_.clear();
  return WriteError(path.string(), error);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      file_(std::move(other.file_)),
      since_look_(other.since_look_) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(target_, other.target_);
  std::swap(temporary_, other.temporary_);
  std::swap(file_, other.file_);
  std::swap(since_look_, other.since_look_);
  return *this;
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Status AtomicFile::Append(ByteSpan bytes) {
  while (!bytes.empty()) {
    if (since_look_ >= kInterruptPiece) {
      since_look_ = 0;
      if (InterruptRequested()) return WriteError(path_.string(), EINTR);
      // The disk begins at once, so that flushing does not take long in the end; the piece before
      // this one is waited for. It is no matter where that is not possible.
      [[maybe_unused]] const int ignored =
          sync_file_range(file_.get(), 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE);
    }
    const ByteSpan piece = bytes.first(std::min(bytes.size(), kInterruptPiece - since_look_));
    if (const int error = WriteAll(file_.get(), piece); error != 0) {
      return WriteError(path_.string(), error);
    }
    since_look_ += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  return OkStatus();
}

Status AtomicFile::Sync() {
  if (target_.empty() || fsync(file_.get()) == 0) return OkStatus();
  return WriteError(path_.string(), errno);
}

Status AtomicFile::Commit() {
  QB_RETURN_IF_ERROR(Sync());
  if (file_.Close() != 0) return WriteError(path_.string(), errno);
  if (target_.empty()) return OkStatus();
  if (rename(temporary_.c_str(), target_.c_str()) != 0) return WriteError(path_.string(), errno);
  temporary_.clear();
  return OkStatus();
}

Status CopyFileAtomically(const std::filesystem::path& from, const std::filesystem::path& to) {
  QB_ASSIGN_OR_RETURN(const RegularFile source, OpenRegularFile(from));
  QB_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(to));
  Bytes piece(size_t{1} << 20);
  while (true) {
    QB_ASSIGN_OR_RETURN(const size_t count, ReadInto(source.descriptor, piece, from));
    if (count == 0) return file.Commit();
    QB_RETURN_IF_ERROR(file.Append(ByteSpan(piece).first(count)));
  }
}

}  // namespace qbench
