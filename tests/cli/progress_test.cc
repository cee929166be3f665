#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/utf8.h"
#include "tests/cli/captured_streams.h"

namespace qbench::cli {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Style = ProgressDisplay::Style;

constexpr const char* kClear = "\r\x1b[K";

std::string Shown(Style style, const std::function<void(ProgressDisplay&)>& body) {
  const Captured child = Capture([&] {
    ProgressDisplay display(style);
    body(display);
  });
  EXPECT_EQ(child.exit_status(), 0);
  EXPECT_EQ(child.out, "");  // nothing among the results
  return child.err;
}

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(FormatDuration, IsInTheUnitThatFits) {
  EXPECT_EQ(FormatDuration(-3), "0 s");
  EXPECT_EQ(FormatDuration(0.4), "0 s");
  EXPECT_EQ(FormatDuration(0.6), "1 s");
  EXPECT_EQ(FormatDuration(89.4), "89 s");
  EXPECT_EQ(FormatDuration(89.6), "2 min");
  EXPECT_EQ(FormatDuration(149), "2 min");
  EXPECT_EQ(FormatDuration(150), "3 min");
  EXPECT_EQ(FormatDuration(89 * 60), "89 min");
  EXPECT_EQ(FormatDuration(90 * 60), "1 h 30 min");
  EXPECT_EQ(FormatDuration(25 * 3600 + 59 * 60), "25 h 59 min");
}

TEST(ProgressLines, AppearWhenSomethingElseIsDone) {
  const std::string shown = Shown(Style::kLines, [](ProgressDisplay& display) {
    display.Update(0, "reading", -1);
    display.Update(0.055, "quantizing", 200, "1 of 9");
    display.Update(0.3, "quantizing", 100, "5 of 9");
    display.Message("warning: odd");
    display.Clear();
    display.Update(1, "reading", 0);
  });
  EXPECT_EQ(shown,
            "[  0 %] reading\n"
            "[  6 %] quantizing (3 min left)\n"
            "warning: odd\n"
            "[100 %] reading (0 s left)\n");
}

TEST(QuietProgress, ShowsNothing) {
  EXPECT_EQ(Shown(Style::kQuiet,
                  [](ProgressDisplay& display) {
                    display.Update(0.5, "quantizing", 100, "5 of 9");
                    display.Message("warning: odd");
                    display.Clear();
                  }),
            "");
}

TEST(ProgressBar, IsDrawnAndRemoved) {
  const std::string shown = Shown(Style::kBar, [](ProgressDisplay& display) {
    display.Update(0.5, "quantizing", 12, "5 of 9");
  });
  EXPECT_EQ(shown, std::string(kClear) + "▕████████████            ▏ 50 %  12 s left  " +
                       "quantizing: 5 of 9" + kClear);
}

TEST(ProgressBar, GrowsByEighthsAndStaysWithinItsEnds) {
  const auto bar = [](double fraction) {
    return Shown(Style::kBar,
                 [&](ProgressDisplay& display) { display.Update(fraction, "step", -1); });
  };
  EXPECT_THAT(bar(0), HasSubstr("▕                        ▏"));
  EXPECT_THAT(bar(1.0 / 24 / 2), HasSubstr("▕▌                       ▏"));
  EXPECT_THAT(bar(0.999), HasSubstr("▉▏"));
  EXPECT_EQ(Count(bar(1), "█"), 24U);
  EXPECT_EQ(Count(bar(7), "█"), 24U);  // what was estimated too low
  EXPECT_EQ(Count(bar(-1), "█"), 0U);
}

TEST(ProgressBar, AnotherStepIsShownAtOnce) {
  const std::string shown = Shown(Style::kBar, [](ProgressDisplay& display) {
    for (int i = 0; i < 5; ++i) display.Update(0.1 * i, "step " + std::to_string(i), -1);
  });
  for (int i = 0; i < 5; ++i) EXPECT_THAT(shown, HasSubstr("step " + std::to_string(i)));
}

TEST(ProgressBar, FitsTheTerminal) {
  const std::string shown = Shown(Style::kBar, [](ProgressDisplay& display) {
    display.Update(0.5, std::string(300, 'x') + "é", 12, "5 of 9");
  });
  const std::string line = shown.substr(std::string(kClear).size());
  EXPECT_THAT(line, Not(HasSubstr(std::string(80, 'x'))));
  EXPECT_EQ(FitColumns(line.substr(0, line.find('\r')), 80), line.substr(0, line.find('\r')));
}

TEST(ProgressBar, MessagesStandAboveIt) {
  const std::string shown = Shown(Style::kBar, [](ProgressDisplay& display) {
    display.Message("first");
    display.Update(0.5, "step", -1);
    display.Message("second");
  });
  EXPECT_THAT(shown, AllOf(StartsWith("first\n"), EndsWith(std::string(kClear) + "second\n")));
}

}  // namespace
}  // namespace qbench::cli
