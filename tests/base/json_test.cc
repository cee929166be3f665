#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/json_numbers.h"

namespace qbench {
namespace {

using ::testing::HasSubstr;

std::string Nested(int depth) {
  return std::string(static_cast<size_t>(depth), '[') +
         std::string(static_cast<size_t>(depth), ']');
}

TEST(ParseJson, ReadsAndRefuses) {
  EXPECT_EQ(*ParseJson(R"({"a": [1, 2.5, null, "x"]})"), Json({{"a", {1, 2.5, nullptr, "x"}}}));
  for (const char* text :
       {"", "{", "{\"a\": 1,}", "nul", "1 2", "{'a': 1}", "\"\xff\"", "[1e999]"}) {
    const Status status = ParseJson(text).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << text;
  }
  EXPECT_THAT(ParseJson("[1,").status().message(), HasSubstr("not JSON"));
}

// A parser that recurses would die of it.
TEST(ParseJson, RefusesWhatNestsTooDeep) {
  EXPECT_TRUE(ParseJson(Nested(4), 4).ok());
  EXPECT_THAT(ParseJson(Nested(5), 4).status().message(), HasSubstr("deeper than 4 levels"));
  EXPECT_TRUE(ParseJson(Nested(200)).ok());
  EXPECT_EQ(ParseJson(Nested(100'000)).status().code(), StatusCode::kCorrupt);
}

TEST(DumpJson, IsOneLineOfUtf8) {
  EXPECT_EQ(DumpJson({{"b", "two\nlines"}, {"a", 1}}), R"({"a":1,"b":"two\nlines"})");
  EXPECT_EQ(DumpJson("\xff!"), "\"\xEF\xBF\xBD!\"");
}

TEST(JsonGet, NamesTheKey) {
  const Json object = {{"number", 7}, {"text", "x"}, {"null", nullptr}};
  EXPECT_EQ(*JsonGet<int>(object, "number"), 7);
  EXPECT_EQ(*JsonGet<std::string>(object, "text"), "x");
  EXPECT_THAT(JsonGet<int>(object, "missing").status().message(), HasSubstr("\"missing\""));
  EXPECT_THAT(JsonGet<int>(object, "text").status().message(), HasSubstr("(string)"));
  EXPECT_EQ(JsonGet<int>(Json::array({1}), "number").status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(JsonGet<int>(Json(), "number").status().code(), StatusCode::kCorrupt);
}

TEST(JsonGetOr, FallsBackWhereThereIsNothing) {
  const Json object = {{"number", 7}, {"null", nullptr}, {"text", "x"}};
  EXPECT_EQ(*JsonGetOr<int>(object, "number", 1), 7);
  EXPECT_EQ(*JsonGetOr<int>(object, "null", 1), 1);
  EXPECT_EQ(*JsonGetOr<int>(object, "missing", 1), 1);
  EXPECT_EQ(*JsonGetOr<int>(Json(), "number", 1), 1);
  EXPECT_EQ(JsonGetOr<int>(object, "text", 1).status().code(), StatusCode::kCorrupt);
}

TEST(Json, NumbersAreWrittenAsInAnyJson) {
  const std::vector<double> numbers = {0,    1,      -1,    0.1,  1e6,     123456789.125,
                                       1e21, 5e-324, 1e300, -0.0, 2.0 / 3, 1e15,
                                       1e16, 1.5e-7, 42,    NAN,  INFINITY};
  EXPECT_EQ(DumpNumbers(numbers), DumpJson(numbers));
  EXPECT_EQ(DumpNumbers({}), "[]");
}

}  // namespace
}  // namespace qbench
