// Figures for programs that keep them from run to run: Bencher's metric format
// (https://bencher.dev/docs/reference/bencher-metric-format) and what github-action-benchmark calls
// customSmallerIsBetter. docs/exports.md says what each key holds.
#include <algorithm>

#include "base/json.h"
#include "reports/export_names.h"
#include "reports/reports.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

constexpr double kNsPerMs = 1e6;

std::string Text(const OrderedJson& json, int indent) {
  return json.dump(indent, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

OrderedJson Metric(double value, double low, double high) {
  return {{"value", value}, {"lower_value", low}, {"upper_value", high}};
}

// A single process says nothing of how far apart two are.
bool HasRange(const results::CellSummary& cell) { return cell.processes.value_or(0) > 1; }

OrderedJson BencherMeasures(const Variant& variant) {
  const results::CellSummary& cell = variant.summary;
  OrderedJson measures = OrderedJson::object();
  if (const auto latency = LatencyToExport(variant)) {
    const double median_ns = latency->median_ms * kNsPerMs;
    measures["latency"] = {{"value", median_ns}};
    if (HasRange(cell)) {
      measures["latency"] =
          Metric(median_ns, latency->low_ms * kNsPerMs, latency->high_ms * kNsPerMs);
    }
    if (cell.peak_rss_bytes) measures["memory"] = {{"value", *cell.peak_rss_bytes}};
  }
  if (cell.file_bytes) measures["file-size"] = {{"value", *cell.file_bytes}};
  if (cell.top1 && cell.top1_low && cell.top1_high) {
    measures["accuracy"] = Metric(*cell.top1, *cell.top1_low, *cell.top1_high);
  }
  return measures;
}

// The widest that a value may be off, as the tool's charts show it.
std::string PlusMinus(double value, double low, double high) {
  return fmt::format("± {}", Significant(std::max(value - low, high - value)));
}

void AppendEntries(const Variant& variant, const std::string& name, OrderedJson* entries) {
  const results::CellSummary& cell = variant.summary;
  const auto add = [&](const char* figure, const char* unit, const OrderedJson& value) {
    entries->push_back({{"name", name + " " + figure}, {"unit", unit}, {"value", value}});
    return &entries->back();
  };
  if (const auto latency = LatencyToExport(variant)) {
    OrderedJson& entry = *add("latency", "ms", latency->median_ms);
    if (HasRange(cell)) {
      entry["range"] = PlusMinus(latency->median_ms, latency->low_ms, latency->high_ms);
    }
    const int64_t processes = cell.processes.value_or(0);
    entry["extra"] = fmt::format("median of the medians of {} fresh process{}, {} samples",
                                 processes, processes == 1 ? "" : "es", cell.samples.value_or(0));
    if (cell.peak_rss_bytes) add("peak memory", "bytes", *cell.peak_rss_bytes);
  }
  if (cell.file_bytes) {
    (*add("file size", "bytes", *cell.file_bytes))["extra"] = "sha256 " + cell.artifact_sha256;
  }
  if (cell.top1 && cell.top1_low && cell.top1_high) {
    OrderedJson& entry = *add("top-1 error", "%", 100 * (1 - *cell.top1));
    entry["range"] = PlusMinus(100 * *cell.top1, 100 * *cell.top1_low, 100 * *cell.top1_high);
    entry["extra"] = Counted(cell.images.value_or(0), "image");
  }
}

// Calls visit(variant, name) for each cell.
template <typename Visitor>
void ForEachCell(const Runs& runs, Visitor&& visit) {
  UniqueNames names(runs);
  for (const store::RunData& data : runs) {
    const RunView run(data);
    for (const Variant& variant : run.variants) visit(variant, names.Of(variant));
  }
}

}  // namespace

std::string BencherReport(const Runs& runs) {
  OrderedJson report = OrderedJson::object();
  ForEachCell(runs, [&](const Variant& variant, const std::string& name) {
    OrderedJson measures = BencherMeasures(variant);
    if (!measures.empty()) report[name] = std::move(measures);
  });
  return Text(report, 1);
}

std::string GithubBenchmarkReport(const Runs& runs) {
  OrderedJson report = OrderedJson::array();
  ForEachCell(runs, [&](const Variant& variant, const std::string& name) {
    AppendEntries(variant, name, &report);
  });
  return Text(report, 1);
}

}  // namespace qbench::reports
