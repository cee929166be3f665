#include <algorithm>

#include "fmt/format.h"
#include "reports/losses.h"
#include "reports/profile_text.h"
#include "reports/reports.h"
#include "reports/result_table.h"
#include "reports/run_explanations.h"
#include "reports/text_format.h"
#include "reports/variants.h"
#include "reports/warnings.h"

namespace qbench::reports {
namespace {

// The width that every terminal has.
constexpr size_t kWidth = 80;

std::string Padded(const std::string& text, size_t width, bool right) {
  const std::string gap(width - std::min(width, DisplayWidth(text)), ' ');
  return right ? gap + text : text + gap;
}

void AppendLine(const ResultTable& table, const std::vector<std::string>& texts,
                const std::vector<size_t>& widths, std::string* out) {
  std::string line;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (table.columns[i].is_wide) continue;
    if (i > 0) line += "  ";
    line += Padded(texts[i], widths[i], table.columns[i].is_number);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  *out += line + "\n";
}

}  // namespace

std::string TerminalTable(const store::RunData& data) {
  const RunView run(data);
  const ResultTable table = MakeResultTable(run);
  std::vector<std::string> titles;
  std::vector<size_t> widths;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    titles.push_back(table.columns[i].title);
    size_t width = DisplayWidth(titles.back());
    for (const auto& row : table.rows) width = std::max(width, DisplayWidth(row[i]));
    widths.push_back(width);
  }
  std::vector<std::string> headline = {fmt::format("run {}", data.run.id), Subject(run)};
  for (const std::string& part : SharedSetup(run)) headline.push_back(part);
  std::string out = Joined(headline) + "\n\n";
  for (const Loss& loss : Losses(run)) out += Wrapped("LOSS  " + loss.text, kWidth, "  ") + "\n";
  AppendLine(table, titles, widths, &out);
  for (const auto& row : table.rows) AppendLine(table, row, widths, &out);
  const std::vector<std::string> profile = ProfileLines(run);
  if (!profile.empty()) out += "\n" + profile.front() + "\n";
  for (size_t i = 1; i < profile.size(); ++i) out += "  " + profile[i] + "\n";
  for (const ExplainedVariant& explained : ExplainRun(run)) {
    out += "\n" + Wrapped(explained.explanation.paragraph, kWidth, "  ");
  }
  const auto problems = Problems(run);
  const auto warnings = Warnings(run);
  if (!problems.empty() || !warnings.empty()) out += "\n";
  for (const std::string& problem : problems) out += "  " + problem + "\n";
  for (const std::string& warning : warnings) out += "warning: " + warning + "\n";
  return out;
}

}  // namespace qbench::reports
