// A run that is read in short says the same as the whole one.
#include "harness/results/reduced_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "SQLiteCpp/SQLiteCpp.h"
#include "base/files.h"
#include "harness/results/comparison.h"
#include "harness/results/summary.h"
#include "tests/store/same_fields.h"
#include "tests/store/sample_run.h"

namespace qbench::results {
namespace {

class ReducedRunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store::SampleRunOptions options;
    options.quantizers = {"float", "fp16", "dynamic", "int8", "uint8", "int16x8"};
    options.images = 120;
    options.full_conditions = true;
    options.with_failures = true;
    ASSERT_TRUE(store::StoreSampleRun(*store_, options).ok());
  }

  Result<TempDir> folder_ = TempDir::Create("qbench-reduced-test");
  Result<store::Store> store_ =
      store::Store::Open(folder_->path() / "d.sqlite", store::OpenMode::kReadWrite);
};

TEST_F(ReducedRunTest, SummariesAreThose) {
  const auto whole = store_->LoadRun(1);
  const auto reduced = LoadReduced(*store_, 1, Keep::kSummaries);
  ASSERT_TRUE(whole.ok() && reduced.ok()) << reduced.status().message();
  const std::vector<CellSummary> expected = Summarize(*whole);
  const std::vector<CellSummary> got = Summarize(*reduced);
  ASSERT_EQ(got.size(), expected.size());
  EXPECT_FALSE(got[0].runtime_facts.empty());
  for (size_t i = 0; i < got.size(); ++i) {
    store::ExpectSameFields(got[i], expected[i]);
    EXPECT_EQ(ProcessMediansMs(reduced->cells[i]), ProcessMediansMs(whole->cells[i]));
  }
}

TEST_F(ReducedRunTest, SamplesAreGone) {
  for (const Keep keep : {Keep::kSummaries, Keep::kComparison}) {
    const auto reduced = LoadReduced(*store_, 1, keep);
    ASSERT_TRUE(reduced.ok());
    bool confidences = false;
    for (const store::CellData& cell : reduced->cells) {
      for (const store::Measurement& measurement : cell.measurements) {
        EXPECT_TRUE(measurement.samples_ns.empty());
        EXPECT_TRUE(measurement.log.empty());
        confidences = confidences || !measurement.confidences.empty();
      }
    }
    EXPECT_EQ(confidences, keep == Keep::kComparison);
  }
}

TEST_F(ReducedRunTest, ReadingsAreThose) {
  const auto whole = store_->LoadRun(1);
  const auto reduced = LoadReduced(*store_, 1, Keep::kComparison);
  ASSERT_TRUE(whole.ok() && reduced.ok());
  size_t found = 0;
  for (size_t i = 0; i < whole->cells.size(); ++i) {
    const auto expected = LatencyOf(whole->cells[i]);
    const auto got = LatencyOf(reduced->cells[i]);
    ASSERT_EQ(got.size(), expected.size());
    for (size_t j = 0; j < got.size(); ++j) {
      for (const char* end : {"before", "after", "between"}) {
        for (const char* name : {"temperature_c", "frequency_khz", "load_1min", "throttled", "x"}) {
          const auto value = ReadingOf(reduced->cells[i], *got[j], end, name);
          EXPECT_EQ(value, ReadingOf(whole->cells[i], *expected[j], end, name)) << end << name;
          found += value ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(found, 8U);
}

TEST_F(ReducedRunTest, ComparisonsAreThose) {
  const auto whole = store_->LoadRun(1);
  const auto reduced = LoadReduced(*store_, 1, Keep::kComparison);
  ASSERT_TRUE(whole.ok() && reduced.ok());
  const Side base = SideOf(*whole, "base");
  const Side now = SideOf(*whole, "new");
  const Side short_base = SideOf(*reduced, "base");
  const Side short_now = SideOf(*reduced, "new");
  const Comparison expected = Compare(base, now, {});
  const Comparison got = Compare(short_base, short_now, {});
  ASSERT_EQ(got.pairs.size(), expected.pairs.size());
  for (size_t i = 0; i < got.pairs.size(); ++i) {
    store::ExpectSameFields(got.pairs[i].figures, expected.pairs[i].figures);
  }
  EXPECT_EQ(got.differences.size(), expected.differences.size());
}

TEST_F(ReducedRunTest, FactsThatAreNoJsonAreDamage) {
  SQLite::Database((folder_->path() / "d.sqlite").string(), SQLite::OPEN_READWRITE)
      .exec("DROP TRIGGER measurements_are_final; UPDATE measurements SET conditions = '{'");
  const Status status = LoadReduced(*store_, 1, Keep::kSummaries).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("column conditions is not JSON"));
  // Readings are not there, then.
  const auto reduced = LoadReduced(*store_, 1, Keep::kComparison);
  ASSERT_TRUE(reduced.ok());
  const store::CellData& cell = reduced->cells[0];
  EXPECT_EQ(ReadingOf(cell, *LatencyOf(cell)[0], "before", "temperature_c"), std::nullopt);
}

// Whatever is in the file comes out as a line without control characters.
TEST_F(ReducedRunTest, FactsAreMadeSafe) {
  SQLite::Database((folder_->path() / "d.sqlite").string(), SQLite::OPEN_READWRITE)
      .exec(
          "DROP TRIGGER measurements_are_final; UPDATE measurements SET conditions = "
          "'{\"runtime\":{\"a\":\"x\\u001by\"}, \"before\" : {\"temperature_c\" : 4.5}}'");
  const auto reduced = LoadReduced(*store_, 1, Keep::kSummaries);
  ASSERT_TRUE(reduced.ok()) << reduced.status().message();
  EXPECT_EQ(Summarize(*reduced)[0].runtime_facts, "a: x y");
  const auto whole = store_->LoadRun(1);
  const auto compared = LoadReduced(*store_, 1, Keep::kComparison);
  ASSERT_TRUE(compared.ok());
  const store::CellData& cell = compared->cells[0];
  EXPECT_EQ(ReadingOf(cell, *LatencyOf(cell)[0], "before", "temperature_c"), 4.5);
  EXPECT_EQ(Summarize(*whole)[0].runtime_facts, "a: x y");
}

}  // namespace
}  // namespace qbench::results
