#include "reports/reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "harness/results/summary.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using store::LoadSampleRun;
using ::testing::HasSubstr;
using ::testing::Not;

// A name that means something to HTML, scripts, Markdown, CSV and mustache alike.
constexpr const char* kNasty = "a</script><script>alert(1)</script>,\"|*{{x}}&";

store::RunData NastyRun() {
  store::RunData run = LoadSampleRun({});
  for (auto& [id, model] : run.models) model.stem = kNasty;
  for (auto& [id, plugin] : run.plugins) {
    if (plugin.name == "int8") plugin.name = kNasty;
  }
  for (auto& [id, split] : run.splits) split.labels[0] = kNasty;
  run.cells[1].cell.reason = kNasty;
  run.cells[1].cell.status = store::Outcome::kFailed;
  run.run.host["cpu.name"] = kNasty;
  run.notes.push_back({0, 1, "", store::NoteSeverity::kWarning, kNasty});
  return run;
}

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(HtmlReport, EscapesWhateverTheRowsHold) {
  const std::string plain = *HtmlReport({LoadSampleRun({})});
  const std::string nasty = *HtmlReport({NastyRun()});
  EXPECT_THAT(nasty, HasSubstr("a&lt;/script&gt;&lt;script&gt;alert(1)"));
  EXPECT_THAT(nasty, HasSubstr("a\\u003c/script>"));  // in the chart's JSON
  EXPECT_THAT(nasty, Not(HasSubstr("<script>alert")));
  EXPECT_EQ(CountOf(nasty, "<script"), CountOf(plain, "<script"));
}

TEST(HtmlReport, SaysWhereRangesComeFrom) {
  store::RunData run = LoadSampleRun({});
  const Json ranges = {{"calibration", "octav"}, {"samples", 100}, {"runtime", "litert 2.3.0"}};
  run.artifacts.begin()->second.emitted = {{{"name", "ranges"}, {"value", ranges}}};
  EXPECT_THAT(*HtmlReport({run}), HasSubstr("ranges by octav on 100 images, litert 2.3.0"));
}

TEST(HtmlReport, AsksTheNetworkForNothing) {
  const std::string html = *HtmlReport({LoadSampleRun({})});
  EXPECT_THAT(html, HasSubstr("default-src 'none'"));  // the browser holds the page to it
  for (const char* part : {" src=", " href=", "url(", "@import"}) {
    EXPECT_THAT(html.substr(0, html.find("Chart.js v")), Not(HasSubstr(part)));
  }
}

TEST(HtmlReport, LeavesTheChartLibraryOutWhereNothingIsDrawn) {
  store::SampleRunOptions options;
  options.quantizers = {"int8"};
  EXPECT_LT(HtmlReport({LoadSampleRun(options)})->size(), 40'000U);
  EXPECT_GT(HtmlReport({LoadSampleRun({})})->size(), 200'000U);
}

TEST(HtmlReport, ListsTheWorstOfVeryManyClasses) {
  store::RunData run = LoadSampleRun({});
  for (auto& [id, split] : run.splits) {
    for (int i = 6; i < 1000; ++i) split.labels.push_back("class" + std::to_string(i));
  }
  const std::string html = *HtmlReport({run});
  EXPECT_THAT(html, HasSubstr("The 16 classes with the lowest accuracy, of 1000."));
  EXPECT_THAT(html, HasSubstr("taken for"));
  EXPECT_LT(html.size(), 400'000U);
}

TEST(HtmlReport, ShowsARunWithoutCells) {
  store::RunData empty;
  empty.run.id = 5;
  EXPECT_THAT(*HtmlReport({empty}), HasSubstr("run 5"));
  EXPECT_THAT(TerminalTable(empty), HasSubstr("run 5 · no cells"));
  EXPECT_THAT(MarkdownReport({empty}), HasSubstr("qbench run 5"));
}

TEST(CsvReport, QuotesAsRfc4180Says) {
  const std::string csv = CsvReport({NastyRun()});
  EXPECT_THAT(csv,
              HasSubstr("1,\"a</script><script>alert(1)</script>,\"\"|*{{x}}&\",float,,litert"));
  EXPECT_EQ(CountOf(csv, "\n"), 4U);
}

TEST(CsvReport, LeavesEmptyWhatWasNotMeasured) {
  store::RunData run = LoadSampleRun({});
  run.cells.resize(1);
  run.cells[0].measurements.clear();
  run.cells[0].cell.artifact_id.reset();
  const std::string csv = CsvReport({run});
  EXPECT_THAT(csv, HasSubstr("ok,ok,ok,,,,,,,,,,,,,,,,,,"));
}

TEST(CsvPredictions, LeavesEmptyWhatCouldNotBePredicted) {
  store::RunData run = LoadSampleRun({});
  for (auto& measurement : run.cells[0].measurements) {
    if (measurement.predictions.empty()) continue;
    measurement.predictions[0] = -1;
    measurement.confidences[0] = 0;
  }
  EXPECT_THAT(CsvPredictions({run}), HasSubstr("test,buildings/1000.jpg,buildings,,\n"));
}

TEST(JsonReport, HasTheCsvColumnsUnderTheSameNames) {
  const store::RunData run = LoadSampleRun({});
  const auto report = ParseJson(JsonReport({run}));
  ASSERT_TRUE(report.ok()) << report.status().message();
  const Json& cell = (*report)["runs"][0]["cells"][1];
  const auto summary = results::Summarize(run)[1];
  EXPECT_EQ(cell["median_ms"].get<double>(), *summary.median_ms);
  EXPECT_EQ(cell["top1"].get<double>(), *summary.top1);
  store::ForEachField(
      summary, [&](const char* name, const auto&) { EXPECT_TRUE(cell.contains(name)) << name; });
  EXPECT_EQ(cell["measurements"].back()["samples_ns"].size(), 160U);
}

TEST(MarkdownReport, EscapesWhateverTheRowsHold) {
  EXPECT_THAT(MarkdownReport({NastyRun()}), HasSubstr("a\\</script\\>"));
}

TEST(Render, KnowsItsFormats) {
  for (const char* name : {"html", "csv", "md", "json"}) {
    const auto format = FormatFromName(name);
    ASSERT_TRUE(format.ok());
    EXPECT_TRUE(Render(*format, {LoadSampleRun({})}).ok());
  }
  EXPECT_THAT(FormatFromName("pdf").status().message(),
              HasSubstr("html, csv, md, json, benchmark-json, bencher"));
}

// What one process, or few samples, cannot tell is said by no report.
TEST(Reports, ASingleProcessHasNoDeviation) {
  store::SampleRunOptions options;
  options.processes = 1;
  store::RunData run = LoadSampleRun(options);
  const std::string html = *HtmlReport({run});
  EXPECT_THAT(html, Not(HasSubstr(">0.00<")));
  EXPECT_THAT(TerminalTable(run), HasSubstr("≈0.46×"));
  EXPECT_THAT(TerminalTable(run), HasSubstr("--repetitions 3"));
  const Json cell = (*ParseJson(JsonReport({run})))["runs"][0]["cells"][2];
  EXPECT_TRUE(cell["mad_ms"].is_null());
  EXPECT_TRUE(cell["ratio_low"].is_null());
  EXPECT_FALSE(cell["p90_ms"].is_null());  // of 160 samples
  for (auto& data : run.cells) {
    for (auto& measurement : data.measurements) {
      if (!measurement.samples_ns.empty()) measurement.samples_ns.resize(63);
    }
  }
  const Json few = (*ParseJson(JsonReport({run})))["runs"][0]["cells"][2];
  EXPECT_TRUE(few["p90_ms"].is_null());
  EXPECT_TRUE(few["p90_ratio_to_float"].is_null());
}

TEST(Reports, SayTieNoisyAndSameFileInPlaceOfARatio) {
  store::SampleRunOptions options;
  options.quantizers = {"float", "fp16", "dynamic", "int8"};
  store::RunData run = LoadSampleRun(options);
  run.cells[2].cell.artifact_id = run.cells[0].cell.artifact_id;
  for (auto& measurement : run.cells[3].measurements) {
    if (measurement.repetition != 1) continue;
    for (double& sample : measurement.samples_ns) sample *= 1.4;
  }
  const std::string table = TerminalTable(run);
  for (const char* word : {"tie", "same file", "noisy"})
    EXPECT_EQ(CountOf(table, word + std::string("  ")), 1U) << word << table;
  EXPECT_THAT(MarkdownReport({run}), HasSubstr("covers 90 %"));
}

// Every column and key has its line in the documentation.
TEST(Formats, AreDocumented) {
  const std::string page = *ReadTextFile(std::string(QBENCH_SOURCE_DIR) + "/docs/formats.md");
  auto expect_documented = [&](const char* name, const auto&) {
    EXPECT_THAT(page, HasSubstr("`" + std::string(name) + "`"));
  };
  store::ForEachField(results::CellSummary(), expect_documented);
  store::ForEachField(store::Run(), expect_documented);
  store::ForEachField(store::Model(), expect_documented);
  store::ForEachField(store::Plugin(), expect_documented);
  store::ForEachField(store::Artifact(), expect_documented);
  store::SampleRunOptions options;
  options.with_comparisons = true;
  const auto report = ParseJson(JsonReport({LoadSampleRun(options)}));
  for (const auto& [key, value] : (*report)["runs"][0].items()) {
    EXPECT_THAT(page, HasSubstr("`" + key + "`"));
  }
  for (const auto& [key, value] : (*report)["runs"][0]["cells"][0]["measurements"][0].items()) {
    EXPECT_THAT(page, HasSubstr("`" + key + "`"));
  }
  for (const auto& [key, value] : (*report)["runs"][0]["comparisons"][0].items()) {
    EXPECT_THAT(page, HasSubstr("`" + key + "`"));
  }
  for (const auto& [key, value] : (*report)["runs"][0]["comparisons"][0]["layers"][0].items()) {
    EXPECT_THAT(page, HasSubstr("`" + key + "`"));
  }
}

}  // namespace
}  // namespace qbench::reports
