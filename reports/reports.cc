#include "reports/reports.h"

#include "reports/junit_report.h"

namespace qbench::reports {

Result<Format> FormatFromName(std::string_view name) {
  if (name == "html") return Format::kHtml;
  if (name == "csv") return Format::kCsv;
  if (name == "md" || name == "markdown") return Format::kMarkdown;
  if (name == "json") return Format::kJson;
  if (name == "benchmark-json") return Format::kBenchmarkJson;
  if (name == "bencher") return Format::kBencher;
  if (name == "github-benchmark") return Format::kGithubBenchmark;
  if (name == "junit") return Format::kJunit;
  if (name == "prometheus") return Format::kPrometheus;
  return Error(StatusCode::kInvalidArgument,
               "no report format '{}': choose html, csv, md, json, benchmark-json, bencher, "
               "github-benchmark, junit or prometheus",
               name);
}

Result<std::string> Render(Format format, const Runs& runs, const ReportOptions& options) {
  switch (format) {
    case Format::kHtml:
      return HtmlReport(runs, options);
    case Format::kCsv:
      return CsvReport(runs);
    case Format::kMarkdown:
      return MarkdownReport(runs, options);
    case Format::kJson:
      return JsonReport(runs, options);
    case Format::kBenchmarkJson:
      return BenchmarkJsonReport(runs);
    case Format::kBencher:
      return BencherReport(runs);
    case Format::kGithubBenchmark:
      return GithubBenchmarkReport(runs);
    case Format::kJunit:
      return JunitReport(runs);
    case Format::kPrometheus:
      return PrometheusReport(runs);
  }
  return Error(StatusCode::kInternal, "unknown report format");
}

}  // namespace qbench::reports
