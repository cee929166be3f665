#include "base/archive/zip_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <system_error>

#include "base/interrupt.h"

namespace qbench {
namespace {

namespace fs = std::filesystem;

struct FreeArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, FreeArchive>;

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

class ZipReader {
 public:
  ZipReader(const fs::path& zip, const std::string& name, const UnzipLimits& limits, ZipSink& sink)
      : zip_(zip), name_(name), limits_(limits), sink_(sink) {}

  Status Run(const std::function<bool(std::string_view)>& wanted,
             const std::function<bool(uint64_t, uint64_t)>& progress) {
    Reader reader(archive_read_new());
    if (reader == nullptr) return Error(StatusCode::kOutOfMemory, "no memory for libarchive");
    archive_read_support_format_zip(reader.get());
    constexpr size_t kBlock = 65536;
    if (archive_read_open_filename(reader.get(), zip_.c_str(), kBlock) != ARCHIVE_OK) {
      return ArchiveError(reader.get());
    }
    std::error_code ignored;
    const uint64_t zip_bytes = fs::file_size(zip_, ignored);
    archive_entry* entry = nullptr;
    int code = ARCHIVE_OK;
    for (uint64_t i = 0; (code = archive_read_next_header(reader.get(), &entry)) != ARCHIVE_EOF;
         ++i) {
      if (code < ARCHIVE_WARN) return ArchiveError(reader.get());
      if (i >= limits_.entries) return TooMuch("entries", limits_.entries);
      QB_RETURN_IF_ERROR(TakeEntry(reader.get(), entry, wanted));
      const auto position = static_cast<uint64_t>(archive_filter_bytes(reader.get(), -1));
      if (progress && !progress(position, zip_bytes)) {
        return Error(StatusCode::kCancelled, "unpacking {} was cancelled", name_);
      }
    }
    return OkStatus();
  }

 private:
  Status ArchiveError(archive* reader) const {
    const char* text = archive_error_string(reader);
    return Error(StatusCode::kCorrupt, "{} is damaged: {}; download it again", name_,
                 text == nullptr ? "unknown error" : text);
  }

  Status TooMuch(std::string_view what, uint64_t limit) const {
    return Error(StatusCode::kCorrupt, "{} has more {} than the limit of {}", name_, what, limit);
  }

  Status TakeEntry(archive* reader, archive_entry* entry,
                   const std::function<bool(std::string_view)>& wanted) {
    const char* text = archive_entry_pathname(entry);
    if (text == nullptr) text = archive_entry_pathname_utf8(entry);
    const std::string path = text == nullptr ? "" : text;
    if (archive_entry_filetype(entry) != AE_IFREG || !wanted(path)) return OkStatus();
    if (!IsSafe(path)) {
      return Error(StatusCode::kCorrupt,
                   "{} has an entry with an unsafe path ({:?}); do not use it", name_,
                   std::string_view(path).substr(0, 80));
    }
    if (archive_entry_is_data_encrypted(entry) != 0) {
      return Error(StatusCode::kUnsupported, "{} is encrypted; unpack it and use what is in it",
                   name_);
    }
    QB_RETURN_IF_ERROR(sink_.Begin(path));
    const Status status = CopyData(reader);
    const Status ended = sink_.End();
    return status.ok() ? ended : status;
  }

  Status CopyData(archive* reader) {
    std::array<uint8_t, 65536> buffer;
    uint64_t file_bytes = 0;
    while (true) {
      const la_ssize_t count = archive_read_data(reader, buffer.data(), buffer.size());
      if (count < 0) return ArchiveError(reader);
      if (count == 0) return OkStatus();
      if (InterruptRequested()) return InterruptStatus("unpacking " + name_);
      file_bytes += static_cast<uint64_t>(count);
      total_bytes_ += static_cast<uint64_t>(count);
      if (file_bytes > limits_.file_bytes) return TooMuch("bytes in one file", limits_.file_bytes);
      if (total_bytes_ > limits_.total_bytes) return TooMuch("bytes", limits_.total_bytes);
      QB_RETURN_IF_ERROR(sink_.Append({buffer.data(), static_cast<size_t>(count)}));
    }
  }

  const fs::path& zip_;
  const std::string& name_;
  const UnzipLimits& limits_;
  ZipSink& sink_;
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

Status ReadZip(const fs::path& zip, const std::string& name, const UnzipLimits& limits,
               const std::function<bool(std::string_view)>& wanted, ZipSink& sink,
               const std::function<bool(uint64_t, uint64_t)>& progress) {
  return ZipReader(zip, name, limits, sink).Run(wanted, progress);
}

}  // namespace qbench
