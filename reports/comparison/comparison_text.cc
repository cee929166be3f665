#include <algorithm>

#include "base/utf8.h"
#include "fmt/format.h"
#include "reports/comparison/comparison_reports.h"
#include "reports/comparison/comparison_table.h"
#include "reports/comparison/comparison_words.h"
#include "reports/text_format.h"
#include "reports/text_table.h"
#include "reports/variants.h"

namespace qbench::reports {
namespace {

using results::Comparison;
using results::FactDifference;
using results::Flip;

// More than these are told with their number; CSV and JSON have all.
constexpr size_t kMostDifferences = 12;
constexpr size_t kMostFlips = 8;
constexpr size_t kMostLines = 12;

std::string Fitted(const std::string& text, size_t columns) {
  return FitColumns(text, static_cast<int>(columns));
}

// Long words (a quantizer with its options) with a blank behind each of their colons that needs
// one.
std::string WithBreaks(const std::string& text, size_t width) {
  std::string broken;
  size_t start = 0;
  while (start <= text.size()) {
    const size_t end = std::min(text.find(' ', start), text.size());
    std::string word = text.substr(start, end - start);
    while (DisplayWidth(word) > width) {
      const size_t colon = word.rfind(':', width - 1);
      if (colon == std::string::npos || colon == 0) break;
      broken += word.substr(0, colon + 1) + " ";
      word.erase(0, colon + 1);
    }
    broken += word + (end < text.size() ? " " : "");
    start = end + 1;
  }
  return broken;
}

// Text in lines, which do not break between a number and what belongs to it.
std::string Lines(std::string text, std::string_view indent) {
  constexpr char kGlue = '\x01';  // one column wide, like the blank that it stands for
  for (const std::string_view together : {" %", " ms", " → ", "p < ", "p = ", "--repetitions "}) {
    for (size_t at = text.find(together); at != std::string::npos;
         at = text.find(together, at + together.size())) {
      for (size_t i = at; i < at + together.size(); ++i) {
        if (text[i] == ' ') text[i] = kGlue;
      }
    }
  }
  std::string lines =
      Wrapped(WithBreaks(text, kTerminalWidth - indent.size()), kTerminalWidth, indent);
  std::ranges::replace(lines, kGlue, ' ');
  return lines;
}

// A row a pair, where they fit; else each name stands on a line of its own, above its figures. A
// number is never cut.
std::string TableText(const ComparisonTable& table) {
  std::vector<TextColumn> columns = TextColumns(table.columns, table.rows);
  size_t whole = 2 * (columns.size() - 1);
  for (const TextColumn& column : columns) whole += column.width;
  const bool fits = whole <= kTerminalWidth;
  columns.front().is_shown = fits;
  std::string out = TitleLine(columns);
  for (const auto& row : table.rows) {
    if (!fits) out += Fitted(row[0], kTerminalWidth) + "\n";
    out += TextLine(row, columns);
  }
  return out;
}

void AppendLines(const std::string& mark, const std::vector<std::string>& lines, std::string* out) {
  const size_t shown = std::min(lines.size(), kMostLines);
  for (size_t i = 0; i < shown; ++i) *out += Lines(mark + lines[i], "  ");
  if (shown < lines.size()) *out += fmt::format("  … and {} more\n", lines.size() - shown);
}

std::string Shown(const std::string& value) { return value.empty() ? "none" : value; }

std::string FlipsText(const Comparison& comparison) {
  std::string out;
  for (const FlipGroup& group : FlipGroups(comparison)) {
    out += "\n" + Lines(group.names + ": " + group.summary, "");
    const size_t shown = std::min(group.pair->flips.size(), kMostFlips);
    for (size_t i = 0; i < shown; ++i) {
      out += "  " + Fitted(FlipText(group, group.pair->flips[i]), kTerminalWidth - 2) + "\n";
    }
    if (shown < group.pair->flips.size()) {
      out += fmt::format("  … and {} more (--format csv --flips has all)\n",
                         group.pair->flips.size() - shown);
    }
  }
  return out;
}

}  // namespace

std::string DifferencesText(const std::vector<FactDifference>& differences, size_t most) {
  if (differences.empty()) return "";
  std::string out = "\nWhat differs, what could explain it first:\n";
  const size_t shown = std::min(differences.size(), most);
  for (size_t i = 0; i < shown; ++i) {
    const FactDifference& difference = differences[i];
    constexpr size_t kValue = 44;
    out += Wrapped(
        fmt::format("{}: {} → {}{}", difference.name, Fitted(Shown(difference.base), kValue),
                    Fitted(Shown(difference.now), kValue),
                    difference.can_explain.empty() ? "" : " (" + difference.can_explain + ")"),
        kTerminalWidth, "  ");
  }
  if (shown < differences.size()) {
    out += fmt::format("  … and {} more (--format html or json has them)\n",
                       differences.size() - shown);
  }
  return out;
}

std::string ComparisonText(const Comparison& comparison) {
  const AnswerWords words = Answer(comparison);
  std::string out = Lines("base  " + Joined(SideFacts(*comparison.base)), "");
  out += Lines("new   " + Joined(SideFacts(*comparison.now)), "");
  if (const auto shared = SharedFacts(comparison); !shared.empty()) {
    out += Lines("both  " + Joined(shared), "");
  }
  out += "\n" + Lines(words.answer, "");
  AppendLines("WORSE ", words.worse, &out);
  AppendLines("? ", words.doubts, &out);
  AppendLines("better ", words.better, &out);
  for (const std::string& remark : words.remarks) out += Lines(remark, "  ");
  if (!comparison.pairs.empty()) out += "\n" + TableText(MakeComparisonTable(comparison));
  out += DifferencesText(comparison.differences, kMostDifferences);
  out += FlipsText(comparison);
  return out;
}

}  // namespace qbench::reports
