#include <algorithm>
#include <string_view>

#include "fmt/format.h"
#include "reports/html_groups.h"
#include "reports/html_sections.h"
#include "reports/losses.h"
#include "reports/reports.h"
#include "reports/result_table.h"
#include "reports/run_explanations.h"
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

Data TextList(const std::vector<std::string>& texts) {
  Data list(Data::type::list);
  for (const std::string& text : texts) list.push_back(Data("text", text));
  return list;
}

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

bool SameSubject(const Variant& a, const Variant& b) {
  return a.cell->cell.model_id == b.cell->cell.model_id &&
         a.cell->cell.split_id == b.cell->cell.split_id;
}

Data MainTable(const RunView& run) {
  const ResultTable table = MakeResultTable(run);
  Data columns(Data::type::list);
  for (const Column& column : table.columns) {
    Data item("title", column.title);
    item.set("explanation", column.explanation);
    item.set("number", column.is_number);
    columns.push_back(item);
  }
  Data rows(Data::type::list);
  for (size_t i = 0; i < table.rows.size(); ++i) {
    Data cells(Data::type::list);
    for (size_t j = 0; j < table.columns.size(); ++j) {
      Data cell("text", table.rows[i][j]);
      cell.set("number", table.columns[j].is_number);
      cells.push_back(cell);
    }
    Data row("cells", cells);
    row.set("problem", !run.variants[i].ok());
    row.set("new_model", i > 0 && !SameSubject(run.variants[i], run.variants[i - 1]));
    rows.push_back(row);
  }
  Data data("columns", columns);
  data.set("rows", rows);
  return data;
}

// A section appears only where it has something to show.
void SetIfAny(Data* section, const std::string& name, const Data& list) {
  if (list.list_value().empty()) return;
  section->set("has_" + name, true);
  section->set(name, list);
}

// Of a run with more cells than a page can show.
Data GroupedSection(const RunView& run) {
  Data section("headline", Subject(run));
  section.set("id", std::to_string(run.data->run.id));
  section.set("circumstances", TextList(Circumstances(run)));
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

Data RunSection(const RunView& run) {
  if (run.variants.size() > kMostPageCells) return GroupedSection(run);
  Data section("headline", Subject(run));
  section.set("id", std::to_string(run.data->run.id));
  section.set("circumstances", TextList(Circumstances(run)));
  section.set("verdicts", VerdictList(run));
  section.set("table", MainTable(run));
  std::vector<std::string> losses;
  for (const Loss& loss : Losses(run)) losses.push_back(loss.text);
  SetIfAny(&section, "losses", TextList(losses));
  section.set("comparison", ComparisonLegend(run));
  SetIfAny(&section, "warnings", TextList(Warnings(run)));
  SetIfAny(&section, "problems", TextList(Problems(run)));
  SetIfAny(&section, "charts", ChartSections(run));
  SetIfAny(&section, "latency", LatencyRows(run));
  section.set("latency_columns", LatencyColumns());
  section.set("scale", LatencyScaleMarks(run));
  SetIfAny(&section, "explanations", ExplanationList(run));
  SetIfAny(&section, "classes", ClassTables(run));
  SetIfAny(&section, "confusions", ConfusionTables(run));
  SetIfAny(&section, "operator_tables", OperatorSections(run));
  SetIfAny(&section, "comparisons", ComparisonSections(run));
  SetIfAny(&section, "provenance", ProvenanceTables(run));
  return section;
}

}  // namespace

Result<std::string> HtmlReport(const Runs& runs) {
  Data page;
  Data sections(Data::type::list);
  std::string title = "qbench";
  bool charts = false;
  for (const store::RunData& data : runs) {
    const RunView run(data);
    title += (sections.list_value().empty() ? ": " : ", ") + Subject(run);
    Data section = RunSection(run);
    charts = charts || section.get("has_charts") != nullptr;
    sections.push_back(section);
  }
  page.set("title", title);
  page.set("style", std::string(kPageStyle));
  page.set("script", std::string(kPageScript));
  page.set("has_chart_library", charts);
  page.set("chart_library", std::string(kChartLibrary));
  page.set("runs", sections);
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
