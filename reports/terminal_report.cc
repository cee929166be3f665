#include "fmt/format.h"
#include "reports/losses.h"
#include "reports/profile_text.h"
#include "reports/reports.h"
#include "reports/result_table.h"
#include "reports/run_explanations.h"
#include "reports/text_format.h"
#include "reports/text_table.h"
#include "reports/variants.h"
#include "reports/warnings.h"

namespace qbench::reports {

std::string TerminalTable(const store::RunData& data) {
  const RunView run(data);
  const ResultTable table = MakeResultTable(run);
  std::vector<TextColumn> columns = TextColumns(table.columns, table.rows);
  for (size_t i = 0; i < columns.size(); ++i) columns[i].is_shown = !table.columns[i].is_wide;
  std::vector<std::string> headline = {fmt::format("run {}", data.run.id), Subject(run)};
  for (const std::string& part : SharedSetup(run)) headline.push_back(part);
  std::string out = Joined(headline) + "\n\n";
  for (const Loss& loss : Losses(run))
    out += Wrapped("LOSS  " + loss.text, kTerminalWidth, "  ") + "\n";
  out += TitleLine(columns);
  for (const auto& row : table.rows) out += TextLine(row, columns);
  const std::vector<std::string> profile = ProfileLines(run);
  if (!profile.empty()) out += "\n" + profile.front() + "\n";
  for (size_t i = 1; i < profile.size(); ++i) out += "  " + profile[i] + "\n";
  for (const ExplainedVariant& explained : ExplainRun(run)) {
    out += "\n" + Wrapped(explained.explanation.paragraph, kTerminalWidth, "  ");
  }
  const auto problems = Problems(run);
  const auto warnings = Warnings(run);
  if (!problems.empty() || !warnings.empty()) out += "\n";
  for (const std::string& problem : problems) out += "  " + problem + "\n";
  for (const std::string& warning : warnings) out += "warning: " + warning + "\n";
  return out;
}

}  // namespace qbench::reports
