#include <algorithm>
#include <string_view>

#include "fmt/format.h"
#include "reports/html_flips.h"
#include "reports/html_groups.h"
#include "reports/html_sections.h"
#include "reports/losses.h"
#include "reports/page_data.h"
#include "reports/recommendation_text.h"
#include "reports/reports.h"
#include "reports/result_table.h"
#include "reports/run_explanations.h"
#include "reports/shell_text.h"
#include "reports/text_format.h"
#include "reports/verdict.h"
#include "reports/warnings.h"

namespace qbench::reports {

// Made at build time from page/ and the chart library.
extern const std::string_view kPageTemplate;
extern const std::string_view kOperatorPartial;
extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;
extern const std::string_view kChartLibrary;

namespace {

Data VerdictList(const RunView& run) {
  const auto verdicts = Verdicts(run);
  Data list(Data::type::list);
  for (const Verdict& verdict : verdicts) {
    Data paragraphs(Data::type::list);
    for (const auto& paragraph : verdict.paragraphs) {
      Data spans(Data::type::list);
      for (const Span& span : paragraph) {
        Data item("text", span.text);
        item.set("strong", span.strong);
        spans.push_back(item);
      }
      paragraphs.push_back(Data("spans", spans));
    }
    Data item("paragraphs", paragraphs);
    if (verdicts.size() > 1) item.set("subject", verdict.subject);
    list.push_back(item);
  }
  return list;
}

// [{headline, rest}]: why each variant is as fast as it is.
Data ExplanationList(const RunView& run) {
  Data list(Data::type::list);
  for (const ExplainedVariant& explained : ExplainRun(run)) {
    const Explanation& explanation = explained.explanation;
    Data item("headline", explanation.headline);
    item.set("rest", explanation.paragraph.substr(explanation.headline.size()));
    list.push_back(item);
  }
  return list;
}

// [{subject, choice, reason, command, rejected: [{text}]}]
Data RecommendationList(const RunView& run, const results::Requirements& requirements) {
  const auto recommendations = Recommendations(run, requirements);
  Data list(Data::type::list);
  for (const RecommendationText& text : recommendations) {
    Data item("choice", text.choice);
    item.set("reason", text.reason);
    item.set("chosen", text.decision.chosen.has_value());
    if (!text.command.empty()) item.set("command", ShellLine(text.command));
    if (recommendations.size() > 1) item.set("subject", text.subject);
    SetIfAny(&item, "rejected", TextList(Capped(text.rejected)));
    list.push_back(item);
  }
  return list;
}

// Of a run with more cells than a page can show.
Data GroupedSection(const RunView& run, const ReportOptions& options) {
  Data section("headline", Subject(run));
  section.set("id", std::to_string(run.data->run.id));
  section.set("circumstances", TextList(Circumstances(run)));
  SetIfAny(&section, "recommendations", RecommendationList(run, options.requirements));
  section.set("table", GroupTable(run));
  std::vector<std::string> losses;
  for (const Loss& loss : Losses(run)) losses.push_back(loss.text);
  SetIfAny(&section, "losses", TextList(Capped(std::move(losses))));
  std::vector<std::string> warnings = Warnings(run);
  warnings.insert(warnings.begin(), GroupRemark(run));
  SetIfAny(&section, "warnings", TextList(Capped(std::move(warnings))));
  SetIfAny(&section, "problems", TextList(Capped(Problems(run))));
  SetIfAny(&section, "provenance", RunProvenanceTables(run));
  return section;
}

Data RunSection(const RunView& run, const ReportOptions& options) {
  if (run.variants.size() > kMostPageCells) return GroupedSection(run, options);
  Data section("headline", Subject(run));
  section.set("id", std::to_string(run.data->run.id));
  section.set("circumstances", TextList(Circumstances(run)));
  SetIfAny(&section, "recommendations", RecommendationList(run, options.requirements));
  section.set("verdicts", VerdictList(run));
  section.set("table", ResultsTable(run));
  std::vector<std::string> losses;
  for (const Loss& loss : Losses(run)) losses.push_back(loss.text);
  SetIfAny(&section, "losses", TextList(losses));
  section.set("comparison", ComparisonLegend(run));
  SetIfAny(&section, "warnings", TextList(Warnings(run)));
  SetIfAny(&section, "problems", TextList(Problems(run)));
  SetIfAny(&section, "charts", ChartSections(run));
  SetIfAny(&section, "latency", LatencyRows(run));
  section.set("latency_columns", LatencyColumns());
  SetIfAny(&section, "board", BoardSection(run));
  section.set("scale", LatencyScaleMarks(run));
  SetIfAny(&section, "explanations", ExplanationList(run));
  SetIfAny(&section, "classes", ClassTables(run));
  SetIfAny(&section, "confusions", ConfusionTables(run));
  section.set("missing", TextList(options.pictures.missing));
  SetIfAny(&section, "flips", FlipSections(run, options.pictures));
  SetIfAny(&section, "operator_tables", OperatorSections(run));
  SetIfAny(&section, "comparisons", ComparisonSections(run));
  SetIfAny(&section, "provenance", ProvenanceTables(run));
  return section;
}

}  // namespace

Result<std::string> HtmlReport(const Runs& runs, const ReportOptions& options) {
  Data page;
  Data sections(Data::type::list);
  std::string title = "qbench";
  bool charts = false;
  for (const store::RunData& data : runs) {
    const RunView run(data);
    title += (sections.list_value().empty() ? ": " : ", ") + Subject(run);
    Data section = RunSection(run, options);
    charts = charts || section.get("has_charts") != nullptr;
    sections.push_back(section);
  }
  page.set("title", title);
  page.set("style", std::string(kPageStyle));
  page.set("script", std::string(kPageScript));
  page.set("has_chart_library", charts);
  page.set("chart_library", std::string(kChartLibrary));
  page.set("runs", sections);
  page.set("flipped_images", FlippedImagesPartial());
  page.set("layer_difference", LayerPartial());
  page.set("operators",
           Data(kainjow::mustache::partial([] { return std::string(kOperatorPartial); })));
  kainjow::mustache::mustache page_template{std::string(kPageTemplate)};
  std::string html = page_template.render(page);
  if (!page_template.is_valid()) {
    return Error(StatusCode::kInternal, "the template of the HTML report is broken: {}",
                 page_template.error_message());
  }
  return html;
}

}  // namespace qbench::reports
