#include "base/utf8.h"

#include <gtest/gtest.h>

#include "base/one_line.h"

namespace qbench {
namespace {

TEST(FitColumns, CutsBetweenCharacters) {
  EXPECT_EQ(FitColumns("net · int8", 20), "net · int8");
  EXPECT_EQ(FitColumns("net · int8", 10), "net · int8");
  EXPECT_EQ(FitColumns("net · int8", 9), "net · in…");
  EXPECT_EQ(FitColumns("net · int8", 6), "net ·…");
  EXPECT_EQ(FitColumns("net · int8", 5), "net …");
  EXPECT_EQ(FitColumns("ä", 1), "ä");
  EXPECT_EQ(FitColumns("äö", 1), "…");
  EXPECT_EQ(FitColumns("äö", 0), "");
  EXPECT_EQ(FitColumns("", 0), "");
}

TEST(FitColumns, CountsWideCharactersTwiceAndMarksNot) {
  EXPECT_EQ(FitColumns("模型模型", 8), "模型模型");
  EXPECT_EQ(FitColumns("模型模型", 7), "模型模…");
  EXPECT_EQ(FitColumns("模型模型", 6), "模型…");
  EXPECT_EQ(FitColumns("🍓net", 5), "🍓net");
  EXPECT_EQ(FitColumns("e\xcc\x81t\xc3\xa9", 3), "e\xcc\x81t\xc3\xa9");
}

TEST(FitColumns, ShowsWhatIsNoUtf8AsQuestionMarks) {
  EXPECT_EQ(FitColumns("a\xff!\xc3", 10), "a?!?");
  EXPECT_EQ(FitColumns("a\x1b[2J\nz", 10), "a?[2J?z");
  EXPECT_EQ(FitColumns("\xe6\xa8", 10), "??");
}

TEST(FitColumnsAtEnd, KeepsTheEnd) {
  EXPECT_EQ(FitColumnsAtEnd("block/äö", 8), "block/äö");
  EXPECT_EQ(FitColumnsAtEnd("block/äö", 4), "…/äö");
  EXPECT_EQ(FitColumnsAtEnd("block/äö", 2), "…ö");
  EXPECT_EQ(FitColumnsAtEnd("模型", 3), "…型");
}

TEST(CutUtf8, EndsBetweenCharacters) {
  EXPECT_EQ(CutUtf8("aäö", 5), "aäö");
  EXPECT_EQ(CutUtf8("aäö", 4), "aä");
  EXPECT_EQ(CutUtf8("aäö", 2), "a");
  EXPECT_EQ(CutUtf8("🍓", 3), "");
  EXPECT_EQ(CutUtf8("\x80\x80\x80\x80\x80\x80", 5), "\x80\x80\x80\x80\x80");
}

TEST(Shortened, EndsBetweenCharactersAndSaysSo) {
  EXPECT_EQ(Shortened("aäö", 5), "aäö");
  EXPECT_EQ(Shortened("aäöü", 6), "aä…");
  EXPECT_EQ(Shortened("aäöü", 5), "a…");
  EXPECT_EQ(Shortened("🍓🍓", 6), "…");
}

TEST(SafeName, IsOneShortLine) {
  EXPECT_EQ(SafeName("conv2d/Relu6;ä"), "conv2d/Relu6;ä");
  EXPECT_EQ(SafeName(std::string("a\nb\x1b[0m\0c", 8)), "a b [0m");
  EXPECT_EQ(SafeName(std::string("a\0b\xFF", 4)), "a b\uFFFD");
  EXPECT_EQ(SafeName(std::string(80, 'x')), std::string(80, 'x'));
  EXPECT_EQ(SafeName(std::string(1000, 'x')), std::string(77, 'x') + "…");
}

}  // namespace
}  // namespace qbench
