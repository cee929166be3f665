// Figures in Prometheus' text format, for the textfile collector of its node exporter:
// https://prometheus.io/docs/instrumenting/exposition_formats. docs/exports.md lists the metrics.
#include <cmath>
#include <deque>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "base/one_line.h"
#include "fmt/format.h"
#include "reports/export_names.h"
#include "reports/reports.h"

namespace qbench::reports {
namespace {

// A label's value: one line, with what ends it escaped.
std::string LabelValue(const std::string& text) {
  std::string escaped;
  for (const char c : SafeLine(text)) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

using Figure = std::optional<double>;

struct Metric {
  const char* name;
  const char* help;
  Figure (*value)(const Variant& variant, const std::optional<ExportedLatency>& latency);
};

Figure Divided(const std::optional<double>& value, double by) {
  return value ? Figure(*value / by) : std::nullopt;
}

constexpr double kMsPerSecond = 1000;
constexpr size_t kLineBytes = 56;  // of a line beside its labels, hardly more

constexpr Metric kMetrics[] = {
    {"qbench_cell_ok", "1 where all that was asked for was measured and is valid, else 0.",
     [](const Variant& cell, const auto&) -> Figure { return cell.ok() ? 1 : 0; }},
    {"qbench_latency_seconds", "Median latency of an inference: of the medians of fresh processes.",
     [](const Variant&, const auto& latency) -> Figure {
       return latency ? Figure(latency->median_ms / kMsPerSecond) : std::nullopt;
     }},
    {"qbench_latency_p90_seconds", "90th percentile of the latencies of all inferences.",
     [](const Variant& cell, const auto& latency) -> Figure {
       return latency ? Divided(cell.summary.p90_ms, kMsPerSecond) : std::nullopt;
     }},
    {"qbench_first_inference_seconds", "Latency of the first inference of a process.",
     [](const Variant& cell, const auto& latency) -> Figure {
       return latency ? Divided(cell.summary.first_ms, kMsPerSecond) : std::nullopt;
     }},
    {"qbench_peak_memory_bytes", "Highest resident set of the processes that measured latency.",
     [](const Variant& cell, const auto& latency) -> Figure {
       const auto& bytes = cell.summary.peak_rss_bytes;
       return latency && bytes ? Figure(static_cast<double>(*bytes)) : std::nullopt;
     }},
    {"qbench_artifact_bytes", "Size of the artifact's file.",
     [](const Variant& cell, const auto&) -> Figure {
       const auto& bytes = cell.summary.file_bytes;
       return bytes ? Figure(static_cast<double>(*bytes)) : std::nullopt;
     }},
    {"qbench_top1_ratio", "Share of the images whose predicted class is the label.",
     [](const Variant& cell, const auto&) -> Figure { return cell.summary.top1; }},
    {"qbench_float_agreement_ratio",
     "Share of the images that get the class that float gives them.",
     [](const Variant& cell, const auto&) -> Figure { return cell.summary.agreement_with_float; }},
};

// All that tells a cell from others, escaped: `model="net",…`.
std::string LabelsOf(const Variant& cell, const std::string& run) {
  const results::CellSummary& summary = cell.summary;
  std::string labels;
  const auto add = [&](const char* name, const std::string& value) {
    labels += fmt::format("{}{}=\"{}\"", labels.empty() ? "" : ",", name, LabelValue(value));
  };
  if (!run.empty()) add("run", run);
  add("model", summary.model);
  add("quantizer", cell.quantizer);
  add("runtime", cell.runtime);
  add("threads", std::to_string(summary.threads));
  add("dataset", summary.dataset);
  add("split", summary.split);
  return labels;
}

struct Series {
  std::string labels;
  std::optional<ExportedLatency> latency;
  const Variant* cell;
};

// Two cells with the same labels would be one series with two values, which is an error: the second
// says that it is.
std::deque<Series> SeriesOf(const std::vector<RunView>& runs) {
  std::deque<Series> series;
  std::set<std::string_view> taken;  // of `series`, whose texts stay where they are
  for (const RunView& run : runs) {
    const std::string number = runs.size() > 1 ? std::to_string(run.data->run.id) : "";
    for (const Variant& cell : run.variants) {
      const std::string labels = LabelsOf(cell, number);
      std::string unique = labels;
      for (int count = 2; taken.contains(unique); ++count) {
        unique = fmt::format("{},same_name=\"{}\"", labels, count);
      }
      series.push_back({std::move(unique), LatencyToExport(cell), &cell});
      taken.insert(series.back().labels);
    }
  }
  return series;
}

std::string Header(const char* name, const char* help) {
  return fmt::format("# HELP {} {}\n# TYPE {} gauge\n", name, help, name);
}

// Of each run what it was measured with, so that a dashboard can show it.
std::string RunInfo(const Runs& runs) {
  if (runs.empty()) return "";
  std::string text = Header("qbench_run_info", "What measured the run, as labels; the value is 1.");
  for (const store::RunData& data : runs) {
    const store::Run& run = data.run;
    text += fmt::format(
        "qbench_run_info{{run=\"{}\",version=\"{}\",git_state=\"{}\",host_id=\"{}\","
        "started_at=\"{}\"}} 1\n",
        run.id, LabelValue(run.qbench_version), LabelValue(run.git_state), LabelValue(run.host_id),
        LabelValue(run.started_at));
  }
  return text;
}

}  // namespace

std::string PrometheusReport(const Runs& runs) {
  std::vector<RunView> views;
  for (const store::RunData& run : runs) views.emplace_back(run);
  const std::deque<Series> series = SeriesOf(views);
  std::string text = RunInfo(runs);
  size_t bytes = text.size();
  for (const Series& one : series) bytes += one.labels.size() + kLineBytes;
  text.reserve(bytes * std::size(kMetrics));  // of 10,000 cells growing would take twice as much
  for (const Metric& metric : kMetrics) {
    bool any = false;
    for (const Series& one : series) {
      const Figure value = metric.value(*one.cell, one.latency);
      if (!value || !std::isfinite(*value)) continue;
      if (!std::exchange(any, true)) text += Header(metric.name, metric.help);
      fmt::format_to(std::back_inserter(text), "{}{{{}}} {}\n", metric.name, one.labels, *value);
    }
  }
  return text;
}

}  // namespace qbench::reports
