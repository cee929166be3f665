// Reading a zip that came from outside, entry by entry: paths are checked, and no archive gives
// more than the limits allow.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench {

struct UnzipLimits {
  uint64_t entries = 200'000;
  uint64_t file_bytes = uint64_t{64} << 20;
  uint64_t total_bytes = uint64_t{8} << 30;
};

// Where the entries go. A failure that a function returns ends the reading and is returned.
class ZipSink {
 public:
  virtual ~ZipSink() = default;
  // A regular file of this path, as in the zip, '/' between the parts.
  virtual Status Begin(const std::string& path) = 0;
  virtual Status Append(ByteSpan piece) = 0;  // what comes next of it
  virtual Status End() = 0;
};

// Whether a file begins like a zip.
bool LooksLikeZip(const std::filesystem::path& file);

// Hands the regular files of `zip` for whose path `wanted` says true to `sink`, one after the
// other. `name` stands for the zip in messages. `progress` gets the bytes of the zip that are read,
// and all of them; false cancels. Entries that are no regular files are passed over. kCorrupt for a
// damaged zip, a path that is absolute or holds "..", a backslash or a control character, or more
// than the limits allow; kUnsupported where it is encrypted; kCancelled. A path may come twice.
Status ReadZip(const std::filesystem::path& zip, const std::string& name, const UnzipLimits& limits,
               const std::function<bool(std::string_view)>& wanted, ZipSink& sink,
               const std::function<bool(uint64_t done, uint64_t total)>& progress = {});

}  // namespace qbench
