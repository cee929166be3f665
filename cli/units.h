// Numbers with a unit, as options take them.
#pragma once

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"

namespace qbench::cli {

// "1.5MB" with {"MB", 1e6} is 1'500'000: a decimal number from 0 on, and right behind it one of the
// units (an empty one: nothing). None for anything else, and where the result is beyond 2^62.
std::optional<double> ParseWithUnit(
    std::string_view text, std::initializer_list<std::pair<std::string_view, double>> units);

// A span of time in hours, days or weeks: "30d". kInvalidArgument, naming `option`, for anything
// else.
Result<std::chrono::seconds> ParseAge(std::string_view option, const std::string& text);

}  // namespace qbench::cli
