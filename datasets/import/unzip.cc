#include "datasets/import/unzip.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

#include "base/bytes.h"
#include "base/interrupt.h"

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;

struct FreeArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeArchive>;

Status ArchiveError(const fs::path& zip, archive* reader) {
  const char* text = archive_error_string(reader);
  return Error(StatusCode::kCorrupt, "{} is damaged: {}; download it again", zip.string(),
               text == nullptr ? "unknown error" : text);
}

// Whether the path of an entry names a file below the target folder and nothing else.
bool IsSafe(std::string_view path) {
  if (path.empty() || path.front() == '/') return false;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '\\') return false;
  }
  for (const fs::path& part : fs::path(path)) {
    if (part == ".." || part == "." || part.empty()) return false;
  }
  return true;
}

class Unzipper {
 public:
  Unzipper(const fs::path& zip, const fs::path& folder, const UnzipLimits& limits)
      : zip_(zip), folder_(folder), limits_(limits) {}

  Status Run(const std::function<bool(std::string_view)>& wanted,
             const std::function<bool(uint64_t, uint64_t)>& progress) {
    Reader reader(archive_read_new());
    if (reader == nullptr) return Error(StatusCode::kOutOfMemory, "no memory for libarchive");
    archive_read_support_format_zip(reader.get());
    constexpr size_t kBlock = 65536;
    if (archive_read_open_filename(reader.get(), zip_.c_str(), kBlock) != ARCHIVE_OK) {
      return ArchiveError(zip_, reader.get());
    }
    std::error_code ignored;
    const uint64_t zip_bytes = fs::file_size(zip_, ignored);
    archive_entry* entry = nullptr;
    int code = ARCHIVE_OK;
    for (uint64_t i = 0; (code = archive_read_next_header(reader.get(), &entry)) != ARCHIVE_EOF;
         ++i) {
      if (code < ARCHIVE_WARN) return ArchiveError(zip_, reader.get());
      if (i >= limits_.entries) return TooMuch("entries", limits_.entries);
      QB_RETURN_IF_ERROR(TakeEntry(reader.get(), entry, wanted));
      const auto position = static_cast<uint64_t>(archive_filter_bytes(reader.get(), -1));
      if (progress && !progress(position, zip_bytes)) {
        return Error(StatusCode::kCancelled, "unpacking {} was cancelled", zip_.string());
      }
    }
    return OkStatus();
  }

 private:
  // A path that comes twice, is a file and a folder, or has a name too long is the zip's fault.
  Status CannotUnpack(const std::string& path, const std::error_code& error) const {
    const bool zips_fault = error == std::errc::file_exists || error == std::errc::is_a_directory ||
                            error == std::errc::not_a_directory ||
                            error == std::errc::filename_too_long;
    return Error(zips_fault ? StatusCode::kCorrupt : StatusCode::kIo,
                 "cannot unpack {:?} of {}: {}", std::string_view(path).substr(0, 80),
                 zip_.string(), error.message());
  }

  Status TooMuch(std::string_view what, uint64_t limit) const {
    return Error(StatusCode::kCorrupt, "{} has more {} than the limit of {}", zip_.string(), what,
                 limit);
  }

  Status TakeEntry(archive* reader, archive_entry* entry,
                   const std::function<bool(std::string_view)>& wanted) {
    const char* text = archive_entry_pathname(entry);
    if (text == nullptr) text = archive_entry_pathname_utf8(entry);
    const std::string path = text == nullptr ? "" : text;
    if (archive_entry_filetype(entry) != AE_IFREG || !wanted(path)) return OkStatus();
    if (!IsSafe(path)) {
      return Error(StatusCode::kCorrupt,
                   "{} has an entry with an unsafe path ({:?}); do not use it", zip_.string(),
                   std::string_view(path).substr(0, 80));
    }
    if (archive_entry_is_data_encrypted(entry) != 0) {
      return Error(StatusCode::kUnsupported, "{} is encrypted; unpack it and import the folder",
                   zip_.string());
    }
    return WriteEntry(reader, path);
  }

  Status WriteEntry(archive* reader, const std::string& path) {
    const fs::path file = folder_ / path;
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    if (error) return CannotUnpack(path, error);
    // O_EXCL: nothing in the folder that did not come from here can be in the way, or be followed.
    const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) {
      return CannotUnpack(path, std::error_code(errno, std::generic_category()));
    }
    Status status = CopyData(reader, fd, file);
    if (close(fd) != 0 && status.ok()) {
      status = Error(StatusCode::kIo, "cannot write {}: {}", file.string(),
                     std::generic_category().message(errno));
    }
    return status;
  }

  Status CopyData(archive* reader, int fd, const fs::path& file) {
    std::array<uint8_t, 65536> buffer;
    uint64_t file_bytes = 0;
    while (true) {
      const la_ssize_t count = archive_read_data(reader, buffer.data(), buffer.size());
      if (count < 0) return ArchiveError(zip_, reader);
      if (count == 0) return OkStatus();
      if (InterruptRequested()) return InterruptStatus("unpacking " + zip_.string());
      file_bytes += static_cast<uint64_t>(count);
      total_bytes_ += static_cast<uint64_t>(count);
      if (file_bytes > limits_.file_bytes) return TooMuch("bytes in one file", limits_.file_bytes);
      if (total_bytes_ > limits_.total_bytes) return TooMuch("bytes", limits_.total_bytes);
      ByteSpan rest(buffer.data(), static_cast<size_t>(count));
      while (!rest.empty()) {
        const ssize_t written = write(fd, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
          return Error(StatusCode::kIo, "cannot write {}: {}", file.string(),
                       std::generic_category().message(errno));
        }
        rest = rest.subspan(static_cast<size_t>(written));
      }
    }
  }

  const fs::path& zip_;
  const fs::path& folder_;
  const UnzipLimits& limits_;
  uint64_t total_bytes_ = 0;
};

}  // namespace

bool LooksLikeZip(const fs::path& file) {
  // O_NONBLOCK: opening a pipe would wait for somebody who writes to it.
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  std::array<char, 4> magic{};
  const ssize_t count = read(fd, magic.data(), magic.size());
  close(fd);
  return count == 4 && std::string_view(magic.data(), 4) == "PK\x03\x04";
}

Status Unzip(const fs::path& zip, const fs::path& folder, const UnzipLimits& limits,
             const std::function<bool(std::string_view)>& wanted,
             const std::function<bool(uint64_t, uint64_t)>& progress) {
  return Unzipper(zip, folder, limits).Run(wanted, progress);
}

}  // namespace qbench::datasets
