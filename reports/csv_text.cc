#include "reports/csv_text.h"

#include <cmath>

#include "fmt/format.h"

namespace qbench::reports {
namespace {

// A spreadsheet takes a text that begins so for a formula, and runs it.
bool IsFormula(std::string_view text) {
  return !text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos;
}

}  // namespace

// RFC 4180, section 2: a field with a comma, a quote or a line break stands in quotes, and its
// quotes are doubled. Before what would be a formula stands an apostrophe, as OWASP's page on CSV
// injection advises.
std::string CsvText(std::string_view text) {
  const std::string shown = (IsFormula(text) ? "'" : "") + std::string(text);
  if (shown.find_first_of(",\"\r\n") == std::string::npos) return shown;
  std::string quoted = "\"";
  for (char c : shown) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

std::string CsvText(const std::vector<std::string>& texts) {
  return CsvText(fmt::format("{}", fmt::join(texts, "; ")));
}
std::string CsvText(int32_t number) { return std::to_string(number); }
std::string CsvText(int64_t number) { return std::to_string(number); }
std::string CsvText(float number) { return std::isfinite(number) ? fmt::format("{}", number) : ""; }
std::string CsvText(double number) {
  return std::isfinite(number) ? fmt::format("{}", number) : "";
}

}  // namespace qbench::reports
