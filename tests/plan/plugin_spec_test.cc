#include "harness/plan/plugin_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qbench::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Failure(std::string_view text) {
  const Result<std::vector<PluginSpec>> specs = ParsePluginList(text);
  return specs.ok() ? "no failure" : specs.status().message();
}

TEST(PluginSpec, ReadsNamesAndOptions) {
  const auto specs = ParsePluginList("int8:per_channel=false:io=int8,fp16,litert:kernels=builtin");
  ASSERT_TRUE(specs.ok()) << specs.status().message();
  EXPECT_THAT(*specs,
              ElementsAre(PluginSpec{"int8", {{"io", "int8"}, {"per_channel", "false"}}},
                          PluginSpec{"fp16", {}}, PluginSpec{"litert", {{"kernels", "builtin"}}}));
}

TEST(PluginSpec, FormatsBackInOneOrder) {
  EXPECT_EQ(FormatSpec((*ParsePluginList("int8:b=2:a=1"))[0]), "int8:a=1:b=2");
  EXPECT_EQ(FormatSpec((*ParsePluginList("fp16"))[0]), "fp16");
}

TEST(PluginSpec, AValueMayHoldAnEqualsSign) {
  EXPECT_EQ((*ParsePluginList("int8:recipe=a=b"))[0].options[0].value, "a=b");
}

TEST(PluginSpec, SaysWhatIsWrong) {
  EXPECT_THAT(Failure(""), HasSubstr("an empty name"));
  EXPECT_THAT(Failure("int8,,fp16"), HasSubstr("an empty name"));
  EXPECT_THAT(Failure("int8:io"), HasSubstr("NAME:option=value"));
  EXPECT_THAT(Failure("int8:=x"), HasSubstr("NAME:option=value"));
  EXPECT_THAT(Failure("int8:io=a:io=b"), HasSubstr("\"io\" stands twice"));
  EXPECT_THAT(Failure("int8:a=1:b=2,int8:b=2:a=1"), HasSubstr("stands twice"));
}

}  // namespace
}  // namespace qbench::plan
