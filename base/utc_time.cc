#include "base/utc_time.h"

#include <charconv>
#include <chrono>
#include <ctime>

#include "fmt/format.h"

namespace qbench {
namespace {

constexpr std::string_view kShape = "0000-00-00T00:00:00Z";

// `length` digits from `at` on; the shape was looked at.
int Number(std::string_view text, size_t at, size_t length) {
  int number = 0;
  std::from_chars(text.data() + at, text.data() + at + length, number);
  return number;
}

}  // namespace

std::string UtcNow() { return UtcText(std::time(nullptr)); }

std::string UtcText(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::optional<int64_t> UtcSeconds(std::string_view text) {
  if (text.size() != kShape.size()) return std::nullopt;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return std::nullopt;
  }
  const std::chrono::year_month_day day{
      std::chrono::year(Number(text, 0, 4)),
      std::chrono::month(static_cast<unsigned>(Number(text, 5, 2))),
      std::chrono::day(static_cast<unsigned>(Number(text, 8, 2)))};
  const int hour = Number(text, 11, 2);
  const int minute = Number(text, 14, 2);
  const int second = Number(text, 17, 2);
  if (!day.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return days * 86400 + hour * 3600 + minute * 60 + second;
}

}  // namespace qbench
