#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/json.h"
#include "harness/results/summary.h"
#include "reports/reports.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Json Parsed(const Runs& runs) {
  const Result<Json> json = ParseJson(BenchmarkJsonReport(runs));
  EXPECT_TRUE(json.ok()) << json.status().message();
  return json.ok() ? *json : Json();
}

std::vector<std::string> RunNames(const Json& report) {
  std::vector<std::string> names;
  for (const Json& entry : report["benchmarks"]) {
    if (names.empty() || names.back() != entry["run_name"]) names.push_back(entry["run_name"]);
  }
  return names;
}

TEST(BenchmarkJson, GivesARepetitionAProcessAndAggregatesThatAgreeWithTheCsv) {
  const store::RunData run = store::LoadSampleRun({.images = 12, .processes = 3});
  const Json report = Parsed({run});
  const std::vector<results::CellSummary> cells = results::Summarize(run);
  const Json& entries = report["benchmarks"];
  ASSERT_EQ(entries.size(), cells.size() * 7);  // 3 processes; mean, median, stddev, cv
  for (size_t cell = 0; cell < cells.size(); ++cell) {
    const std::vector<double> medians = results::ProcessMediansMs(run.cells[cell]);
    for (size_t i = 0; i < 3; ++i) {
      const Json& entry = entries[cell * 7 + i];
      EXPECT_EQ(entry["run_type"], "iteration");
      EXPECT_EQ(entry["repetition_index"], i);
      EXPECT_EQ(entry["repetitions"], 3);
      EXPECT_EQ(entry["time_unit"], "ns");
      EXPECT_DOUBLE_EQ(entry["real_time"].get<double>() / 1e6, medians[i]);
      EXPECT_EQ(entry["cpu_time"], entry["real_time"]);
      EXPECT_EQ(entry["iterations"], results::LatencyOf(run.cells[cell])[i]->samples_ns.size());
    }
    const Json& median = entries[cell * 7 + 4];
    EXPECT_EQ(median["name"], entries[cell * 7]["name"].get<std::string>() + "_median");
    EXPECT_EQ(median["run_name"], entries[cell * 7]["run_name"]);
    EXPECT_EQ(median["aggregate_name"], "median");
    EXPECT_DOUBLE_EQ(median["real_time"].get<double>() / 1e6, *cells[cell].median_ms);
  }
}

TEST(BenchmarkJson, StandardDeviationIsThatOfASample) {
  store::RunData run = store::LoadSampleRun({.quantizers = {"float"}, .images = 12});
  double next = 1000;
  for (store::Measurement& measurement : run.cells[0].measurements) {
    if (measurement.kind != store::MeasurementKind::kLatency) continue;
    measurement.samples_ns = {next};
    next += 1000;
  }
  const Json entries = Parsed({run})["benchmarks"];  // 1000, 2000, 3000
  ASSERT_EQ(entries.size(), 7U);
  EXPECT_EQ(entries[3]["real_time"], 2000);
  EXPECT_EQ(entries[5]["aggregate_name"], "stddev");
  EXPECT_EQ(entries[5]["real_time"], 1000);
  EXPECT_EQ(entries[6]["aggregate_unit"], "percentage");
  EXPECT_EQ(entries[6]["real_time"], 0.5);
}

TEST(BenchmarkJson, OfOneProcessThereIsNoAggregate) {
  const Json report = Parsed({store::LoadSampleRun({.images = 12, .processes = 1})});
  for (const Json& entry : report["benchmarks"]) EXPECT_EQ(entry["run_type"], "iteration");
  EXPECT_THAT(RunNames(report),
              ElementsAre("mbv2_035_96/float/litert/threads:1", "mbv2_035_96/fp16/litert/threads:1",
                          "mbv2_035_96/int8/litert/threads:1"));
}

TEST(BenchmarkJson, RunsInOneFileAreToldApart) {
  const store::RunData one = store::LoadSampleRun({.quantizers = {"float"}, .images = 12});
  store::RunData other = one;
  other.run.id = 7;
  EXPECT_THAT(RunNames(Parsed({one, other})),
              ElementsAre("run:1/mbv2_035_96/float/litert/threads:1",
                          "run:7/mbv2_035_96/float/litert/threads:1"));
}

TEST(BenchmarkJson, WhatHasNoValidLatencyIsNamedAndLeftOut) {
  const store::RunData run =
      store::LoadSampleRun({.quantizers = {"float", "fp16", "dynamic", "int8", "uint8", "int16x8"},
                            .images = 12,
                            .with_failures = true});
  const Json report = Parsed({run});
  const Json& left_out = report["context"]["left_out"];
  ASSERT_EQ(left_out.size(), 4U);
  std::set<std::string> names;
  for (const Json& cell : left_out) {
    names.insert(cell["name"]);
    EXPECT_NE(cell["status"], "ok");
    EXPECT_NE(cell["reason"], "");
  }
  for (const std::string& name : RunNames(report)) EXPECT_FALSE(names.contains(name)) << name;
}

TEST(BenchmarkJson, AnEmptyListOfRunsIsAnEmptyList) {
  EXPECT_EQ(Parsed({})["benchmarks"], Json::array());
}

TEST(BenchmarkJson, ItsFormatHasAName) {
  EXPECT_EQ(*FormatFromName("benchmark-json"), Format::kBenchmarkJson);
  EXPECT_THAT(FormatFromName("xml").status().message(), HasSubstr("benchmark-json"));
}

}  // namespace
}  // namespace qbench::reports
