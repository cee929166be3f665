#include "reports/reports.h"

namespace qbench::reports {

Result<Format> FormatFromName(std::string_view name) {
  if (name == "html") return Format::kHtml;
  if (name == "csv") return Format::kCsv;
  if (name == "md" || name == "markdown") return Format::kMarkdown;
  if (name == "json") return Format::kJson;
  if (name == "benchmark-json") return Format::kBenchmarkJson;
  return Error(StatusCode::kInvalidArgument,
               "no report format '{}': choose html, csv, md, json or benchmark-json", name);
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
  }
  return Error(StatusCode::kInternal, "unknown report format");
}

}  // namespace qbench::reports
