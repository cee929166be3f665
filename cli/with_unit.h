// Numbers with a unit behind them, as people write them on a command line: "30d", "1GB".
#pragma once

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/one_line.h"
#include "base/status.h"

namespace qbench::cli {

// A whole number with one of these units behind it, times the unit's factor.
template <size_t kCount>
std::optional<uint64_t> ParseWithUnit(
    std::string_view text, const std::array<std::pair<std::string_view, uint64_t>, kCount>& units) {
  uint64_t number = 0;
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<size_t>(after - text.data()));
  for (const auto& [name, factor] : units) {
    if (unit == name && number <= (uint64_t{1} << 62) / factor) {
      return number * factor;
    }
  }
  return std::nullopt;
}

// A span of time in hours, days or weeks. kInvalidArgument, naming `option`, for anything else.
inline Result<std::chrono::seconds> ParseAge(std::string_view option, const std::string& text) {
  constexpr std::array<std::pair<std::string_view, uint64_t>, 3> kUnits = {
      {{"h", 3600}, {"d", 86400}, {"w", 7 * 86400}}};
  // Some 300 years are more than the clock can subtract.
  const auto seconds = ParseWithUnit(text, kUnits);
  if (seconds && *seconds <= uint64_t{100} * 366 * 86400) {
    return std::chrono::seconds(static_cast<int64_t>(*seconds));
  }
  return Error(StatusCode::kInvalidArgument,
               "{} takes a number with h, d or w behind it, as in 30d; not \"{}\"", option,
               SafeName(text));
}

}  // namespace qbench::cli
