#include "base/files.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include "base/atomic_file.h"
#include "base/file_descriptor.h"
#include "base/interrupt.h"
#include "base/regular_file.h"

namespace qbench {
namespace {

constexpr size_t kRandomLetters = 6;  // of mkdtemp
// What is ready to take anything takes so much without waiting (PIPE_BUF).
constexpr size_t kStreamPiece = 4096;
constexpr int kLookEveryMs = 50;

// What to do about it.
std::string_view NextStep(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "make room there, or choose another place";
    case EFBIG:
      return "raise the limit of file sizes (ulimit -f)";
    case ENOENT:
      return "make its folder first, or choose another place";
    case EBADF:
      return "it is closed: open it, or choose another place";
    case EISDIR:
      return "choose the name of a file";
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOTDIR:
      return "choose a place that can be written";
    default:
      return "look after the disk, or choose another place";
  }
}

bool IsPipe(const std::filesystem::path& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
}

// Until something can be written without waiting. 0; EINTR where the user does not want to wait.
int WaitUntilReady(int descriptor) {
  if (descriptor < 0) return EBADF;
  pollfd ready{descriptor, POLLOUT, 0};
  while (true) {
    const int count = poll(&ready, 1, kLookEveryMs);
    if (count > 0) return 0;
    if (count < 0 && errno != EINTR) return errno;
    if (InterruptRequested()) return EINTR;
  }
}

// Takes the lock of a folder; none where another process has it, or the folder has gone.
FileDescriptor LockFolder(const std::filesystem::path& folder, int flags) {
  FileDescriptor lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (lock.get() < 0 || flock(lock.get(), flags) != 0) return FileDescriptor();
  struct stat held {};
  struct stat there {};
  const bool same = fstat(lock.get(), &held) == 0 && lstat(folder.c_str(), &there) == 0 &&
                    held.st_ino == there.st_ino && held.st_dev == there.st_dev;
  return same && held.st_uid == geteuid() ? std::move(lock) : FileDescriptor();
}

// Removes the temporary folders of processes that were killed: nobody holds their locks.
void RemoveAbandoned(const std::filesystem::path& base, const std::string& prefix) {
  std::error_code error;
  std::filesystem::directory_iterator entry(base, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(prefix) || name.size() != prefix.size() + kRandomLetters) continue;
    const FileDescriptor lock = LockFolder(entry->path(), LOCK_EX | LOCK_NB);
    std::error_code ignored;
    if (lock.get() >= 0) std::filesystem::remove_all(entry->path(), ignored);
  }
}

// Looks for them once in each place, as long as the process lives.
void RemoveAbandonedOnce(const std::filesystem::path& base, const std::string& prefix) {
  static std::mutex mutex;
  static std::set<std::string> looked_at;
  const std::lock_guard lock(mutex);
  if (looked_at.insert((base / prefix).string()).second) RemoveAbandoned(base, prefix);
}

}  // namespace

bool IsFull(int error) { return error == ENOSPC || error == EDQUOT; }

std::string ErrnoText(int error) {
  std::string text = std::generic_category().message(error);
  const bool word = text.size() > 1 && text[1] >= 'a' && text[1] <= 'z';
  if (word && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

Status WriteError(std::string_view what, int error) {
  if (error == EINTR) return InterruptStatus(fmt::format("writing to {}", what));
  return Error(IsFull(error) ? StatusCode::kNoSpace : StatusCode::kIo, "cannot write to {}: {}; {}",
               what, ErrnoText(error), NextStep(error));
}

FileDescriptor OpenToWrite(const std::filesystem::path& path) {
  const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_CLOEXEC;
  if (!IsPipe(path)) return FileDescriptor(open(path.c_str(), flags, 0644));
  while (true) {
    FileDescriptor pipe(open(path.c_str(), flags | O_NONBLOCK, 0644));
    if (pipe.ok() || errno != ENXIO) return pipe;
    if (InterruptRequested()) {
      errno = EINTR;
      return pipe;
    }
    poll(nullptr, 0, kLookEveryMs);
  }
}

int WriteAll(int descriptor, ByteSpan bytes) {
  struct stat info {};
  const bool file = fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
  while (!bytes.empty()) {
    // A write to a pipe whose reader sleeps would not come back.
    const int waited = file ? 0 : WaitUntilReady(descriptor);
    if (waited != 0) return waited;
    const size_t piece = file ? bytes.size() : std::min(bytes.size(), kStreamPiece);
    const ssize_t written = write(descriptor, bytes.data(), piece);
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
      return errno;
    }
  }
  return 0;
}

Result<Bytes> ReadFile(const std::filesystem::path& path, uint64_t max_bytes) {
  QB_ASSIGN_OR_RETURN(const RegularFile file, OpenRegularFile(path));
  if (file.size > max_bytes) {
    return Error(StatusCode::kInvalidArgument, "{} has {} bytes, more than the limit of {}",
                 path.string(), file.size, max_bytes);
  }
  Bytes bytes(file.size);
  QB_ASSIGN_OR_RETURN(const size_t done, ReadInto(file.descriptor, bytes, path));
  bytes.resize(done);
  return bytes;
}

Result<std::string> ReadTextFile(const std::filesystem::path& path, uint64_t max_bytes) {
  QB_ASSIGN_OR_RETURN(const Bytes bytes, ReadFile(path, max_bytes));
  return std::string(bytes.begin(), bytes.end());
}

Status WriteFile(const std::filesystem::path& path, ByteSpan bytes) {
  FileDescriptor file = OpenToWrite(path);
  if (file.get() < 0) return WriteError(path.string(), errno);
  int error = WriteAll(file.get(), bytes);
  if (file.Close() != 0 && error == 0) error = errno;
  return error == 0 ? OkStatus() : WriteError(path.string(), error);
}

Status WriteFileAtomically(const std::filesystem::path& path, ByteSpan bytes) {
  QB_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  QB_RETURN_IF_ERROR(file.Append(bytes));
  return file.Commit();
}

Status WriteFileAtomically(const std::filesystem::path& path, std::string_view text) {
  return WriteFileAtomically(path, AsBytes(text));
}

Status CheckWritable(const std::filesystem::path& path, uint64_t bytes) {
  if (IsSpecialFile(path)) return OkStatus();
  QB_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  QB_RETURN_IF_ERROR(file.Append(Bytes(bytes)));
  return file.Sync();
}

Result<MappedFile> MappedFile::Open(const std::filesystem::path& path) {
  QB_ASSIGN_OR_RETURN(const RegularFile file, OpenRegularFile(path));
  if (file.size == 0) return MappedFile(ByteSpan());
  void* address = mmap(nullptr, file.size, PROT_READ, MAP_SHARED, file.descriptor.get(), 0);
  if (address == MAP_FAILED) return FileError("map", path);
  return MappedFile(ByteSpan(static_cast<const uint8_t*>(address), file.size));
}

void MappedFile::Release(ByteSpan part) const {
  if (part.empty()) return;
  // The kernel maps the neighbours of a page that it is asked for too: up to 64 KiB, or a page.
  const size_t unit = std::max<size_t>(64 << 10, static_cast<size_t>(sysconf(_SC_PAGESIZE)));
  const auto offset = static_cast<size_t>(part.data() - bytes_.data());
  const size_t first = offset / unit * unit;
  const size_t last = std::min(bytes_.size(), (offset + part.size() + unit - 1) / unit * unit);
  madvise(const_cast<uint8_t*>(bytes_.data()) + first, last - first, MADV_DONTNEED);
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, ByteSpan())) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<uint8_t*>(bytes_.data()), bytes_.size());
}

Result<TempDir> TempDir::Create(std::string_view prefix, const std::filesystem::path& parent) {
  std::error_code error;
  const std::filesystem::path base =
      parent.empty() ? std::filesystem::temp_directory_path(error) : parent;
  if (error) return Error(StatusCode::kIo, "no temporary folder: {}; set TMPDIR", error.message());
  const std::string start = fmt::format("{}-", prefix);
  RemoveAbandonedOnce(base, start);
  for (int attempt = 0; attempt < 10; ++attempt) {
    std::string name = (base / start).string() + std::string(kRandomLetters, 'X');
    if (mkdtemp(name.data()) == nullptr) return FileError("create a folder in", base);
    // Another process may have taken it for an abandoned one before it was locked.
    FileDescriptor lock = LockFolder(name, LOCK_EX);
    if (lock.get() >= 0) return TempDir(name, std::move(lock));
  }
  return Error(StatusCode::kIo, "cannot lock a folder in {}; set TMPDIR to another place",
               base.string());
}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(lock_, other.lock_);
  return *this;
}

TempDir::~TempDir() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<std::filesystem::path> ProgramDir() {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return Error(StatusCode::kIo, "cannot read /proc/self/exe: {}", error.message());
  return program.parent_path();
}

}  // namespace qbench
