// Numbers as people read them, the same in every report. An empty optional becomes kMissing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qbench::reports {

inline constexpr std::string_view kMissing = "–";

// Three significant digits, without an exponent: 0.312, 3.12, 31.2, 312, 3120.
std::string Significant(double value);
std::string Milliseconds(std::optional<double> ms);   // "3.12"
std::string Megabytes(std::optional<int64_t> bytes);  // "1.63", of 1,000,000 bytes
std::string Percent(std::optional<double> fraction);  // "89.2", one decimal
// "89"; "<1" where there is something, but no whole one; empty where there is nothing to say.
std::string WholePercent(std::optional<double> fraction);
std::string PercentRange(std::optional<double> low, std::optional<double> high);  // "86.4–91.4"
std::string Points(std::optional<double> difference);  // "+0.3", "−1.2", "±0.0"
std::string Ratio(std::optional<double> ratio);        // "0.46×"
std::string Count(std::optional<int64_t> count);       // "1,234"
// How many times a thing is done: "1 image", "2 images".
std::string Counted(int64_t count, std::string_view noun);
// "2025-11-20 21:04 UTC" of "2025-11-20T21:04:05Z"; other texts as they are.
std::string DateAndTime(const std::string& iso);

// The text in lines of at most `width` characters, broken at spaces, each after `indent` and with a
// line end. Longer words stay whole.
std::string Wrapped(std::string_view text, size_t width, std::string_view indent);

// The number of characters a terminal shows for this UTF-8 text (of the kind made here: no
// combining or wide characters).
size_t DisplayWidth(std::string_view text);

}  // namespace qbench::reports
