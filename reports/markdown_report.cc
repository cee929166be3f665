#include "fmt/format.h"
#include "reports/costliest_operators.h"
#include "reports/layer_report.h"
#include "reports/losses.h"
#include "reports/markdown_text.h"
#include "reports/recommendation_text.h"
#include "reports/reports.h"
#include "reports/result_table.h"
#include "reports/run_explanations.h"
#include "reports/shell_text.h"
#include "reports/text_format.h"
#include "reports/variants.h"
#include "reports/warnings.h"

namespace qbench::reports {
namespace {

void AppendTable(const ResultTable& table, std::string* out) {
  AppendMarkdownHead(table.columns, out);
  for (const auto& row : table.rows) {
    std::vector<std::string> texts;
    texts.reserve(row.size());
    for (const std::string& text : row) texts.push_back(MarkdownText(text));
    AppendMarkdownRow(texts, out);
  }
}

std::string Number(std::optional<double> value) { return value ? Significant(*value) : ""; }

void AppendOperators(const CostliestOperators& table, std::string* out) {
  *out += fmt::format("\nWhere the time of {} goes: {}{}.\n\n", MarkdownText(table.variant->name),
                      table.delegation.empty() ? "" : MarkdownText(table.delegation) + "; ",
                      table.shown);
  AppendMarkdownRow({"operator", "time %", "ms", "float ms", "× float", "GMAC/s", "% of peak",
                     "GB/s", "% of peak", "delegate"},
                    out);
  AppendMarkdownRow(
      {":---", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:", ":---"}, out);
  for (const OperatorRow& row : table.rows) {
    AppendMarkdownRow({MarkdownText(row.profile->kind + (row.profile->kind.empty() ? "" : " ") +
                                    row.profile->name),
                       Percent(row.share), Significant(row.ms), Number(row.float_ms),
                       Number(row.ratio), Number(row.gmacs), WholePercent(row.gmacs_of_peak),
                       Number(row.gbytes), WholePercent(row.gbytes_of_peak), row.where},
                      out);
  }
}

void AppendList(const std::string& title, const std::vector<std::string>& items, std::string* out) {
  if (items.empty()) return;
  *out += "\n" + title + "\n\n";
  for (const std::string& item : items) *out += "- " + MarkdownText(item) + "\n";
}

void AppendRecommendations(const RunView& run, const results::Requirements& requirements,
                           std::string* out) {
  const auto recommendations = Recommendations(run, requirements);
  for (const RecommendationText& text : recommendations) {
    *out += fmt::format("\n{}**{}**{}\n",
                        recommendations.size() > 1 ? MarkdownText(text.subject + ": ") : "",
                        MarkdownText(text.choice), MarkdownText(text.reason));
    if (!text.command.empty()) *out += "\n    " + ShellLine(text.command) + "\n";
    AppendList("Not chosen:", text.rejected, out);
  }
}

}  // namespace

std::string MarkdownReport(const Runs& runs, const ReportOptions& options) {
  std::string out;
  for (const store::RunData& data : runs) {
    const RunView run(data);
    if (!out.empty()) out += "\n";
    out += fmt::format("## qbench run {}: {}\n\n{}\n", data.run.id, MarkdownText(Subject(run)),
                       MarkdownText(Joined(Circumstances(run))));
    std::vector<std::string> losses;
    for (const Loss& loss : Losses(run)) losses.push_back(loss.text);
    AppendList("**Accuracy was lost:**", losses, &out);
    AppendRecommendations(run, options.requirements, &out);
    out += "\n";
    AppendTable(MakeResultTable(run), &out);
    if (const std::string legend = ComparisonLegend(run); !legend.empty()) {
      out += "\n" + MarkdownText(legend) + "\n";
    }
    for (const CostliestOperators& table : OperatorTables(run)) AppendOperators(table, &out);
    for (const ExplainedVariant& explained : ExplainRun(run)) {
      out += "\n" + MarkdownText(explained.explanation.paragraph) + "\n";
    }
    AppendList("Not everything worked:", Problems(run), &out);
    AppendList("Warnings:", Warnings(run), &out);
    std::vector<std::string> layers;
    for (const auto& [name, comparison] : Comparisons(run)) {
      layers.push_back(name + ": " + LayerSummary(*comparison));
    }
    AppendList("Layers, quantized against float:", layers, &out);
  }
  return out;
}

}  // namespace qbench::reports
