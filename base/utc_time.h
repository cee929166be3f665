// The time of day, as it is stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qbench {

// "2025-11-20T21:04:05Z". Any thread, like the others.
std::string UtcNow();

// The same of a number of seconds since 1970, in UTC, and the reverse. None for any other text, and
// for a day or an hour that there is not.
std::string UtcText(int64_t seconds);
std::optional<int64_t> UtcSeconds(std::string_view text);

}  // namespace qbench
