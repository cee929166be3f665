// `qbench report`: the limits of the recommendation, and the pictures of the page.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/json.h"
#include "tests/cli/run_qbench.h"
#include "tests/store/sample_run.h"

namespace qbench::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ReportCliTest : public ::testing::Test {
 protected:
  ReportCliTest() {
    auto store = store::Store::Open(place_.File("r.sqlite"), store::OpenMode::kReadWrite);
    EXPECT_TRUE(store.ok()) << store.status().message();
    EXPECT_TRUE(store::StoreSampleRun(*store, {}).ok());
  }
  Answer Report(std::vector<std::string> args) const {
    args.insert(args.begin(), "report");
    args.insert(args.end(), {"--db", place_.File("r.sqlite").string()});
    return place_.Run(args);
  }

  Workplace place_;
};

TEST_F(ReportCliTest, RecommendsWithinTheLimits) {
  const Answer answer = Report({"--format", "json", "--max-accuracy-drop", "5", "--max-latency",
                                "4.5ms", "--max-size", "1.5MB"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Json made = (*ParseJson(answer.out))["runs"][0]["recommendations"][0];
  EXPECT_EQ(made["max_accuracy_drop"], 0.05);
  EXPECT_EQ(made["max_latency_ms"], 4.5);
  EXPECT_EQ(made["max_bytes"], 1'500'000);
  EXPECT_EQ(made["chosen"], "int8");
  const Answer tight = Report({"--format", "md", "--max-latency", "900us"});
  EXPECT_THAT(tight.out, AllOf(HasSubstr("**None of 3 variants fits**"), HasSubstr("within 0.9 ms"),
                               HasSubstr("Nearest comes float: 6.56 ms")));
}

TEST_F(ReportCliTest, SaysHowLimitsAreWritten) {
  for (const auto& [option, value, how] :
       std::vector<std::array<std::string, 3>>{{"--max-latency", "50", "as in 50ms"},
                                               {"--max-latency", "50 ms", "as in 50ms"},
                                               {"--max-latency", "-1ms", "as in 50ms"},
                                               {"--max-latency", "0ms", "as in 50ms"},
                                               {"--max-latency", "infms", "as in 50ms"},
                                               {"--max-size", "4", "as in 4MB"},
                                               {"--max-size", "4MiB", "as in 4MB"},
                                               {"--max-size", "1e3MB", "as in 4MB"},
                                               {"--max-accuracy-drop", "100", "as in 1 or 0.5"},
                                               {"--max-accuracy-drop", "1%", "as in 1 or 0.5"}}) {
    const Answer answer = Report({"--format", "md", option + "=" + value});
    EXPECT_EQ(answer.status, 2) << option << value;
    EXPECT_EQ(answer.out, "");
    EXPECT_THAT(answer.err, AllOf(HasSubstr(option + " takes "), HasSubstr(how)));
    EXPECT_EQ(std::ranges::count(answer.err, '\n'), 1) << answer.err;
  }
}

// The sample's images are nowhere, and the page says so.
TEST_F(ReportCliTest, SaysWhyThereAreNoPictures) {
  ASSERT_EQ(Report({"-o", place_.File("page.html").string(), "--dataset", "nowhere"}).status, 0);
  const auto page = ReadTextFile(place_.File("page.html"));
  ASSERT_TRUE(page.ok()) << page.status().message();
  EXPECT_THAT(*page, AllOf(HasSubstr("There are no pictures: "), HasSubstr("nowhere"),
                           HasSubstr("no picture</div>")));
}

}  // namespace
}  // namespace qbench::cli_test
