// Reading the small text files of /proc and /sys: "key: value" lines, numbers, NUL-terminated
// strings of the device tree.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace qbench::measure {

// The whole file (at most 1 MiB), read until its end, since files of /proc have no size. kNotFound
// or kIo.
Result<std::string> ReadProcFile(const std::filesystem::path& path);

// The first line of a file, without NULs and white space at its ends; absent where it cannot be
// read or is empty.
std::optional<std::string> ReadFirstLine(const std::filesystem::path& path);

// The text after the colon of the first line "key<white space>: text"; empty where there is none.
std::string FieldValue(std::string_view text, std::string_view key);

// The number that `text` starts with (after white space).
std::optional<int64_t> FirstInteger(std::string_view text);

}  // namespace qbench::measure
