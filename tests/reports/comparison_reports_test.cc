#include "reports/comparison/comparison_reports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "base/json.h"
#include "reports/text_format.h"
#include "tests/golden/golden_file.h"
#include "tests/results/made_run.h"

namespace qbench::reports {
namespace {

using results::Comparison;
using results::Side;
using store::MadeCell;
using store::MadeRun;
using store::Outcome;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kImages = 300;

std::vector<double> Times(double center, int processes) {
  std::vector<double> times;
  for (int i = 0; i < processes; ++i) times.push_back(center * (1 + 0.001 * (i * 3 % processes)));
  return times;
}

std::vector<int32_t> Predictions(size_t wrong) {
  std::vector<int32_t> predictions = MadeRun(1, kImages).Right();
  for (size_t i = 0; i < wrong; ++i) {
    int32_t& predicted = predictions[i * 7 % predictions.size()];
    predicted = (predicted + 1) % 3;
  }
  return predictions;
}

// Two sides that live as long as what is made of them.
struct TwoSides {
  Side base;
  Side now;
  Comparison Compare() const { return results::Compare(base, now, {}); }
};

// A base and a new side with one cell of each kind: better, slower, larger, less accurate, broken,
// throttled, and two that only one side has.
TwoSides Eventful() {
  const MadeCell plain = {.medians_ms = Times(3, 10), .predictions = Predictions(12)};
  MadeRun base(1, kImages);
  MadeRun now(2, kImages);
  const auto add = [&](const char* quantizer, const MadeCell& old_cell, const MadeCell& new_cell) {
    MadeCell one = old_cell;
    MadeCell two = new_cell;
    one.quantizer = two.quantizer = quantizer;
    base.Add(one);
    now.Add(two);
  };
  MadeCell slower = plain;
  slower.medians_ms = Times(3.3, 10);
  add("slower", plain, slower);
  MadeCell larger = plain;
  larger.file_bytes = 1001;
  add("larger", plain, larger);
  MadeCell wronger = plain;
  wronger.predictions = Predictions(40);
  add("wronger", plain, wronger);
  MadeCell faster = plain;
  faster.medians_ms = Times(2, 10);
  add("faster", plain, faster);
  add("alike", plain, plain);
  MadeCell broken = {.file_bytes = 0};
  broken.status = broken.accuracy_status = broken.latency_status = Outcome::kCrashed;
  broken.reason = "the worker ended by signal 11 (SIGSEGV)";
  add("broken", plain, broken);
  MadeCell throttled = plain;
  throttled.latency_status = Outcome::kInvalid;
  throttled.reason = "the board reported throttled: cool the board and measure again";
  add("throttled", plain, throttled);
  base.Add({.quantizer = "old"});
  now.Add({.quantizer = "fresh"});
  now.data().run.qbench_version = "0.2.0";
  now.data().run.host["cpu.governor"] = "ondemand";
  return {results::SideOf(base, "run 1"), results::SideOf(now, "run 2")};
}

// Three processes a side, nothing else of note.
TwoSides Quick() {
  MadeRun base(1, kImages);
  MadeRun now(2, kImages);
  for (const int32_t threads : {1, 4}) {
    base.Add({.threads = threads, .medians_ms = Times(3.0 / threads, 3)});
    now.Add({.threads = threads, .medians_ms = Times(threads == 1 ? 6 : 0.75, 3)});
  }
  return {results::SideOf(base, "run 1"), results::SideOf(now, "run 2")};
}

std::string WithoutStyle(const std::string& html) {
  const size_t from = html.find("<style>\n");
  const size_t to = html.find("</style>");
  return html.substr(0, from + 8) + "…\n" + html.substr(to);
}

TEST(ComparisonGolden, Text) {
  const TwoSides eventful = Eventful();
  ExpectGolden("reports/golden/compare.txt", ComparisonText(eventful.Compare()));
  const TwoSides quick = Quick();
  ExpectGolden("reports/golden/compare_few.txt", ComparisonText(quick.Compare()));
}

TEST(ComparisonGolden, MarkdownCsvAndJson) {
  const TwoSides sides = Eventful();
  const Comparison comparison = sides.Compare();
  ExpectGolden("reports/golden/compare.md", ComparisonMarkdown(comparison));
  ExpectGolden("reports/golden/compare.csv", ComparisonCsv(comparison));
  ExpectGolden("reports/golden/compare_flips.csv", ComparisonFlipsCsv(comparison));
  const TwoSides quick = Quick();
  ExpectGolden("reports/golden/compare_few.json", ComparisonJson(quick.Compare()));
}

TEST(ComparisonGolden, Page) {
  const TwoSides sides = Eventful();
  const Comparison comparison = sides.Compare();
  Pictures pictures;
  pictures.sources[{"split-sha", "a/84.jpg"}] = "data:image/png;base64,AAAA";
  pictures.missing = {"27 pictures left out, so that the page stays small."};
  const auto html = ComparisonHtml(comparison, pictures);
  ASSERT_TRUE(html.ok()) << html.status().message();
  ExpectGolden("reports/golden/compare.html", WithoutStyle(*html));
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// However long names and numbers are; a number is never cut.
TEST(ComparisonText, FitsEightyColumns) {
  MadeRun base(1, kImages);
  MadeRun now(2, kImages);
  const std::string options = std::string(60, 'o') + "=" + std::string(60, 'v');
  for (const int32_t threads : {1, 4}) {
    MadeCell cell = {.quantizer = "quantizer",
                     .quantizer_options = options,
                     .threads = threads,
                     .file_bytes = 123456789,
                     .medians_ms = Times(123.4, 10),
                     .predictions = Predictions(100)};
    base.Add(cell);
    cell.file_bytes += 999999;
    cell.medians_ms = Times(12345.6, 10);
    cell.predictions = Predictions(5);
    now.Add(cell);
  }
  const TwoSides sides = {results::SideOf(base, "run 1"), results::SideOf(now, "run 2")};
  const std::string text = ComparisonText(sides.Compare());
  for (const std::string& line : Lines(text)) {
    // A single word that is longer stays whole where it is not in the table.
    if (line.find(options.substr(0, 100)) != std::string::npos) continue;
    EXPECT_LE(DisplayWidth(line), 80U) << line;
  }
  for (const char* number : {"+999,999", "12400", "+31.7"}) EXPECT_THAT(text, HasSubstr(number));
}

TEST(ComparisonText, FitsEightyColumnsWhereItCannotTell) {
  MadeCell noisy = {.medians_ms = {}};
  for (int i = 0; i < 20; ++i) noisy.medians_ms.push_back(1 + 0.02 * i);
  const MadeRun base = MadeRun(1).Add(noisy);
  for (double& ms : noisy.medians_ms) ms += 0.25;
  const TwoSides sides = {results::SideOf(base, "run 1"),
                          results::SideOf(MadeRun(2).Add(noisy), "run 2")};
  const std::string text = ComparisonText(sides.Compare());
  EXPECT_THAT(text, HasSubstr("Cannot tell: a latency looks worse, and its processes differ too"));
  for (const std::string& line : Lines(text)) EXPECT_LE(DisplayWidth(line), 80U) << line;
}

TEST(ComparisonText, SaysThatThreeProcessesAreTooFew) {
  const TwoSides quick = Quick();
  const std::string text = ComparisonText(quick.Compare());
  EXPECT_THAT(text, HasSubstr("Cannot tell: a latency looks worse, and the processes are too few"));
  EXPECT_THAT(text, HasSubstr("(90 %)"));
  EXPECT_THAT(text, HasSubstr("--repetitions 5"));
}

TEST(ComparisonText, SuspectsTheMachineWhereEverythingMoved) {
  MadeRun base(1);
  MadeRun now(2);
  for (int32_t threads = 1; threads <= 5; ++threads) {
    base.Add({.threads = threads, .medians_ms = Times(3, 10)});
    now.Add({.threads = threads, .medians_ms = Times(3.2, 10)});
  }
  const TwoSides sides = {results::SideOf(base, "run 1"), results::SideOf(now, "run 2")};
  EXPECT_THAT(ComparisonJson(sides.Compare()),
              HasSubstr("All 5 latencies moved the same way, by 6.7 % slower in the middle"));
}

TEST(ComparisonText, NamesFlipsOfTheSameFile) {
  const TwoSides sides = {
      results::SideOf(MadeRun(1, kImages).Add({.predictions = Predictions(3)}), "run 1"),
      results::SideOf(MadeRun(2, kImages).Add({.predictions = Predictions(4)}), "run 2")};
  EXPECT_THAT(ComparisonJson(sides.Compare()),
              HasSubstr("The same file puts images into other classes: int8"));
}

// Files have no model's name; what ran both is said where something did.
TEST(ComparisonText, OfFilesSaysWhatRanThem) {
  const auto side = [](bool was_run) {
    MadeRun run(1);
    run.Add({.model = ""});
    if (!was_run) run.data().splits[1].name = run.data().splits[1].split = "";
    return results::SideOf(run, "a.tflite");
  };
  const TwoSides run = {side(true), side(true)};
  EXPECT_THAT(ComparisonText(run.Compare()), HasSubstr("both  d/test · litert · 1 thread\n"));
  const TwoSides weighed = {side(false), side(false)};
  EXPECT_THAT(ComparisonText(weighed.Compare()), Not(HasSubstr("both")));
}

// A name that means something to HTML, Markdown, CSV, mustache and a terminal alike.
constexpr const char* kNasty = "a</script><script>alert(1)</script>,\"|*{{x}}&<img src=x>";

TEST(ComparisonReports, EscapeWhateverTheRowsHold) {
  const auto side = [](int64_t id, size_t wrong) {
    MadeRun run(id, kImages);
    run.Add({.quantizer = kNasty, .medians_ms = Times(3, 3), .predictions = Predictions(wrong)});
    run.data().run.host["board.model"] = kNasty + std::to_string(id);
    run.data().splits[1].labels[0] = kNasty;
    for (store::Image& image : run.data().splits[1].images) image.path = kNasty;
    run.data().cells[0].cell.reason = kNasty;
    run.data().models[1].stem = kNasty;
    return results::SideOf(run, kNasty);
  };
  const TwoSides sides = {side(1, 0), side(2, 30)};
  const Comparison comparison = sides.Compare();
  const std::string html = *ComparisonHtml(comparison, {});
  EXPECT_THAT(html, HasSubstr("a&lt;/script&gt;&lt;script&gt;alert(1)"));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, HasSubstr("{{x}}"));
  const std::string markdown = ComparisonMarkdown(comparison);
  EXPECT_THAT(markdown, HasSubstr("\\<script\\>"));
  EXPECT_THAT(markdown, Not(::testing::ContainsRegex("[^\\]<(script|img)")));
  EXPECT_THAT(markdown, Not(HasSubstr("\"|*")));
  const Result<Json> json = ParseJson(ComparisonJson(comparison));
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->at("cells")[0].at("quantizer"), kNasty);
  EXPECT_THAT(ComparisonCsv(comparison), HasSubstr("\"a</script><script>alert(1)</script>,\"\"|*"));
}

TEST(ComparisonReports, OfNothingAreStillReports) {
  const TwoSides sides = {results::SideOf(MadeRun(1), "run 1"),
                          results::SideOf(MadeRun(2), "run 2")};
  const Comparison comparison = sides.Compare();
  EXPECT_EQ(comparison.answer, results::Answer::kCannotTell);
  EXPECT_THAT(ComparisonText(comparison), HasSubstr("have no cell in common"));
  EXPECT_TRUE(ComparisonHtml(comparison, {}).ok());
  EXPECT_EQ(Lines(ComparisonCsv(comparison)).size(), 1U);
}

TEST(WantedPictures, AreThoseThatMatterMostEachOnce) {
  const TwoSides sides = Eventful();
  const auto wanted = WantedPictures(sides.Compare());
  ASSERT_EQ(wanted.size(), 28U);
  EXPECT_EQ(wanted[0].first, "split-sha");
}

TEST(ComparisonFormat, IsKnownByItsName) {
  EXPECT_EQ(*ComparisonFormatFromName("markdown"), ComparisonFormat::kMarkdown);
  EXPECT_THAT(ComparisonFormatFromName("pdf").status().message(), HasSubstr("text, html, md"));
}

}  // namespace
}  // namespace qbench::reports
