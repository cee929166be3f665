#include "cli/units.h"

#include <charconv>
#include <cstdint>
#include <system_error>

#include "base/one_line.h"

namespace qbench::cli {

std::optional<double> ParseWithUnit(
    std::string_view text, std::initializer_list<std::pair<std::string_view, double>> units) {
  constexpr auto kLargest = static_cast<double>(int64_t{1} << 62);
  // Neither "inf" nor a sign.
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  double number = 0;
  const auto [after, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<size_t>(after - text.data()));
  for (const auto& [name, factor] : units) {
    if (unit == name && number * factor <= kLargest) return number * factor;
  }
  return std::nullopt;
}

Result<std::chrono::seconds> ParseAge(std::string_view option, const std::string& text) {
  const auto seconds = ParseWithUnit(text, {{"h", 3600}, {"d", 86400}, {"w", 7 * 86400}});
  // Some 300 years are more than the clock can subtract.
  if (seconds && *seconds <= 100.0 * 366 * 86400) {
    return std::chrono::seconds(static_cast<int64_t>(*seconds));
  }
  return Error(StatusCode::kInvalidArgument,
               "{} takes a number with h, d or w behind it, as in 30d; not \"{}\"", option,
               SafeName(text));
}

}  // namespace qbench::cli
