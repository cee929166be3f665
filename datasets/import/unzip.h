// Unpacking a zip that came from outside: no entry gets out of the target folder, and no archive
// fills the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/status.h"

namespace qbench::datasets {

struct UnzipLimits {
  uint64_t entries = 200'000;
  uint64_t file_bytes = uint64_t{64} << 20;
  uint64_t total_bytes = uint64_t{8} << 30;
};

// Whether a file begins like a zip.
bool LooksLikeZip(const std::filesystem::path& file);

// Unpacks the regular files of `zip` for whose path (as in the zip, '/' between the parts) `wanted`
// says true into `folder`, which exists and is empty. `progress` gets the bytes of the zip that are
// read, and all of them; false cancels. Entries that are no regular files are passed over. kCorrupt
// for a damaged zip, a path that is absolute or holds "..", a backslash or a control character, a
// path twice, or more than the limits allow; kUnsupported where it is encrypted; kIo; kCancelled.
Status Unzip(const std::filesystem::path& zip, const std::filesystem::path& folder,
             const UnzipLimits& limits, const std::function<bool(std::string_view)>& wanted,
             const std::function<bool(uint64_t done, uint64_t total)>& progress = {});

}  // namespace qbench::datasets
