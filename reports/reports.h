// Reports: from the rows of the store to text. Every report is a function of the loaded runs alone:
// no clock, no file, no network, the same bytes for the same rows. docs/formats.md documents the
// columns and keys.
//
// Any thread. The runs must be as Store::LoadRun returns them (checked references and sizes).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "harness/results/recommendation.h"
#include "harness/store/store.h"
#include "reports/pictures.h"

namespace qbench::reports {

using Runs = std::vector<store::RunData>;

// What a report may be told beside the runs.
struct ReportOptions {
  results::Requirements requirements = {};  // of the variant that is recommended
  Pictures pictures = {};                   // of the images of WantedPictures; the page shows them
};

enum class Format {
  kHtml,
  kCsv,
  kMarkdown,
  kJson,
  kBenchmarkJson,
  kBencher,
  kGithubBenchmark,
  kJunit,
  kPrometheus,
};
// "html", "csv", "md" (or "markdown"), "json", "benchmark-json", "bencher", "github-benchmark",
// "junit", "prometheus"; kInvalidArgument naming them otherwise.
Result<Format> FormatFromName(std::string_view name);

// One row a cell (RFC 4180, but lines end with a plain line feed): a header, then the cells of the
// runs in the order given. The columns are those of results::CellSummary.
std::string CsvReport(const Runs& runs);

// One row an image and cell that has predictions.
std::string CsvPredictions(const Runs& runs);

// One row an operator (or step of the runtime) and cell that was profiled, in the order in which
// they ran. Rates are empty where the time is 0.
std::string CsvProfile(const Runs& runs);

// One object: {"runs": […]}, for machines.
std::string JsonReport(const Runs& runs, const ReportOptions& options = {});

// The same piece by piece, of runs that were read in short (harness/results/reduced_run.h):
// visit(i, visitor) calls visitor(cell) for each cell of runs[i], in its order, with all that was
// measured of it (store::Store::VisitCells). The first status that is not OK is returned.
using Sink = std::function<Status(std::string_view piece)>;
using CellVisitor = std::function<Status(const store::CellData& cell)>;
using VisitCellsOf = std::function<Status(size_t run, const CellVisitor& visitor)>;
Status WriteJsonReport(const Runs& runs, const ReportOptions& options, const VisitCellsOf& visit,
                       const Sink& sink);

// The latencies as Google Benchmark writes them with --benchmark_out, for its tools/compare.py: a
// repetition a process, whose time is the median of its samples. Cells without a valid latency are
// named in the context under `left_out`.
std::string BenchmarkJsonReport(const Runs& runs);

// For programs that follow figures from run to run (docs/exports.md). What has no valid figure is
// left out; names are the same in every run.
std::string BencherReport(const Runs& runs);          // Bencher's metric format
std::string GithubBenchmarkReport(const Runs& runs);  // customSmallerIsBetter
std::string PrometheusReport(const Runs& runs);       // a file for the textfile collector

// GitHub-flavoured Markdown: a table for each run, what failed, and warnings.
std::string MarkdownReport(const Runs& runs, const ReportOptions& options = {});

// The table that closes `qbench run`: plain text, aligned, a line for each failed cell and each
// warning. Ends with a line feed.
std::string TerminalTable(const store::RunData& run, const ReportOptions& options = {});

// The images that the page of these runs shows, those that matter most first, each once.
std::vector<PictureKey> WantedPictures(const Runs& runs);

// A page of more cells than this shows them in groups, says so, and draws no samples: it can be
// made of runs that were read in short.
inline constexpr size_t kMostPageCells = 400;

// One self-contained page. kInternal where the page's template is broken.
Result<std::string> HtmlReport(const Runs& runs, const ReportOptions& options = {});

// One of the above.
Result<std::string> Render(Format format, const Runs& runs, const ReportOptions& options = {});

}  // namespace qbench::reports
