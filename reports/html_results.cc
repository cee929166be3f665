#include <algorithm>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "fmt/format.h"
#include "reports/html_sections.h"
#include "reports/losses.h"
#include "reports/result_table.h"

namespace qbench::reports {
namespace {

bool SameSubject(const Variant& a, const Variant& b) {
  return a.cell->cell.model_id == b.cell->cell.model_id &&
         a.cell->cell.split_id == b.cell->cell.split_id;
}

// What a narrow screen has to show beside the name.
bool Decides(const std::string& title) {
  return title == "vs float" || title == "agree %" || title == "status";
}

// The figures in the page's order.
std::vector<ColumnSource> PageColumns() {
  std::vector<ColumnSource> columns = FigureColumns(results::Table::kResults);
  columns.push_back(StatusColumn());
  std::ranges::stable_partition(
      columns, [](const ColumnSource& source) { return Decides(source.column.title); });
  return columns;
}

// A sign beside the colour: how a cell ended.
const char* MarkOf(const Variant& variant) {
  if (variant.ok()) return "✓";
  return variant.summary.status == store::Outcome::kNotMeasured ? "…" : "✗";
}

// Words in place of a number have what they are sorted by.
void SetSort(const ColumnSource& source, const Variant& variant, const std::string& text,
             Data* cell) {
  if (!source.column.is_number || text.find_first_of("0123456789") != std::string::npos) return;
  const std::optional<double> value = source.value ? source.value(variant) : std::nullopt;
  if (value) cell->set("sort", fmt::format("{:.6g}", *value));
}

Data CellsOf(const Variant& variant, const std::vector<ColumnSource>& columns, bool lost) {
  Data cells(Data::type::list);
  for (const ColumnSource& source : columns) {
    const std::string text = source.text(variant);
    Data cell("text", text);
    SetSort(source, variant, text, &cell);
    if (source.column.title == "status") {
      cell.set("mark", MarkOf(variant));
      cell.set("kind", variant.ok() ? "status" : "status bad");
    } else if (source.column.title == "vs float" && lost) {
      cell.set("mark", "▼");
      cell.set("kind", "number lost");
    } else {
      cell.set("kind", "number");
    }
    cells.push_back(cell);
  }
  return cells;
}

}  // namespace

Data ResultsTable(const RunView& run) {
  const std::vector<ColumnSource> sources = PageColumns();
  Data columns(Data::type::list);
  for (const ColumnSource& source : sources) {
    Data item("title", source.column.title);
    item.set("explanation", source.column.explanation);
    item.set("number", source.column.is_number);
    columns.push_back(item);
  }
  std::vector<bool> lost(run.variants.size(), false);
  for (const Loss& loss : Losses(run)) {
    for (const Variant* variant : loss.variants) {
      lost[static_cast<size_t>(variant - run.variants.data())] = true;
    }
  }
  Data rows(Data::type::list);
  for (size_t i = 0; i < run.variants.size(); ++i) {
    const Variant& variant = run.variants[i];
    Data row("cells", CellsOf(variant, sources, lost[i]));
    row.set("name", variant.name);
    row.set("problem", !variant.ok());
    row.set("new_model", i > 0 && !SameSubject(variant, run.variants[i - 1]));
    rows.push_back(row);
  }
  Data data("columns", columns);
  data.set("rows", rows);
  return data;
}

}  // namespace qbench::reports
