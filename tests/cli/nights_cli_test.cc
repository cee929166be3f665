// `qbench nights` as a user runs it, over nights that were made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "tests/cli/run_qbench.h"
#include "tests/results/made_nights.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using store::MadeNight;
using store::MadeNights;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class NightsCliTest : public ::testing::Test {
 protected:
  Answer Nights(std::vector<std::string> args) {
    args.insert(args.begin(), {"nights", "--db", nights_.file().string()});
    return place_.Run(args);
  }
  // In time for three nights from the first of November on.
  std::vector<std::string> InTime(std::vector<std::string> args = {}) {
    args.insert(args.end(), {"--at", "2025-11-04T01:00:00Z"});
    return args;
  }
  void AddThree(int64_t grown_bytes = 0) {
    nights_.AddDaily("2025-11-01T02:15:00Z", 3, [&](int i, MadeNight* night) {
      night->grown_bytes = i == 2 ? grown_bytes : 0;
    });
  }
  static void ExpectError(const Answer& answer, const std::string& text) {
    EXPECT_EQ(answer.status, 2) << answer.out << answer.err;
    EXPECT_EQ(std::ranges::count(answer.err, '\n'), 1) << answer.err;
    EXPECT_THAT(answer.err, HasSubstr(text));
  }

  MadeNights nights_;
  Workplace place_;
};

TEST_F(NightsCliTest, ShowsTheNewestVerdictFirst) {
  AddThree();
  const Answer text = Nights(InTime());
  EXPECT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, StartsWith("Good: none of 2 cells is worse than the baseline.\n"));
  EXPECT_THAT(text.out, HasSubstr("2025-11-01 02:15"));
  // By now it is long overdue.
  EXPECT_THAT(Nights({}).out, StartsWith("Overdue: the newest night began 2025-11-03 02:15 UTC"));
}

TEST_F(NightsCliTest, ChecksTheNewestNight) {
  EXPECT_EQ(Nights({"--check"}).status, 4);
  AddThree();
  EXPECT_EQ(Nights(InTime({"--check"})).status, 0);
  EXPECT_EQ(Nights({"--check"}).status, 4);  // overdue
  MadeNight larger;
  larger.started_at = "2025-11-03T22:00:00Z";
  larger.grown_bytes = 1;
  nights_.Add(larger);
  EXPECT_EQ(Nights(InTime({"--check"})).status, 1);
  EXPECT_EQ(Nights(InTime()).status, 0);
  larger.finished = false;
  nights_.Add(larger);
  EXPECT_EQ(Nights(InTime({"--check"})).status, 4);
}

TEST_F(NightsCliTest, GivesTheVerdictAsJson) {
  AddThree(1);
  const Answer verdict = Nights(InTime({"--format", "json", "--last", "1"}));
  const Json json = *ParseJson(verdict.out);
  EXPECT_EQ(json.at("answer"), "regression");
  EXPECT_EQ(json.at("run_id"), 3);
  EXPECT_EQ(json.at("nights").size(), 1U);
  EXPECT_EQ(json.at("nights")[0].at("worst"), "1 byte larger");
}

TEST_F(NightsCliTest, WritesAFolderAndLinksItsReports) {
  AddThree();
  const fs::path folder = place_.File("watch");
  fs::create_directories(folder / "2025-11-03");
  fs::create_directories(folder / "2025-11-02");
  fs::create_directories(folder / "not a plain name");
  const auto write = [](const fs::path& file, std::string_view text) {
    ASSERT_TRUE(WriteFileAtomically(file, text).ok());
  };
  write(folder / "2025-11-03/verdict.json", R"({"run_id":3})");
  write(folder / "2025-11-03/report.html", "the report");
  write(folder / "2025-11-02/verdict.json", R"({"run_id":2})");  // without its report
  write(folder / "not a plain name/verdict.json", R"({"run_id":1})");
  write(folder / "not a plain name/report.html", "the report");
  fs::create_directories(folder / "2025-11-01");
  write(folder / "2025-11-01/error.txt", "no room\n");
  const Answer answer = Nights(InTime({"--folder", folder.string()}));
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("watch/index.html\n"));
  const std::string page = *ReadTextFile(folder / "index.html");
  EXPECT_THAT(page, HasSubstr("<a href=\"2025-11-03/report.html\">"));
  EXPECT_THAT(page, Not(HasSubstr("2025-11-02/report.html")));
  EXPECT_THAT(page, Not(HasSubstr("plain name")));
  EXPECT_THAT(page, HasSubstr("2025-11-01: no room"));
  EXPECT_THAT(page, Not(HasSubstr("The newest night ended in an error")));
  const auto rows = ParseCsv(*ReadTextFile(folder / "nights.csv"));
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0][0], "run_id");
  EXPECT_EQ(rows[1][0], "3");
  EXPECT_EQ(rows[3][0], "1");
}

TEST_F(NightsCliTest, WritesFilesBesideTheDatabase) {
  AddThree();
  EXPECT_EQ(Nights(InTime({"--format", "html"})).status, 0);
  EXPECT_THAT(*ReadTextFile(nights_.file().parent_path() / "nights.nights.html"),
              HasSubstr("Nights against release-1.2"));
  const Answer csv = Nights(InTime({"--format", "csv"}));
  EXPECT_EQ(ParseCsv(csv.out).size(), 4U);
}

TEST_F(NightsCliTest, RefusesWhatItDoesNotUnderstand) {
  AddThree();
  ExpectError(Nights({"--format", "pdf"}), "choose text, html, csv or json");
  ExpectError(Nights({"--every", "1 day"}), "--every takes a number with h, d or w");
  ExpectError(Nights({"--every", "0h"}), "--every at least 1h");
  ExpectError(Nights({"--last", "0"}), "--last is at least 1");
  ExpectError(Nights({"--at", "yesterday"}), "--at takes a time in UTC");
  ExpectError(Nights({"--baseline", "none"}), "there are those of release-1.2");
  ExpectError(Nights({"--folder", "x", "--output", "y"}), "do not go together");
  ExpectError(Nights({"--folder", place_.File("nowhere").string()}), "nowhere");
  ExpectError(place_.Run({"nights", "--db", place_.File("none.sqlite").string()}), "none.sqlite");
}

}  // namespace
}  // namespace qbench::cli_test
