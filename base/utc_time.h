// The time of day, as it is stored.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qbench {

// "2025-11-20T21:04:05Z". Any thread.
std::string UtcNow();

// Seconds since 1970 of such a text; none of any other. Any thread.
std::optional<int64_t> UtcSeconds(std::string_view text);

}  // namespace qbench
