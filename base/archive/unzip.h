// Unpacking a zip that came from outside: no entry gets out of the target folder, and no archive
// fills the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/archive/zip_reader.h"
#include "base/status.h"

namespace qbench {

// Unpacks the regular files of `zip` for whose path (as in the zip, '/' between the parts) `wanted`
// says true into `folder`, which exists and is empty. As ReadZip (zip_reader.h), and: kCorrupt for
// a path that comes twice; kIo.
Status Unzip(const std::filesystem::path& zip, const std::filesystem::path& folder,
             const UnzipLimits& limits, const std::function<bool(std::string_view)>& wanted,
             const std::function<bool(uint64_t done, uint64_t total)>& progress = {});

}  // namespace qbench
