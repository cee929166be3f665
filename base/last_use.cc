#include "base/last_use.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

namespace qbench {

void MarkUsed(const std::filesystem::path& file) {
  timespec times[2] = {};
  times[0].tv_nsec = UTIME_NOW;
  times[1].tv_nsec = UTIME_OMIT;
  (void)utimensat(AT_FDCWD, file.c_str(), times, AT_SYMLINK_NOFOLLOW);
}

std::optional<std::chrono::system_clock::time_point> LastUse(const std::filesystem::path& file) {
  struct stat info {};
  if (lstat(file.c_str(), &info) != 0) return std::nullopt;
  const auto point = [](const timespec& time) {
    return std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)));
  };
  return std::max(point(info.st_atim), point(info.st_mtim));
}

}  // namespace qbench
