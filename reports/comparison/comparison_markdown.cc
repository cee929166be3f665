#include <algorithm>

#include "fmt/format.h"
#include "reports/comparison/comparison_reports.h"
#include "reports/comparison/comparison_table.h"
#include "reports/comparison/comparison_words.h"
#include "reports/markdown_text.h"
#include "reports/variants.h"

namespace qbench::reports {
namespace {

using results::Comparison;
using results::FactDifference;

// A comment has room for some 65,000 characters.
constexpr size_t kMostFlips = 20;
constexpr size_t kMostLines = 30;

void AppendTable(const ComparisonTable& table, std::string* out) {
  AppendMarkdownHead(table.columns, out);
  for (const auto& row : table.rows) {
    std::vector<std::string> texts;
    for (const std::string& text : row) texts.push_back(MarkdownText(text));
    if (texts.back() == "worse") texts.back() = "**worse**";
    AppendMarkdownRow(texts, out);
  }
}

void AppendList(const std::string& title, const std::vector<std::string>& lines, std::string* out) {
  if (lines.empty()) return;
  *out += "\n" + title + "\n\n";
  const size_t shown = std::min(lines.size(), kMostLines);
  for (size_t i = 0; i < shown; ++i) *out += "- " + MarkdownText(lines[i]) + "\n";
  if (shown < lines.size()) *out += fmt::format("- … and {} more\n", lines.size() - shown);
}

// GitHub folds it; a blank line behind the summary lets Markdown begin again.
void BeginFolded(const std::string& summary, std::string* out) {
  *out += "\n<details><summary>" + summary + "</summary>\n\n";
}
void EndFolded(std::string* out) { *out += "\n</details>\n"; }

void AppendDifferences(const std::vector<FactDifference>& differences, std::string* out) {
  if (differences.empty()) return;
  BeginFolded(fmt::format("What differs ({}), what could explain it first", differences.size()),
              out);
  AppendMarkdownRow({"what", "base", "new", "can explain"}, out);
  AppendMarkdownRow({":---", ":---", ":---", ":---"}, out);
  for (const FactDifference& difference : differences) {
    AppendMarkdownRow({MarkdownText(difference.name), MarkdownText(difference.base),
                       MarkdownText(difference.now), difference.can_explain},
                      out);
  }
  EndFolded(out);
}

void AppendFlips(const Comparison& comparison, std::string* out) {
  for (const FlipGroup& group : FlipGroups(comparison)) {
    // Within a tag Markdown's escapes are not read, so the names stand behind it.
    BeginFolded("Images that changed their class", out);
    *out += MarkdownText(group.names + ": " + group.summary) + "\n\n";
    const size_t shown = std::min(group.pair->flips.size(), kMostFlips);
    for (size_t i = 0; i < shown; ++i) {
      *out += "- " + MarkdownText(FlipText(group, group.pair->flips[i])) + "\n";
    }
    if (shown < group.pair->flips.size()) {
      *out += fmt::format("- … and {} more\n", group.pair->flips.size() - shown);
    }
    EndFolded(out);
  }
}

const char* MarkOf(results::Answer answer) {
  switch (answer) {
    case results::Answer::kRegression:
      return "❌";
    case results::Answer::kCannotTell:
      return "❔";
    case results::Answer::kNoRegression:
      break;
  }
  return "✅";
}

}  // namespace

std::string ComparisonMarkdown(const Comparison& comparison) {
  const AnswerWords words = Answer(comparison);
  std::string out =
      fmt::format("## qbench compare: {}\n\n{} **{}**\n", MarkdownText(SidesTitle(comparison)),
                  MarkOf(comparison.answer), MarkdownText(words.answer));
  AppendList("**Worse:**", words.worse, &out);
  AppendList("Not certain:", words.doubts, &out);
  AppendList("Better:", words.better, &out);
  AppendList("Remarks:", words.remarks, &out);
  if (!comparison.pairs.empty()) {
    out += "\n";
    AppendTable(MakeComparisonTable(comparison), &out);
  }
  out += "\n" + MarkdownText("base: " + Joined(SideFacts(*comparison.base))) + "\\\n";
  out += MarkdownText("new: " + Joined(SideFacts(*comparison.now))) + "\n";
  AppendDifferences(comparison.differences, &out);
  AppendFlips(comparison, &out);
  BeginFolded("How to read it", &out);
  out += MarkdownText(ComparisonLegend(comparison)) + "\n";
  EndFolded(&out);
  return out;
}

}  // namespace qbench::reports
