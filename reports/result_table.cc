#include "reports/result_table.h"

#include <algorithm>
#include <iterator>

#include "fmt/format.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

std::vector<ColumnSource> NameColumns(const RunView& run) {
  std::vector<ColumnSource> columns;
  if (run.differ.dataset) {
    columns.push_back(
        {{"data set", "Data set and split", false}, [](const Variant& v) { return v.dataset; }});
  }
  if (run.differ.model) {
    columns.push_back(
        {{"model", "Model", false}, [](const Variant& v) { return v.summary.model; }});
  }
  columns.push_back({{"quantizer", "Quantizer and its options", false},
                     [](const Variant& v) { return v.quantizer; }});
  if (run.differ.runtime) {
    columns.push_back({{"runtime", "Runtime and its options", false},
                       [](const Variant& v) { return v.runtime; }});
  }
  if (run.differ.threads) {
    columns.push_back({{"threads", "Threads of one inference", true},
                       [](const Variant& v) { return std::to_string(v.summary.threads); }});
  }
  return columns;
}

}  // namespace

ColumnSource StatusColumn() {
  return {{"status", "How the cell ended", false}, [](const Variant& v) { return v.status(); }};
}

ResultTable MakeResultTable(const RunView& run) {
  std::vector<ColumnSource> sources = NameColumns(run);
  std::ranges::move(FigureColumns(results::Table::kResults), std::back_inserter(sources));
  if (std::any_of(run.variants.begin(), run.variants.end(),
                  [](const Variant& v) { return !v.ok(); })) {
    sources.push_back(StatusColumn());
  }
  ResultTable table;
  for (const ColumnSource& source : sources) table.columns.push_back(source.column);
  for (const Variant& variant : run.variants) {
    auto& row = table.rows.emplace_back();
    for (const ColumnSource& source : sources) row.push_back(source.text(variant));
  }
  return table;
}

std::string ComparisonLegend(const RunView& run) {
  std::optional<double> least;
  for (const Variant& variant : run.variants) {
    const std::optional<double>& confidence = variant.summary.ratio_confidence;
    if (confidence && (!least || *confidence < *least)) least = confidence;
  }
  if (!least) return {};
  return fmt::format(
      "The interval of the latency ratio covers {}{} (exact Mann-Whitney test over the medians of "
      "the processes{}); tie: it does not lie beyond {:.2f} or {:.2f}; noisy: one of the two was "
      "disturbed; ≈: too few processes to tell.",
      *least < results::kRatioConfidence ? "" : "at least ", Coverage(*least),
      *least < results::kRatioConfidence ? ", which are too few for more" : "", 1 / kPaceFloor,
      kPaceFloor);
}

}  // namespace qbench::reports
