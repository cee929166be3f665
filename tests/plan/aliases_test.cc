#include "harness/plan/aliases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qbench::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Expansion Expand(std::string_view list) {
  const auto expansion = ExpandAliases(*ParsePluginList(list));
  EXPECT_TRUE(expansion.ok()) << expansion.status().message();
  return *expansion;
}

TEST(Aliases, OtherNamesStayAsTheyAre) {
  const Expansion expansion = Expand("int8:io=int8,mine");
  EXPECT_THAT(expansion.plugins,
              ElementsAre(NamedSpec{{"int8", {{"io", "int8"}}}}, NamedSpec{{"mine", {}}}));
  EXPECT_FALSE(expansion.source_rows);
  EXPECT_THAT(expansion.notes, IsEmpty());
}

TEST(Aliases, TheConvertersNamesByType) {
  EXPECT_THAT(
      Expand("OPTIMIZE_FOR_SIZE,OPTIMIZE_FOR_LATENCY:type=float16,DEFAULT:type=int8").plugins,
      ElementsAre(NamedSpec{{"dynamic", {{"hybrid", "all"}}}, "OPTIMIZE_FOR_SIZE"},
                  NamedSpec{{"fp16", {}}, "OPTIMIZE_FOR_LATENCY"},
                  NamedSpec{{"dynamic", {{"hybrid", "all"}}}, "DEFAULT"}));
  EXPECT_THAT(Expand("DEFAULT:threshold=3:type=float16").plugins,
              ElementsAre(NamedSpec{{"fp16", {{"threshold", "3"}}}, "DEFAULT"}));
  EXPECT_THAT(ExpandAliases(*ParsePluginList("DEFAULT:type=int4")).status().message(),
              HasSubstr("int8|float16"));
}

// The converter's names promise its file; who asks for another one gets it.
TEST(Aliases, TheConvertersNamesKeepItsHybridOperators) {
  EXPECT_THAT(Expand("DEFAULT").notes, ElementsAre(HasSubstr("dynamic:hybrid=all")));
  const Expansion other = Expand("DEFAULT:hybrid=delegated");
  EXPECT_THAT(other.plugins,
              ElementsAre(NamedSpec{{"dynamic", {{"hybrid", "delegated"}}}, "DEFAULT"}));
  EXPECT_THAT(other.notes, IsEmpty());
  EXPECT_THAT(Expand("DEFAULT:recipe=FILE:a=1").plugins,
              ElementsAre(NamedSpec{
                  {"dynamic", {{"a", "1"}, {"hybrid", "all"}, {"recipe", "FILE"}}}, "DEFAULT"}));
  EXPECT_THAT(Expand("DEFAULT:type=float16").notes, IsEmpty());
  EXPECT_THAT(Expand("dynamic,dynamic:hybrid=all").notes, IsEmpty());
}

TEST(Aliases, Tf24IsTheWholeTable) {
  const Expansion expansion = Expand("tf24,litert");
  EXPECT_THAT(expansion.plugins,
              ElementsAre(NamedSpec{{"float", {}}}, NamedSpec{{"fp16", {}}, "DEFAULT"},
                          NamedSpec{{"fp16", {}}, "OPTIMIZE_FOR_SIZE"},
                          NamedSpec{{"fp16", {}}, "OPTIMIZE_FOR_LATENCY"},
                          NamedSpec{{"dynamic", {{"hybrid", "all"}}}, "DEFAULT"},
                          NamedSpec{{"dynamic", {{"hybrid", "all"}}}, "OPTIMIZE_FOR_SIZE"},
                          NamedSpec{{"dynamic", {{"hybrid", "all"}}}, "OPTIMIZE_FOR_LATENCY"},
                          NamedSpec{{"litert", {}}}));
  EXPECT_TRUE(expansion.source_rows);
  EXPECT_THAT(expansion.notes, SizeIs(2));
  EXPECT_THAT(ExpandAliases(*ParsePluginList("tf24:type=int8")).status().message(),
              HasSubstr("takes no options"));
}

}  // namespace
}  // namespace qbench::plan
