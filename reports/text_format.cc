#include "reports/text_format.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "fmt/format.h"

namespace qbench::reports {

std::string Significant(double value) {
  if (!std::isfinite(value)) return std::string(kMissing);
  if (value == 0) return "0";
  // %.2e rounds to three digits first, so 9.996 counts as 10.0 and gets one decimal.
  const std::string scientific = fmt::format("{:.2e}", value);
  double rounded = value;  // stays where the text is out of a double's range
  const char* end = scientific.data() + scientific.size();
  std::from_chars(scientific.data(), end, rounded);
  int exponent = 0;
  const size_t sign = scientific.find('e') + 1;
  std::from_chars(scientific.data() + sign + (scientific[sign] == '+' ? 1 : 0), end, exponent);
  return fmt::format("{:.{}f}", rounded, std::clamp(2 - exponent, 0, 9));
}

std::string Milliseconds(std::optional<double> ms) {
  return ms ? Significant(*ms) : std::string(kMissing);
}

std::string Megabytes(std::optional<int64_t> bytes) {
  return bytes ? Significant(static_cast<double>(*bytes) / 1e6) : std::string(kMissing);
}

std::string Percent(std::optional<double> fraction) {
  return fraction ? fmt::format("{:.1f}", *fraction * 100) : std::string(kMissing);
}

std::string WholePercent(std::optional<double> fraction) {
  if (!fraction) return "";
  return *fraction > 0 && *fraction < 0.005 ? "<1" : fmt::format("{:.0f}", 100 * *fraction);
}

std::string PercentRange(std::optional<double> low, std::optional<double> high) {
  if (!low || !high) return std::string(kMissing);
  return Percent(low) + "–" + Percent(high);
}

std::string Points(std::optional<double> difference) {
  if (!difference) return std::string(kMissing);
  const std::string size = fmt::format("{:.1f}", std::abs(*difference) * 100);
  if (size == "0.0") return *difference == 0 ? "0.0" : "±0.0";
  return (*difference < 0 ? "−" : "+") + size;
}

std::string Ratio(std::optional<double> ratio) {
  if (!ratio) return std::string(kMissing);
  return fmt::format("{}×", *ratio < 10 ? fmt::format("{:.2f}", *ratio) : Significant(*ratio));
}

std::string Count(std::optional<int64_t> count) {
  if (!count) return std::string(kMissing);
  std::string digits = std::to_string(*count);
  for (auto i = static_cast<int64_t>(digits.size()) - 3; i > (*count < 0 ? 1 : 0); i -= 3) {
    digits.insert(static_cast<size_t>(i), ",");
  }
  return digits;
}

std::string Counted(int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", Count(count), noun, count == 1 ? "" : "s");
}

std::string DateAndTime(const std::string& iso) {
  if (iso.size() < 20 || iso[10] != 'T' || iso.back() != 'Z') return iso;
  return iso.substr(0, 10) + " " + iso.substr(11, 5) + " UTC";
}

std::string Wrapped(std::string_view text, size_t width, std::string_view indent) {
  std::string out;
  std::string line;
  const auto end_line = [&] {
    out += std::string(indent) + line + "\n";
    line.clear();
  };
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!line.empty() && DisplayWidth(line) + 1 + DisplayWidth(word) + indent.size() > width) {
      end_line();
    }
    line += (line.empty() ? "" : " ") + std::string(word);
  }
  if (!line.empty()) end_line();
  return out;
}

size_t DisplayWidth(std::string_view text) {
  // Count what is not a UTF-8 continuation byte (0b10xxxxxx).
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace qbench::reports
