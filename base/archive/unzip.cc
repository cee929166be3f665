#include "base/archive/unzip.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "base/bytes.h"
#include "base/files.h"

namespace qbench {
namespace {

namespace fs = std::filesystem;

class FolderSink : public ZipSink {
 public:
  FolderSink(const fs::path& zip, const fs::path& folder) : zip_(zip), folder_(folder) {}

  Status Begin(const std::string& path) override {
    file_ = folder_ / path;
    std::error_code error;
    fs::create_directories(file_.parent_path(), error);
    if (error) return CannotUnpack(path, error);
    // O_EXCL: nothing in the folder that did not come from here can be in the way, or be followed.
    fd_ = open(file_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd_ < 0) return CannotUnpack(path, std::error_code(errno, std::generic_category()));
    return OkStatus();
  }

  Status Append(ByteSpan piece) override {
    const int error = WriteAll(fd_, piece);
    return error == 0 ? OkStatus() : CannotWrite(error);
  }

  Status End() override { return close(fd_) == 0 ? OkStatus() : CannotWrite(errno); }

 private:
  Status CannotWrite(int error) const {
    return Error(StatusCode::kIo, "cannot write {}: {}", file_.string(),
                 std::generic_category().message(error));
  }

  // A path that comes twice, is a file and a folder, or has a name too long is the zip's fault.
  Status CannotUnpack(const std::string& path, const std::error_code& error) const {
    const bool zips_fault = error == std::errc::file_exists || error == std::errc::is_a_directory ||
                            error == std::errc::not_a_directory ||
                            error == std::errc::filename_too_long;
    return Error(zips_fault ? StatusCode::kCorrupt : StatusCode::kIo,
                 "cannot unpack {:?} of {}: {}", std::string_view(path).substr(0, 80),
                 zip_.string(), error.message());
  }

  const fs::path& zip_;
  const fs::path& folder_;
  fs::path file_;
  int fd_ = -1;
};

}  // namespace

Status Unzip(const fs::path& zip, const fs::path& folder, const UnzipLimits& limits,
             const std::function<bool(std::string_view)>& wanted,
             const std::function<bool(uint64_t, uint64_t)>& progress) {
  FolderSink sink(zip, folder);
  return ReadZip(zip, zip.string(), limits, wanted, sink, progress);
}

}  // namespace qbench
