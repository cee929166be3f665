#include "plugins/quantizers/full_integer/activation_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace qbench::quantize {
namespace {

// Where a file may be made, the best place first.
std::vector<std::filesystem::path> Folders() {
  std::vector<std::filesystem::path> folders;
  if (const char* chosen = std::getenv("TMPDIR"); chosen != nullptr && *chosen != '\0') {
    folders.emplace_back(chosen);
  }
  folders.emplace_back("/var/tmp");
  folders.emplace_back("/tmp");
  return folders;
}

Status FileError(const char* doing, const std::filesystem::path& folder, int error) {
  return Error(StatusCode::kIo,
               "cannot {} a temporary file for activations in {}: {}; make room there, or set "
               "TMPDIR to another folder",
               doing, folder.string(), std::generic_category().message(error));
}

// Calls `transfer(bytes done)` until all of `size` bytes are; 0, or the error.
template <typename Transfer>
int TransferAll(size_t size, Transfer&& transfer) {
  for (size_t done = 0; done < size;) {
    const ssize_t count = transfer(done);
    if (count > 0) {
      done += static_cast<size_t>(count);
    } else if (count == 0) {
      return ENODATA;
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

Result<ActivationFile> ActivationFile::Create(size_t tensor_bytes) {
  const std::vector<std::filesystem::path> folders = Folders();
  int first_error = 0;
  for (const std::filesystem::path& folder : folders) {
    std::string name = (folder / "qbench-activations-XXXXXX").string();
    const int file = mkostemp(name.data(), O_CLOEXEC);
    if (file >= 0) {
      unlink(name.c_str());
      return ActivationFile(file, folder, tensor_bytes);
    }
    if (first_error == 0) first_error = errno;
  }
  return FileError("make", folders.front(), first_error);
}

ActivationFile::ActivationFile(ActivationFile&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      folder_(std::move(other.folder_)),
      tensor_bytes_(other.tensor_bytes_) {}

ActivationFile& ActivationFile::operator=(ActivationFile&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(folder_, other.folder_);
  std::swap(tensor_bytes_, other.tensor_bytes_);
  return *this;
}

ActivationFile::~ActivationFile() {
  if (file_ >= 0) close(file_);
}

Status ActivationFile::Write(uint64_t index, ByteSpan tensor) {
  const int error = TransferAll(tensor.size(), [&](size_t done) {
    return pwrite(file_, tensor.data() + done, tensor.size() - done,
                  static_cast<off_t>(index * tensor_bytes_ + done));
  });
  return error == 0 ? OkStatus() : FileError("write", folder_, error);
}

Status ActivationFile::Read(uint64_t index, std::span<uint8_t> tensor) const {
  if (tensor.size() != tensor_bytes_) {
    return Error(StatusCode::kInvalidArgument, "an activation has {} bytes, not {}", tensor_bytes_,
                 tensor.size());
  }
  const int error = TransferAll(tensor.size(), [&](size_t done) {
    return pread(file_, tensor.data() + done, tensor.size() - done,
                 static_cast<off_t>(index * tensor_bytes_ + done));
  });
  return error == 0 ? OkStatus() : FileError("read", folder_, error);
}

}  // namespace qbench::quantize
