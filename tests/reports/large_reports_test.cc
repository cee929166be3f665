// Reports of many cells: in groups, of runs that were read in short, and written in pieces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "harness/results/comparison.h"
#include "harness/results/reduced_run.h"
#include "reports/comparison/comparison_reports.h"
#include "reports/reports.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// A few cells more than a page has rows for: of 5 quantizers, the last of whose cells failed.
store::RunData LargeRun() {
  store::SampleRunOptions options;
  options.quantizers = {"float", "fp16", "dynamic", "int8", "uint8"};
  options.threads.clear();
  for (int32_t threads = 1; threads <= 81; ++threads) options.threads.push_back(threads);
  options.images = 12;
  options.processes = 2;
  options.samples = 3;
  options.with_failures = true;
  return store::LoadSampleRun(options);
}

TEST(LargePage, ShowsGroupsAndSaysSo) {
  const store::RunData run = LargeRun();
  ASSERT_GT(run.cells.size(), kMostPageCells);
  const auto page = HtmlReport({run});
  ASSERT_TRUE(page.ok()) << page.status().message();
  EXPECT_THAT(*page, AllOf(HasSubstr("This run has 405 cells, more than a page can show"),
                           HasSubstr("the table has 5 groups of them"),
                           HasSubstr("qbench report --format csv has a row for each cell"),
                           HasSubstr("the worker ended by signal 11")));
  const size_t table = page->find("<tbody>");
  EXPECT_EQ(CountOf(page->substr(table, page->find("</tbody>") - table), "<tr "), 5U);
  EXPECT_LT(page->size(), 5'000'000U);
  // Below the limit each cell has its row.
  store::RunData few = run;
  few.cells.resize(10);
  EXPECT_THAT(*HtmlReport({few}), Not(HasSubstr("more than a page can show")));
}

TEST(LargePage, OfAComparisonShowsTheWorstFirst) {
  const store::RunData run = LargeRun();
  store::RunData worse = run;
  const size_t last = worse.cells.size() - 6;  // the last that was measured
  worse.artifacts[*worse.cells[last].cell.artifact_id].file_bytes += 1000;
  const results::Side base = results::SideOf(run, "base");
  const results::Side now = results::SideOf(worse, "new");
  const results::Comparison comparison = results::Compare(base, now, {});
  ASSERT_EQ(comparison.pairs.size(), 405U);
  ASSERT_EQ(comparison.answer, results::Answer::kRegression);
  const auto page = ComparisonHtml(comparison, {});
  ASSERT_TRUE(page.ok()) << page.status().message();
  EXPECT_THAT(*page, AllOf(HasSubstr("Of 405 pairs of cells the table shows 400"),
                           HasSubstr("qbench compare --format csv has all"), HasSubstr("+1,000")));
}

// The very bytes of the report of the whole run.
TEST(JsonInPieces, OfARunInShortIsTheSame) {
  const auto folder = TempDir::Create("qbench-pieces-test");
  ASSERT_TRUE(folder.ok());
  auto store = store::Store::Open(folder->path() / "d.sqlite", store::OpenMode::kReadWrite);
  ASSERT_TRUE(store.ok());
  store::SampleRunOptions options;
  options.quantizers = {"float", "fp16", "dynamic", "int8", "uint8", "int16x8"};
  options.images = 24;
  options.with_failures = true;
  options.full_conditions = true;
  ASSERT_TRUE(store::StoreSampleRun(*store, options).ok());
  ASSERT_TRUE(store::StoreSampleRun(*store, options).ok());
  Runs whole;
  Runs in_short;
  for (const int64_t id : {1, 2}) {
    whole.push_back(*store->LoadRun(id));
    in_short.push_back(*results::LoadReduced(*store, id, results::Keep::kSummaries));
  }
  std::string text;
  size_t pieces = 0;
  const auto visit = [&](size_t run, const CellVisitor& visitor) {
    return store->VisitCells(in_short[run].run.id, {.conditions_as_text = true}, visitor);
  };
  const auto sink = [&](std::string_view piece) {
    text += piece;
    ++pieces;
    return OkStatus();
  };
  const Status written = WriteJsonReport(in_short, {}, visit, sink);
  ASSERT_TRUE(written.ok()) << written.message();
  EXPECT_EQ(text, JsonReport(whole));
  EXPECT_GT(pieces, 12U);
  // A reader that wants no more ends it.
  const auto full = [&](std::string_view) { return Error(StatusCode::kNoSpace, "full"); };
  EXPECT_EQ(WriteJsonReport(in_short, {}, visit, full).message(), "full");
}

}  // namespace
}  // namespace qbench::reports
