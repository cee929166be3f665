#include "tests/benchmarks/benchmark_verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/json.h"

namespace qbench::benchmarks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// An entry as Google Benchmark writes it.
Json Entry(const std::string& name, double time, const std::string& unit = "us") {
  return {{"name", name},       {"run_name", name},      {"run_type", "iteration"},
          {"repetitions", 1},   {"repetition_index", 0}, {"threads", 1},
          {"iterations", 1000}, {"real_time", time},     {"cpu_time", time / 2},
          {"time_unit", unit}};
}

std::string File(std::vector<Json> entries) {
  return Json{{"context", {{"executable", "made up"}}}, {"benchmarks", entries}}.dump();
}

std::vector<BenchmarkTime> Times(const std::string& json, TimeKind kind = TimeKind::kReal) {
  const auto times = ReadBenchmarkTimes(json, kind);
  EXPECT_TRUE(times.ok()) << times.status().message();
  return times.ok() ? *times : std::vector<BenchmarkTime>();
}

std::string Refusal(const std::string& json) {
  const auto times = ReadBenchmarkTimes(json, TimeKind::kReal);
  return times.ok() ? "accepted" : times.status().message();
}

TEST(BenchmarkTimes, AreReadInEveryUnitAndOfBothClocks) {
  const std::string file =
      File({Entry("a", 5, "ns"), Entry("b", 5, "us"), Entry("c", 5, "ms"), Entry("d", 5, "s")});
  const std::vector<BenchmarkTime> real = Times(file);
  ASSERT_EQ(real.size(), 4U);
  EXPECT_EQ(real[0].name, "a");
  EXPECT_DOUBLE_EQ(real[0].ns, 5);
  EXPECT_DOUBLE_EQ(real[1].ns, 5e3);
  EXPECT_DOUBLE_EQ(real[2].ns, 5e6);
  EXPECT_DOUBLE_EQ(real[3].ns, 5e9);
  EXPECT_DOUBLE_EQ(Times(file, TimeKind::kCpu)[1].ns, 2.5e3);
}

TEST(BenchmarkTimes, OfRepetitionsAreTheirMedianAndAggregatesAreLeftOut) {
  Json mean = Entry("a_mean", 1000);
  mean["run_type"] = "aggregate";
  const std::vector<BenchmarkTime> times =
      Times(File({Entry("a", 7), Entry("a", 1), Entry("a", 3), mean}));
  ASSERT_EQ(times.size(), 1U);
  EXPECT_DOUBLE_EQ(times[0].ns, 3e3);
}

TEST(BenchmarkTimes, AreRefusedWhereTheFileIsNotSound) {
  EXPECT_THAT(Refusal("{"), HasSubstr("JSON"));
  EXPECT_THAT(Refusal("{}"), HasSubstr("benchmarks"));
  EXPECT_THAT(Refusal(R"({"benchmarks": 3})"), HasSubstr("no list"));
  EXPECT_THAT(Refusal(R"({"benchmarks": [3]})"), HasSubstr("name"));
  EXPECT_THAT(Refusal(File({})), HasSubstr("no benchmark"));
  EXPECT_THAT(Refusal(File({Entry("a", 1, "fortnights")})), HasSubstr("fortnights"));
  EXPECT_THAT(Refusal(File({Entry("a", 0)})), HasSubstr("no time"));
  EXPECT_THAT(Refusal(File({Entry("a", -1)})), HasSubstr("no time"));
  Json failed = Entry("a", 1);
  failed["error_occurred"] = true;
  failed["error_message"] = "no such file";
  EXPECT_THAT(Refusal(File({Entry("b", 1), failed})), HasSubstr("a failed: no such file"));
}

// Pairs in which the machine is slower and slower, which slows both builds alike, with a little
// noise; `ratios` says how much slower each benchmark is in the new build.
std::vector<ProcessPair> Pairs(size_t count, const std::map<std::string, double>& ratios) {
  std::vector<ProcessPair> pairs;
  for (size_t i = 0; i < count; ++i) {
    const double drift = 1 + 0.1 * static_cast<double>(i);
    const double noise = 1 + 0.001 * static_cast<double>(i * 7 % 5) - 0.002;
    ProcessPair pair;
    for (const auto& [name, ratio] : ratios) {
      pair.base.push_back({name, 1000 * drift});
      pair.changed.push_back({name, 1000 * drift * ratio * noise});
    }
    pairs.push_back(std::move(pair));
  }
  return pairs;
}

TEST(CompareBuilds, TellsSlowerAndFasterFromWhatStays) {
  const auto comparison = CompareBuilds(
      Pairs(12, {{"fast", 0.9}, {"same", 1.0}, {"slow", 1.1}, {"small", 1.01}}), 0.02);
  ASSERT_TRUE(comparison.ok()) << comparison.status().message();
  ASSERT_EQ(comparison->benchmarks.size(), 4U);
  const std::vector<Verdict> expected = {Verdict::kFaster, Verdict::kSame, Verdict::kSlower,
                                         Verdict::kSame};
  const std::vector<double> ratios = {0.9, 1.0, 1.1, 1.01};
  for (size_t i = 0; i < 4; ++i) {
    const ComparedBenchmark& one = comparison->benchmarks[i];
    EXPECT_EQ(one.verdict, expected[i]) << one.name;
    EXPECT_NEAR(one.ratio.ratio, ratios[i], 0.003) << one.name;
    EXPECT_LE(one.ratio.interval.low, one.ratio.ratio);
    EXPECT_GE(one.ratio.interval.high, one.ratio.ratio);
  }
  const std::string text = DescribeComparison(*comparison);
  EXPECT_THAT(text, HasSubstr("1 of 4 got slower by more than 2 %: slow (+10.0 %)."));
  EXPECT_THAT(text, HasSubstr("1 of 4 got faster by more than 2 %: fast (-10.0 %)."));
  EXPECT_THAT(text, HasSubstr("12 pairs"));
}

TEST(CompareBuilds, ALimitOfNothingMakesASmallChangeOne) {
  const auto comparison = CompareBuilds(Pairs(12, {{"small", 1.01}}), 0);
  ASSERT_TRUE(comparison.ok());
  EXPECT_EQ(comparison->benchmarks[0].verdict, Verdict::kSlower);
}

// One process of twelve that was disturbed does not make a build slow.
TEST(CompareBuilds, ADisturbedProcessIsNoVerdict) {
  std::vector<ProcessPair> pairs = Pairs(12, {{"same", 1.0}});
  pairs[3].changed[0].ns *= 5;
  const auto comparison = CompareBuilds(pairs, 0.02);
  ASSERT_TRUE(comparison.ok());
  EXPECT_EQ(comparison->benchmarks[0].verdict, Verdict::kSame);
  EXPECT_THAT(DescribeComparison(*comparison), HasSubstr("None of 1 benchmarks changed"));
}

TEST(CompareBuilds, WhatOneBuildLacksIsNamedAndNotJudged) {
  std::vector<ProcessPair> pairs = Pairs(12, {{"both", 1.0}});
  for (ProcessPair& pair : pairs) {
    pair.base.push_back({"gone", 5});
    pair.changed.push_back({"added", 5});
  }
  const auto comparison = CompareBuilds(pairs, 0.02);
  ASSERT_TRUE(comparison.ok()) << comparison.status().message();
  EXPECT_EQ(comparison->benchmarks.size(), 1U);
  EXPECT_THAT(comparison->only_in_base, ElementsAre("gone"));
  EXPECT_THAT(comparison->only_in_changed, ElementsAre("added"));
  EXPECT_THAT(DescribeComparison(*comparison),
              HasSubstr("Only in base: gone.\nOnly in new: added."));
}

TEST(CompareBuilds, MoreBenchmarksNeedMorePairs) {
  EXPECT_EQ(PairsNeeded(1), 6U);    // 2^-5 = 0.031
  EXPECT_EQ(PairsNeeded(40), 11U);  // 2^-10 = 0.00098 < 0.05 / 40
  std::map<std::string, double> forty;
  for (int i = 0; i < 40; ++i) forty["b" + std::to_string(i)] = 1.0;
  const auto few = CompareBuilds(Pairs(10, forty), 0.02);
  ASSERT_FALSE(few.ok());
  EXPECT_THAT(few.status().message(), HasSubstr("10 pairs are too few to judge 40 benchmarks: at "
                                                "least 11"));
  EXPECT_TRUE(CompareBuilds(Pairs(11, forty), 0.02).ok());
}

TEST(CompareBuilds, RefusesProcessesThatDoNotFitTogether) {
  std::vector<ProcessPair> missing = Pairs(12, {{"a", 1.0}, {"b", 1.0}});
  missing[5].changed.pop_back();
  EXPECT_THAT(CompareBuilds(missing, 0.02).status().message(), HasSubstr("b is missing in some"));
  std::vector<ProcessPair> late = Pairs(12, {{"a", 1.0}});
  late[7].base.push_back({"z", 3});
  EXPECT_THAT(CompareBuilds(late, 0.02).status().message(), HasSubstr("z is missing in some"));
  std::vector<ProcessPair> twice = Pairs(12, {{"a", 1.0}});
  twice[0].base.push_back({"a", 3});
  EXPECT_THAT(CompareBuilds(twice, 0.02).status().message(), HasSubstr("a twice"));
  EXPECT_THAT(CompareBuilds({}, 0.02).status().message(), HasSubstr("no benchmark in common"));
}

TEST(CompareBuilds, PrintsTimesInUnitsThatFit) {
  std::vector<ProcessPair> pairs;
  for (int i = 0; i < 12; ++i) {
    const std::vector<BenchmarkTime> times = {{"a", 12}, {"b", 3400}, {"c", 5.6e6}};
    pairs.push_back({times, times});
  }
  const std::string text = DescribeComparison(*CompareBuilds(pairs, 0.02));
  EXPECT_THAT(text, HasSubstr("12.0 ns"));
  EXPECT_THAT(text, HasSubstr("3.40 us"));
  EXPECT_THAT(text, HasSubstr("5.600 ms"));
  EXPECT_THAT(text, Not(HasSubstr(" \n")));
}

}  // namespace
}  // namespace qbench::benchmarks
