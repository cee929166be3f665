#include "base/disk_space.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <system_error>

namespace qbench {

std::optional<DiskSpace> DiskSpaceOf(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path there = std::filesystem::absolute(path, error);
  while (!std::filesystem::exists(there, error) && there.has_relative_path()) {
    there = there.parent_path();
  }
  struct statvfs info {};
  struct stat file {};
  if (statvfs(there.c_str(), &info) != 0 || stat(there.c_str(), &file) != 0 || info.f_blocks == 0) {
    return std::nullopt;
  }
  return DiskSpace{file.st_dev, uint64_t{info.f_bavail} * info.f_frsize};
}

}  // namespace qbench
