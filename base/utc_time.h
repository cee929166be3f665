// The time of day, as it is stored.
#pragma once

#include <string>

namespace qbench {

// "2025-11-20T21:04:05Z". Any thread.
std::string UtcNow();

}  // namespace qbench
