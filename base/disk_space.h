// How much room a disk has.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>

namespace qbench {

struct DiskSpace {
  dev_t disk = 0;           // which file system: two places with the same one share its room
  uint64_t free_bytes = 0;  // for this user
};

// Of the file system where `path` is, or will be once its folders are made. None where that cannot
// be told: some file systems do not know it themselves.
std::optional<DiskSpace> DiskSpaceOf(const std::filesystem::path& path);

// DiskSpaceOf, for what can be tested with disks that are not there.
using DiskSpaceFunction = std::function<std::optional<DiskSpace>(const std::filesystem::path&)>;

}  // namespace qbench
