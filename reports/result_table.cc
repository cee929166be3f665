#include "reports/result_table.h"

#include <algorithm>
#include <functional>

#include "fmt/format.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

struct ColumnSource {
  Column column;
  std::function<std::string(const Variant&)> text;
};

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

// The ratio of the latencies where the processes tell it; else what they tell in its place.
std::string LatencyRatio(const Variant& variant) {
  const std::optional<double>& ratio = variant.summary.median_ratio_to_float;
  if (!ratio) return std::string(kMissing);
  switch (variant.pace) {
    case Pace::kFaster:
    case Pace::kSlower:
      return Ratio(ratio);
    case Pace::kTie:
      return "tie";
    case Pace::kNoisy:
      return "noisy";
    case Pace::kSame:
      return *ratio == 1 ? Ratio(ratio) : "same file";
    case Pace::kUnknown:
      return variant.latency_valid() ? "≈" + Ratio(ratio) : std::string(kMissing);
  }
  return {};
}

void AddFigureColumns(std::vector<ColumnSource>* columns) {
  columns->push_back({{"size MB", "Size of the .tflite file, in millions of bytes"},
                      [](const Variant& v) { return Megabytes(v.summary.file_bytes); }});
  columns->push_back({{"× float", "Size divided by the float file's"},
                      [](const Variant& v) { return Ratio(v.summary.size_ratio_to_float); }});
  columns->push_back({{"median ms", "Latency: median of the process medians"},
                      [](const Variant& v) { return Milliseconds(v.summary.median_ms); }});
  columns->push_back({{"p90 ms", "Latency: 90th percentile of all samples"},
                      [](const Variant& v) { return Milliseconds(v.summary.p90_ms); }});
  columns->push_back(
      {{"× float", "Median latency divided by float's, same runtime and threads"}, LatencyRatio});
  columns->push_back(
      {{"interval", "Of that ratio, from the medians of the processes of both", true, true},
       [](const Variant& v) { return RatioRange(v.summary); }});
  columns->push_back({{"top-1 %", "Share of the images whose best class is the label"},
                      [](const Variant& v) { return Percent(v.summary.top1); }});
  columns->push_back({{"95 % interval", "Wilson score interval of top-1"}, [](const Variant& v) {
                        return PercentRange(v.summary.top1_low, v.summary.top1_high);
                      }});
  columns->push_back({{"vs float", "Top-1 minus float's, in percentage points"},
                      [](const Variant& v) { return Points(v.summary.top1_difference_to_float); }});
  columns->push_back({{"agree %", "Share of the images on which it predicts what float predicts"},
                      [](const Variant& v) { return Percent(v.summary.agreement_with_float); }});
}

}  // namespace

ResultTable MakeResultTable(const RunView& run) {
  std::vector<ColumnSource> sources = NameColumns(run);
  AddFigureColumns(&sources);
  if (std::any_of(run.variants.begin(), run.variants.end(),
                  [](const Variant& v) { return !v.ok(); })) {
    sources.push_back(
        {{"status", "How the cell ended", false}, [](const Variant& v) { return v.status(); }});
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
      *least < store::kRatioConfidence ? "" : "at least ", Coverage(*least),
      *least < store::kRatioConfidence ? ", which are too few for more" : "", 1 / kPaceFloor,
      kPaceFloor);
}

}  // namespace qbench::reports
