#include "harness/host/warning_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qbench::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(WarningList, HasEachTextOnceInTheirOrder) {
  WarningList list;
  EXPECT_THAT(list.lines(), IsEmpty());
  for (const char* line : {"b", "a", "b", "c", "a"}) list.Add(line);
  EXPECT_THAT(list.lines(), ElementsAre("b", "a", "c"));
}

TEST(WarningList, SaysHowManyDidNotFit) {
  WarningList list;
  for (size_t i = 0; i < WarningList::kMostLines + 7; ++i) list.Add("sample " + std::to_string(i));
  list.Add("sample 0");  // is there already: not left out
  const std::vector<std::string> lines = list.lines();
  ASSERT_EQ(lines.size(), WarningList::kMostLines + 1);
  EXPECT_EQ(lines[0], "sample 0");
  EXPECT_THAT(lines.back(), HasSubstr("7"));
}

TEST(WarningList, CutsALongLineBetweenCharacters) {
  WarningList list;
  std::string line;
  for (int i = 0; i < 2000; ++i) line += "é";
  list.Add(line);
  ASSERT_EQ(list.lines().size(), 1U);
  EXPECT_LE(list.lines()[0].size(), WarningList::kMostBytes);
  EXPECT_THAT(list.lines()[0], ::testing::EndsWith("é…"));
  list.Add(line);
  EXPECT_EQ(list.lines().size(), 1U);
}

}  // namespace
}  // namespace qbench::host
