#include "reports/layer_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include "reports/html_sections.h"

namespace qbench::reports {

// Made at build time from page/.
extern const std::string_view kLayerPageTemplate;
extern const std::string_view kLayerPartial;
extern const std::string_view kPageStyle;

namespace {

using Row = LayerPage::Row;

// The chart, in its own units: dB upwards from 0 to kTop, above which nothing is to be told apart.
constexpr double kWidth = 1000;
constexpr double kHeight = 220;
constexpr double kTop = 60;

double X(size_t layer, size_t layers) {
  return layers < 2 ? kWidth / 2
                    : kWidth * static_cast<double>(layer) / static_cast<double>(layers - 1);
}

double Y(double decibels) { return kHeight * (1 - std::clamp(decibels, 0.0, kTop) / kTop); }

// The points of a polyline; a layer without an error is at the top.
std::string Points(const std::vector<Row>& rows, std::optional<double> Row::*decibels) {
  std::string points;
  for (size_t i = 0; i < rows.size(); ++i) {
    fmt::format_to(std::back_inserter(points), "{}{:.1f},{:.1f}", i == 0 ? "" : " ",
                   X(i, rows.size()), Y((rows[i].*decibels).value_or(kTop)));
  }
  return points;
}

Data Texts(const std::vector<std::string>& texts) {
  Data list(Data::type::list);
  for (const std::string& text : texts) list.push_back(Data("text", text));
  return list;
}

Data Columns(const LayerPage& page) {
  Data list(Data::type::list);
  for (const LayerPage::Column& column : page.columns) {
    Data item("title", column.title);
    item.set("explanation", column.explanation);
    item.set("number", column.is_number);
    list.push_back(item);
  }
  return list;
}

Data Rows(const LayerPage& page) {
  Data list(Data::type::list);
  for (const Row& row : page.rows) {
    Data cells(Data::type::list);
    for (size_t i = 0; i < row.cells.size(); ++i) {
      Data cell("text", row.cells[i]);
      cell.set("number", page.columns[i].is_number);
      cells.push_back(cell);
    }
    Data item("cells", cells);
    item.set("marked", row.marked);
    list.push_back(item);
  }
  return list;
}

Data Grid() {
  Data list(Data::type::list);
  for (const double decibels : {10.0, 20.0, 30.0, 40.0, 50.0}) {
    Data line("y", fmt::format("{:.1f}", Y(decibels)));
    line.set("label", fmt::format("{:.0f} dB", decibels));
    list.push_back(line);
  }
  return list;
}

Data Marks(const std::vector<Row>& rows) {
  Data list(Data::type::list);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].marked) continue;
    Data mark("x", fmt::format("{:.1f}", X(i, rows.size())));
    mark.set("name", rows[i].cells.back());
    mark.set("y", fmt::format("{:.1f}", Y(rows[i].sqnr_db.value_or(kTop))));
    list.push_back(mark);
  }
  return list;
}

}  // namespace

Data LayerData(const LayerPage& page, int heading_level) {
  Data data;
  data.set("level", std::to_string(heading_level));
  data.set("circumstances", Texts(page.circumstances));
  data.set("verdict", Texts(page.verdict));
  data.set("has_warnings", !page.warnings.empty());
  data.set("warnings", Texts(page.warnings));
  data.set("columns", Columns(page));
  data.set("rows", Rows(page));
  data.set("grid", Grid());
  data.set("marks", Marks(page.rows));
  data.set("has_marks", std::ranges::any_of(page.rows, &Row::marked));
  data.set("sqnr", Points(page.rows, &Row::sqnr_db));
  const bool own =
      std::ranges::any_of(page.rows, [](const Row& row) { return row.own_sqnr_db.has_value(); });
  data.set("has_own", own);
  data.set("own", Points(page.rows, &Row::own_sqnr_db));
  data.set("has_recipe", !page.recipe.empty());
  data.set("recipe", page.recipe);
  return data;
}

Data LayerPartial() {
  return Data(kainjow::mustache::partial([] { return std::string(kLayerPartial); }));
}

Result<std::string> LayerPageHtml(const LayerPage& page) {
  Data data = LayerData(page, 2);
  data.set("layer_difference", LayerPartial());
  data.set("style", std::string(kPageStyle));
  data.set("headline", page.headline);
  data.set("open", true);
  kainjow::mustache::mustache page_template{std::string(kLayerPageTemplate)};
  std::string html = page_template.render(data);
  if (page_template.is_valid()) return html;
  return Error(StatusCode::kInternal, "the template of the layers' page is broken: {}",
               page_template.error_message());
}

}  // namespace qbench::reports
