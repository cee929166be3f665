#include "reports/figure_columns.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using results::CellSummary;
using results::Table;
using ::testing::ElementsAre;

std::vector<std::string> Titles(Table table) {
  std::vector<std::string> titles;
  for (const ColumnSource& source : FigureColumns(table)) titles.push_back(source.column.title);
  return titles;
}

TEST(FigureColumns, StandInTheOrderOfTheirPlaces) {
  EXPECT_THAT(Titles(Table::kResults),
              ElementsAre("size MB", "size ×", "median ms", "p90 ms", "FPS", "time ×",
                          "time × interval", "top-1 %", "top-1 interval", "vs float", "agree %"));
  EXPECT_THAT(Titles(Table::kLatency),
              ElementsAre("load ms", "first ms", "min ms", "mean ms", "p95 ms", "p99 ms", "MAD %",
                          "samples", "outliers", "memory MB"));
}

TEST(FigureColumns, WriteWhatWasMeasured) {
  const store::RunData data = store::LoadSampleRun({});
  Variant variant = RunView(data).variants.front();
  variant.summary.first_ms = 12.345;
  variant.summary.median_ms = 4;
  variant.summary.mad_ms = 0.05;
  variant.summary.samples = 1480;
  variant.summary.peak_rss_bytes = 27'600'000;
  variant.summary.load_ms.reset();
  std::vector<std::string> texts;
  for (const ColumnSource& source : FigureColumns(Table::kLatency))
    texts.push_back(source.text(variant));
  EXPECT_THAT(texts,
              ElementsAre("–", "12.3", "6.41", "6.61", "6.74", "–", "1.25", "1,480", "6", "27.6"));
}

// A place that two figures share would leave their order to chance; the page writes explanations as
// they are.
TEST(FigureColumns, HavePlacesOfTheirOwnAndPlainExplanations) {
  std::map<Table, std::set<int>> places;
  int shown = 0;
  const auto check = [&]<typename Value>(const results::Figure<Value>& figure) {
    ++shown;
    EXPECT_TRUE(places[figure.shown.table].insert(figure.shown.place).second) << figure.name;
    EXPECT_STRNE(figure.shown.title, "") << figure.name;
    const std::string explanation = figure.shown.explanation;
    EXPECT_NE(explanation, "") << figure.name;
    EXPECT_EQ(explanation.find_first_of("<>&\""), std::string::npos) << figure.name;
  };
  store::ForEachRow<CellSummary>([&](const auto& row) {
    if constexpr (requires { check(row); }) check(row);
  });
  EXPECT_EQ(shown, 21);
}

}  // namespace
}  // namespace qbench::reports
