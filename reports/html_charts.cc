#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/json.h"
#include "fmt/format.h"
#include "reports/figure_columns.h"
#include "reports/html_sections.h"
#include "reports/latency_svg.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using PlotPoints = std::vector<const Variant*>;

bool CanBePlotted(const Variant& variant) {
  return variant.summary.median_ms && *variant.summary.median_ms > 0 && variant.summary.top1;
}

// Nothing is both at least as fast and at least as accurate, and better in one of the two. What was
// disturbed beats nothing and stands on no front.
bool IsOnFront(const Variant& variant, const PlotPoints& points) {
  if (!variant.latency_valid() || variant.noisy) return false;
  return std::none_of(points.begin(), points.end(), [&](const Variant* other) {
    const double faster = *variant.summary.median_ms - *other->summary.median_ms;
    const double better = *other->summary.top1 - *variant.summary.top1;
    return other->latency_valid() && !other->noisy && faster >= 0 && better >= 0 &&
           (faster > 0 || better > 0);
  });
}

Json PointOf(const Variant& variant, const PlotPoints& points) {
  const bool several_models = std::ranges::any_of(points, [&](const Variant* other) {
    return other->cell->cell.model_id != variant.cell->cell.model_id;
  });
  const results::CellSummary& summary = variant.summary;
  return {
      {"name", variant.name},
      {"label", several_models ? variant.name : variant.setup},
      {"quantizer", variant.quantizer},
      {"model", summary.model},
      {"ms", *summary.median_ms},
      {"top1", *summary.top1 * 100},
      {"low", *summary.top1_low * 100},
      {"high", *summary.top1_high * 100},
      {"megabytes", static_cast<double>(summary.file_bytes.value_or(0)) / 1e6},
      {"valid", variant.latency_valid() && !variant.noisy},
      {"front", IsOnFront(variant, points)},
      {"text", fmt::format("{} ms · top-1 {} % ({}) · {} MB", Milliseconds(summary.median_ms),
                           Percent(summary.top1), PercentRange(summary.top1_low, summary.top1_high),
                           Megabytes(summary.file_bytes))}};
}

// The same as text.
Data RowOf(const Variant& variant, const PlotPoints& points) {
  const results::CellSummary& summary = variant.summary;
  Data row("name", variant.name);
  row.set("ms", Milliseconds(summary.median_ms));
  row.set("top1", Percent(summary.top1));
  row.set("interval", PercentRange(summary.top1_low, summary.top1_high));
  row.set("megabytes", Megabytes(summary.file_bytes));
  row.set("front", IsOnFront(variant, points)                  ? "yes"
                   : variant.latency_valid() && !variant.noisy ? "no"
                                                               : "not valid or noisy");
  return row;
}

LatencyScale ScaleOf(const RunView& run) {
  std::vector<const store::CellData*> cells;
  for (const Variant& variant : run.variants) cells.push_back(variant.cell);
  return ScaleFor(cells);
}

// JSON that cannot end or confuse the <script> element it stands in.
std::string ScriptSafe(const Json& json) {
  std::string safe;
  for (char c : DumpJson(json)) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

Data ChartSections(const RunView& run) {
  std::vector<std::string> datasets;
  std::vector<PlotPoints> points;
  for (const Variant& variant : run.variants) {
    if (!CanBePlotted(variant)) continue;
    const auto known = std::find(datasets.begin(), datasets.end(), variant.dataset);
    const auto index = static_cast<size_t>(known - datasets.begin());
    if (known == datasets.end()) {
      datasets.push_back(variant.dataset);
      points.emplace_back();
    }
    points[index].push_back(&variant);
  }
  Data charts(Data::type::list);
  for (size_t i = 0; i < datasets.size(); ++i) {
    if (points[i].size() < 2) continue;  // a chart of one point says less than its row
    Json json = {{"points", Json::array()}};
    Data rows(Data::type::list);
    for (const Variant* variant : points[i]) {
      json["points"].push_back(PointOf(*variant, points[i]));
      rows.push_back(RowOf(*variant, points[i]));
    }
    Data chart;
    chart.set("rows", rows);
    chart.set("title", run.differ.dataset ? " on " + datasets[i] : "");
    chart.set("json", ScriptSafe(json));
    charts.push_back(chart);
  }
  return charts;
}

Data LatencyScaleMarks(const RunView& run) {
  constexpr int kMarks = 5;
  const LatencyScale scale = ScaleOf(run);
  Data marks(Data::type::list);
  for (int i = 0; i < kMarks; ++i) {
    const double relative = scale.low + (scale.high - scale.low) * i / (kMarks - 1);
    const bool middle = std::abs(relative) < 1e-9;
    Data mark;
    mark.set("text", middle ? "median"
                            : fmt::format("{}{:.0f} %", relative < 0 ? "−" : "+",
                                          std::abs(relative) * 100));
    marks.push_back(mark);
  }
  return marks;
}

Data LatencyColumns() {
  Data columns(Data::type::list);
  for (const ColumnSource& source : FigureColumns(results::Table::kLatency)) {
    const Column& column = source.column;
    Data item("title", column.title);
    item.set("explanation", column.explanation);
    columns.push_back(item);
  }
  return columns;
}

Data LatencyRows(const RunView& run) {
  const LatencyScale scale = ScaleOf(run);
  const std::vector<ColumnSource> columns = FigureColumns(results::Table::kLatency);
  Data rows(Data::type::list);
  for (const Variant& variant : run.variants) {
    if (!variant.summary.median_ms) continue;
    Data figures(Data::type::list);
    for (const ColumnSource& source : columns)
      figures.push_back(Data("text", source.text(variant)));
    Data row;
    row.set("name", variant.name);
    row.set("svg", LatencySvg(*variant.cell, *variant.summary.median_ms, scale));
    row.set("figures", figures);
    row.set("invalid", !variant.latency_valid());
    rows.push_back(row);
  }
  return rows;
}

}  // namespace qbench::reports
