// Reports for programs that are not ours, held against what those take.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <set>
#include <sstream>

#include "base/files.h"
#include "base/json.h"
#include "harness/results/summary.h"
#include "reports/junit_report.h"
#include "reports/reports.h"
#include "tests/golden/golden_file.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

store::RunData PlainRun() { return store::LoadSampleRun({.images = 120}); }

store::RunData RunWithFailures() {
  return store::LoadSampleRun(
      {.quantizers = {"float", "fp16", "dynamic", "int8", "uint8", "int16x8"},
       .images = 120,
       .with_failures = true});
}

// What nobody calls a model, in every text that a report shows.
store::RunData HostileRun() {
  store::RunData run = RunWithFailures();
  const std::string name = "a\"b\\c<d>&'\n\x01\xEF\xBF\xBE\xff";
  for (auto& [id, model] : run.models) model.stem = name;
  for (auto& [id, plugin] : run.plugins) plugin.name += name;
  for (store::CellData& cell : run.cells) cell.cell.reason += name;
  run.run.name = name;
  run.run.git_state = name;
  run.run.host[name] = name;
  return run;
}

// Latencies and scores that are no numbers, which a file that was edited may hold.
store::RunData RunOfNoNumbers() {
  store::RunData run = PlainRun();
  for (store::CellData& cell : run.cells) {
    for (store::Measurement& measurement : cell.measurements) {
      for (double& sample : measurement.samples_ns) {
        sample = std::numeric_limits<double>::quiet_NaN();
      }
      measurement.first_ms = std::numeric_limits<double>::infinity();
      measurement.wall_seconds = std::numeric_limits<double>::infinity();
    }
  }
  return run;
}

Json Parsed(const std::string& text) {
  const Result<Json> json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << json.status().message();
  return json.ok() ? *json : Json();
}

TEST(Exports, Goldens) {
  ExpectGolden("reports/golden/failures.bencher.json", BencherReport({RunWithFailures()}));
  ExpectGolden("reports/golden/failures.github-benchmark.json",
               GithubBenchmarkReport({RunWithFailures()}));
  ExpectGolden("reports/golden/failures.junit.xml", JunitReport({RunWithFailures()}));
  ExpectGolden("reports/golden/failures.prom", PrometheusReport({RunWithFailures()}));
}

// The schema that Bencher documents: objects of objects with the number `value`, and perhaps the
// numbers `lower_value` and `upper_value`.
TEST(Bencher, FollowsItsSchema) {
  for (const store::RunData& run :
       {PlainRun(), RunWithFailures(), HostileRun(), RunOfNoNumbers()}) {
    const Json report = Parsed(BencherReport({run}));
    ASSERT_TRUE(report.is_object());
    EXPECT_FALSE(report.empty());
    for (const auto& [name, measures] : report.items()) {
      EXPECT_LE(name.size(), 1024U);
      ASSERT_FALSE(measures.empty()) << name;
      for (const auto& [measure, metric] : measures.items()) {
        ASSERT_TRUE(metric.at("value").is_number()) << name << measure;
        for (const auto& [key, value] : metric.items()) {
          EXPECT_TRUE(key == "value" || key == "lower_value" || key == "upper_value") << key;
          EXPECT_TRUE(value.is_number());
        }
        if (!metric.contains("lower_value")) continue;
        EXPECT_LE(metric["lower_value"], metric["value"]) << name << measure;
        EXPECT_GE(metric["upper_value"], metric["value"]) << name << measure;
      }
    }
  }
}

TEST(Bencher, GivesNanosecondsAndBytes) {
  const store::RunData run = PlainRun();
  const results::CellSummary cell = results::Summarize(run)[0];
  const Json measures =
      Parsed(BencherReport({run})).at("mbv2_035_96/float/litert/threads:1/scenes/test");
  EXPECT_DOUBLE_EQ(measures["latency"]["value"].get<double>(), *cell.median_ms * 1e6);
  EXPECT_EQ(measures["file-size"]["value"], *cell.file_bytes);
  EXPECT_EQ(measures["memory"]["value"], *cell.peak_rss_bytes);
  EXPECT_DOUBLE_EQ(measures["accuracy"]["value"].get<double>(), *cell.top1);
  EXPECT_DOUBLE_EQ(measures["accuracy"]["lower_value"].get<double>(), *cell.top1_low);
}

// As the tool reads them: a list of objects with texts `name` and `unit`, the number `value`, and
// perhaps texts `range` and `extra`.
TEST(GithubBenchmark, FollowsItsSchema) {
  for (const store::RunData& run :
       {PlainRun(), RunWithFailures(), HostileRun(), RunOfNoNumbers()}) {
    const Json report = Parsed(GithubBenchmarkReport({run}));
    ASSERT_TRUE(report.is_array());
    EXPECT_FALSE(report.empty());
    std::set<std::string> names;
    for (const Json& entry : report) {
      EXPECT_TRUE(names.insert(entry.at("name")).second) << entry;
      EXPECT_TRUE(entry.at("unit").is_string());
      EXPECT_TRUE(entry.at("value").is_number()) << entry;
      EXPECT_GE(entry.at("value"), 0) << entry;
      for (const auto& [key, value] : entry.items()) {
        const bool text = key == "name" || key == "unit" || key == "range" || key == "extra";
        EXPECT_TRUE(text ? value.is_string() : key == "value") << key;
      }
    }
  }
}

TEST(GithubBenchmark, OfEveryFigureLessIsBetter) {
  const store::RunData run = PlainRun();
  const results::CellSummary cell = results::Summarize(run)[0];
  bool found = false;
  for (const Json& entry : Parsed(GithubBenchmarkReport({run}))) {
    if (entry["name"] != "mbv2_035_96/float/litert/threads:1/scenes/test top-1 error") continue;
    found = true;
    EXPECT_DOUBLE_EQ(entry["value"].get<double>(), 100 * (1 - *cell.top1));
    EXPECT_EQ(entry["unit"], "%");
    EXPECT_THAT(entry["range"].get<std::string>(), HasSubstr("± "));
  }
  EXPECT_TRUE(found);
}

TEST(Exports, CellsOfOneNameAreToldApart) {
  store::RunData run = PlainRun();
  store::CellData twin = run.cells[0];
  run.cells.push_back(twin);  // as of another model file with the same name
  const Json report = Parsed(BencherReport({run}));
  EXPECT_EQ(report.size(), 4U);
  EXPECT_TRUE(report.contains("mbv2_035_96/float/litert/threads:1/scenes/test#2"));
  EXPECT_THAT(PrometheusReport({run}), HasSubstr(",same_name=\"2\"} "));
  store::RunData other = PlainRun();
  other.run.id = 7;
  EXPECT_TRUE(Parsed(BencherReport({PlainRun(), other}))
                  .contains("run:7/mbv2_035_96/float/litert/threads:1/scenes/test"));
}

TEST(Exports, NoRunsAreAnEmptyFile) {
  EXPECT_EQ(Parsed(BencherReport({})), Json::object());
  EXPECT_EQ(Parsed(GithubBenchmarkReport({})), Json::array());
  EXPECT_EQ(PrometheusReport({}), "");
  EXPECT_THAT(JunitReport({}), HasSubstr("<testsuites name=\"qbench\" tests=\"0\""));
}

// Every line is a comment or `name{label="…",…} number`, each series once, and all series of a
// metric stand together behind its HELP and TYPE.
TEST(Prometheus, FollowsTheTextFormat) {
  for (const store::RunData& run :
       {PlainRun(), RunWithFailures(), HostileRun(), RunOfNoNumbers()}) {
    std::istringstream lines(PrometheusReport({run}));
    std::set<std::string> series;
    std::set<std::string> metrics;
    std::string metric;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("# HELP ")) {
        metric = line.substr(7, line.find(' ', 7) - 7);
        EXPECT_TRUE(metrics.insert(metric).second) << line;
        std::getline(lines, line);
        EXPECT_EQ(line, "# TYPE " + metric + " gauge");
        continue;
      }
      const size_t end = line.rfind("} ");
      ASSERT_NE(end, std::string::npos) << line;
      EXPECT_EQ(line.substr(0, line.find('{')), metric);
      EXPECT_TRUE(series.insert(line.substr(0, end)).second) << line;
      const double value = std::strtod(line.c_str() + end + 2, nullptr);
      EXPECT_TRUE(std::isfinite(value)) << line;
    }
    EXPECT_GT(series.size(), 6U);
  }
}

TEST(Prometheus, EscapesLabels) {
  EXPECT_THAT(PrometheusReport({HostileRun()}),
              AllOf(HasSubstr(R"(model="a\"b\\c<d>&' )"), Not(HasSubstr("\x01"))));
}

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(Junit, ACellIsATest) {
  const std::string xml = JunitReport({RunWithFailures()});
  EXPECT_EQ(CountOf(xml, "<testcase "), 6U);
  EXPECT_EQ(CountOf(xml, "<error "), 2U);    // crashed, timed out
  EXPECT_EQ(CountOf(xml, "<skipped "), 2U);  // unsupported, throttled
  EXPECT_EQ(CountOf(xml, "tests=\"6\" failures=\"0\" errors=\"2\" skipped=\"2\""), 2U);
  EXPECT_THAT(xml,
              AllOf(HasSubstr("<error type=\"crashed\" message=\"the worker ended by signal 11"),
                    HasSubstr("timestamp=\"2025-11-20T21:04:05\"")));
}

TEST(Junit, TheVerdictOfANightIsTheTests) {
  const store::RunData run = PlainRun();
  results::Night night;
  for (const results::Judgement judgement :
       {results::Judgement::kWorse, results::Judgement::kInvalid,
        results::Judgement::kMaybeWorse}) {
    results::NightCell& cell = night.cells.emplace_back();
    cell.figures.judgement = judgement;
    cell.sentence = "sentence of " + std::string(Name(judgement));
  }
  night.sentence = "Regression: 1 of 3";
  const std::string xml = JunitReport({run}, {{run.run.id, night}});
  EXPECT_THAT(xml,
              AllOf(HasSubstr("<failure type=\"worse\" message=\"sentence of worse\">"),
                    HasSubstr("<skipped message=\"invalid: sentence of invalid\"/>"),
                    HasSubstr("gate: sentence of worse?"), HasSubstr("gate: Regression: 1 of 3")));
  EXPECT_EQ(CountOf(xml, "tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""), 2U);
}

TEST(Junit, TextsAreEscaped) {
  const std::string xml = JunitReport({HostileRun()});
  EXPECT_THAT(xml, AllOf(HasSubstr("a&quot;b\\c&lt;d&gt;&amp;"), Not(HasSubstr("\x01")),
                         Not(HasSubstr("\xEF\xBF\xBE")), Not(HasSubstr("\xff"))));
  EXPECT_THAT(JunitReport({RunOfNoNumbers()}), AllOf(Not(HasSubstr("inf")), Not(HasSubstr("nan"))));
}

// The tools themselves, where they are installed (scripts/check_exports.sh installs them).
class ReaderTest : public ::testing::Test {
 protected:
  static bool Has(const std::string& command) {
    return std::system(("command -v " + command + " >/dev/null 2>&1").c_str()) == 0;
  }
  void ExpectTaken(const std::string& command, const std::string& report) {
    const std::filesystem::path file = folder_->path() / "report";
    ASSERT_TRUE(WriteFileAtomically(file, report).ok());
    EXPECT_EQ(std::system((command + " < '" + file.string() + "'").c_str()), 0) << report;
  }
  Result<TempDir> folder_ = TempDir::Create("qbench-exports-test");
};

TEST_F(ReaderTest, Promtool) {
  if (!Has("promtool")) GTEST_SKIP() << "promtool is not installed";
  for (const store::RunData& run : {RunWithFailures(), HostileRun(), RunOfNoNumbers()}) {
    ExpectTaken("promtool check metrics", PrometheusReport({run}));
  }
}

TEST_F(ReaderTest, Xmllint) {
  if (!Has("xmllint")) GTEST_SKIP() << "xmllint is not installed";
  for (const store::RunData& run : {RunWithFailures(), HostileRun(), RunOfNoNumbers()}) {
    ExpectTaken("xmllint --noout -", JunitReport({run}));
  }
}

}  // namespace
}  // namespace qbench::reports
