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
      ElementsAre(NamedSpec{{"dynamic", {}}, "OPTIMIZE_FOR_SIZE"},
                  NamedSpec{{"fp16", {}}, "OPTIMIZE_FOR_LATENCY"},
                  NamedSpec{{"dynamic", {}}, "DEFAULT"}));
  EXPECT_THAT(Expand("DEFAULT:threshold=3:type=float16").plugins,
              ElementsAre(NamedSpec{{"fp16", {{"threshold", "3"}}}, "DEFAULT"}));
  EXPECT_THAT(ExpandAliases(*ParsePluginList("DEFAULT:type=int4")).status().message(),
              HasSubstr("int8|float16"));
}

TEST(Aliases, Tf24IsTheWholeTable) {
  const Expansion expansion = Expand("tf24,litert");
  EXPECT_THAT(
      expansion.plugins,
      ElementsAre(NamedSpec{{"float", {}}}, NamedSpec{{"fp16", {}}, "DEFAULT"},
                  NamedSpec{{"fp16", {}}, "OPTIMIZE_FOR_SIZE"},
                  NamedSpec{{"fp16", {}}, "OPTIMIZE_FOR_LATENCY"},
                  NamedSpec{{"dynamic", {}}, "DEFAULT"},
                  NamedSpec{{"dynamic", {}}, "OPTIMIZE_FOR_SIZE"},
                  NamedSpec{{"dynamic", {}}, "OPTIMIZE_FOR_LATENCY"}, NamedSpec{{"litert", {}}}));
  EXPECT_TRUE(expansion.source_rows);
  EXPECT_THAT(expansion.notes, SizeIs(1));
  EXPECT_THAT(ExpandAliases(*ParsePluginList("tf24:type=int8")).status().message(),
              HasSubstr("takes no options"));
}

}  // namespace
}  // namespace qbench::plan
