#include "fmt/format.h"
#include "reports/fitted_table.h"
#include "reports/losses.h"
#include "reports/profile_text.h"
#include "reports/recommendation_text.h"
#include "reports/reports.h"
#include "reports/result_table.h"
#include "reports/run_explanations.h"
#include "reports/shell_text.h"
#include "reports/text_format.h"
#include "reports/text_table.h"
#include "reports/variants.h"
#include "reports/warnings.h"

namespace qbench::reports {

namespace {

std::string RecommendationLines(const RunView& run, const results::Requirements& requirements) {
  std::string out;
  const auto recommendations = Recommendations(run, requirements);
  for (const RecommendationText& text : recommendations) {
    out +=
        Wrapped((recommendations.size() > 1 ? text.subject + ": " : "") + text.choice + text.reason,
                kTerminalWidth, "");
    for (const std::string& line : text.rejected) out += Wrapped(line, kTerminalWidth, "  ");
    if (!text.command.empty()) out += ShellLines(text.command, kTerminalWidth, "  ");
    out += "\n";
  }
  return out;
}

}  // namespace

std::string TerminalTable(const store::RunData& data, const ReportOptions& options) {
  const RunView run(data);
  std::vector<std::string> headline = {fmt::format("run {}", data.run.id), Subject(run)};
  for (const std::string& part : SharedSetup(run)) headline.push_back(part);
  std::string out = Joined(headline) + "\n\n";
  for (const Loss& loss : Losses(run))
    out += Wrapped("LOSS  " + loss.text, kTerminalWidth, "  ") + "\n";
  out += RecommendationLines(run, options.requirements);
  out += FittedTable(MakeResultTable(run), kTerminalWidth);
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
