#include "base/regular_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/files.h"
#include "base/interrupt.h"

namespace qbench {
Status FileError(std::string_view doing, const std::filesystem::path& path) {
  const int error = errno;
  const StatusCode code = error == ENOENT ? StatusCode::kNotFound
                          : IsFull(error) ? StatusCode::kNoSpace
                                          : StatusCode::kIo;
  return Error(code, "cannot {} {}: {}", doing, path.string(),
               std::generic_category().message(error));
}

Result<RegularFile> OpenRegularFile(const std::filesystem::path& path) {
  RegularFile file{FileDescriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)), 0};
  if (!file.descriptor.ok()) return FileError("open", path);
  struct stat info {};
  if (fstat(file.descriptor.get(), &info) != 0) return FileError("read", path);
  if (!S_ISREG(info.st_mode)) {
    return Error(StatusCode::kInvalidArgument, "{} is not a regular file", path.string());
  }
  file.size = static_cast<uint64_t>(info.st_size);
  return file;
}

Result<size_t> ReadInto(const FileDescriptor& file, std::span<uint8_t> bytes,
                        const std::filesystem::path& path) {
  size_t done = 0;
  while (done < bytes.size()) {
    if (done > 0 && InterruptRequested()) return InterruptStatus("reading " + path.string());
    const size_t piece = std::min(kInterruptPiece, bytes.size() - done);
    const ssize_t count = read(file.get(), bytes.data() + done, piece);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return FileError("read", path);
    if (count == 0) break;  // it shrank meanwhile
    done += static_cast<size_t>(count);
  }
  return done;
}

Result<AlignedBytes> ReadAlignedFile(const std::filesystem::path& path, uint64_t max_bytes) {
  QB_ASSIGN_OR_RETURN(const RegularFile file, OpenRegularFile(path));
  if (file.size > max_bytes) {
    return Error(StatusCode::kInvalidArgument, "{} has {} bytes, more than the limit of {}",
                 path.string(), file.size, max_bytes);
  }
  AlignedBytes bytes = AlignedBytes::OfSize(file.size);
  QB_ASSIGN_OR_RETURN(const size_t done, ReadInto(file.descriptor, bytes.data(), path));
  bytes.Shorten(done);
  return bytes;
}

}  // namespace qbench
