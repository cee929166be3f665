#include <gtest/gtest.h>

#include "reports/layer_report.h"
#include "reports/reports.h"
#include "tests/golden/golden_file.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using store::LoadSampleRun;
using store::SampleRunOptions;

// Three variants of one model.
store::RunData PlainRun() {
  SampleRunOptions options;
  options.images = 120;
  return LoadSampleRun(options);
}

// Twelve cells of which four failed, each in its own way.
store::RunData RunWithFailures() {
  SampleRunOptions options;
  options.quantizers = {"float", "fp16", "dynamic", "int8", "uint8", "int16x8"};
  options.threads = {1, 4};
  options.images = 120;
  options.with_failures = true;
  return LoadSampleRun(options);
}

// Two models, two runtimes, not finished.
store::RunData UnfinishedRun() {
  SampleRunOptions options;
  options.models = {"intel-cnn", "mbv2_035_96"};
  options.quantizers = {"float", "int8"};
  options.runtimes = {"litert", "reference"};
  options.images = 60;
  options.finished = false;
  return LoadSampleRun(options);
}

// A comparison of layers with one that is ruined, and one that failed.
store::RunData RunWithComparisons() {
  SampleRunOptions options;
  options.quantizers = {"float", "int8", "uint8"};
  options.images = 12;
  options.processes = 1;
  options.with_comparisons = true;
  return LoadSampleRun(options);
}

// The page without what is the same in every page: the styles, the program and the chart library.
std::string WithoutAssets(const std::string& html) {
  std::string rest = html;
  for (const auto& [open, close] :
       {std::pair{"<style>\n", "\n</style>"}, std::pair{"<script>\n", "\n</script>"}}) {
    size_t from = 0;
    while ((from = rest.find(open, from)) != std::string::npos) {
      from += std::string(open).size();
      const size_t to = rest.find(close, from);
      if (to == std::string::npos) break;
      rest.replace(from, to - from, "…");
    }
  }
  return rest;
}

TEST(Golden, Csv) {
  ExpectGolden("reports/golden/plain.csv", CsvReport({PlainRun()}));
  ExpectGolden("reports/golden/failures.csv", CsvReport({RunWithFailures()}));
  ExpectGolden("reports/golden/two_runs.csv", CsvReport({PlainRun(), UnfinishedRun()}));
}

TEST(Golden, CsvPredictions) {
  SampleRunOptions options;
  options.quantizers = {"float", "int8"};
  options.images = 12;
  ExpectGolden("reports/golden/predictions.csv", CsvPredictions({LoadSampleRun(options)}));
}

TEST(Golden, Json) {
  SampleRunOptions options;
  options.quantizers = {"float", "int8"};
  options.images = 12;
  options.processes = 1;
  ExpectGolden("reports/golden/small.json", JsonReport({LoadSampleRun(options)}));
}

// Failed cells and a throttled one are left out, and named.
TEST(Golden, BenchmarkJson) {
  ExpectGolden("reports/golden/failures.benchmark.json", BenchmarkJsonReport({RunWithFailures()}));
}

TEST(Golden, Markdown) {
  ExpectGolden("reports/golden/plain.md", MarkdownReport({PlainRun()}));
  ExpectGolden("reports/golden/failures.md", MarkdownReport({RunWithFailures(), UnfinishedRun()}));
  ExpectGolden("reports/golden/layers.md", MarkdownReport({RunWithComparisons()}));
}

TEST(Golden, Layers) {
  ExpectGolden("reports/golden/layers.txt", LayerText(store::SampleComparison()));
  ExpectGolden("reports/golden/layers.json", LayerJson(store::SampleComparison()).dump(1) + "\n");
}

TEST(Golden, TerminalTable) {
  ExpectGolden("reports/golden/plain.txt", TerminalTable(PlainRun()));
  ExpectGolden("reports/golden/failures.txt", TerminalTable(RunWithFailures()));
  ExpectGolden("reports/golden/unfinished.txt", TerminalTable(UnfinishedRun()));
}

TEST(Golden, HtmlPage) {
  for (const auto& [name, run] :
       {std::pair{"plain.html", PlainRun()}, std::pair{"failures.html", RunWithFailures()},
        std::pair{"unfinished.html", UnfinishedRun()},
        std::pair{"layers.html", RunWithComparisons()}}) {
    const auto html = HtmlReport({run});
    ASSERT_TRUE(html.ok()) << html.status().message();
    ExpectGolden(std::string("reports/golden/") + name, WithoutAssets(*html));
  }
}

}  // namespace
}  // namespace qbench::reports
