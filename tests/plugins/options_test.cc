#include "plugins/support/options.h"

#include <array>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qbench::plugin {
namespace {

using ::testing::HasSubstr;

constexpr std::array kTable = {
    Option("io", "float", "float|int8", "type of input and output"),
    Option("images", "100", "1..10000", "how many samples"),
    Option("per_channel", "true", "true|false", "a scale a channel"),
    Option("recipe", "none", "FILE", "a recipe"),
    Option("calibration", "minmax", "minmax", "how"),
    Option("percentile", "99.9", "50.5..100.0", "share"),
};

Result<Options> Parse(const std::vector<qbench_option>& given) {
  return ParseOptions("int8", kTable, given);
}

TEST(Options, DefaultsStandWhereNothingIsGiven) {
  const auto options = Parse({});
  ASSERT_TRUE(options.ok());
  EXPECT_EQ(options->Text("io"), "float");
  EXPECT_EQ(options->Integer("images"), 100);
  EXPECT_TRUE(options->Flag("per_channel"));
  EXPECT_FALSE(options->Given("io"));
  EXPECT_TRUE(Parse({{"io", "float"}})->Given("io"));
}

TEST(Options, GivenValuesReplaceDefaults) {
  const auto options = Parse(
      {{"io", "int8"}, {"images", "10000"}, {"per_channel", "false"}, {"recipe", "a..b|c.toml"}});
  ASSERT_TRUE(options.ok()) << options.status().message();
  EXPECT_EQ(options->Text("io"), "int8");
  EXPECT_EQ(options->Integer("images"), 10000);
  EXPECT_FALSE(options->Flag("per_channel"));
  EXPECT_EQ(options->Text("recipe"), "a..b|c.toml");
}

TEST(Options, UnknownOptionIsNamedWithTheKnownOnes) {
  const Status status = Parse({{"oi", "int8"}}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(),
            "int8 has no option \"oi\"; the options are io=float|int8, images=1..10000, "
            "per_channel=true|false, recipe=FILE, calibration=minmax, percentile=50.5..100.0");
}

TEST(Options, BadValuesAreNamedWithTheValidOnes) {
  EXPECT_EQ(Parse({{"io", "int"}}).status().message(), "int8:io=int: the value must be float|int8");
  for (const char* value : {"0", "10001", "", "1e2", " 5", "5 ", "99999999999999999999"}) {
    const Status status = Parse({{"images", value}}).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << value;
    EXPECT_THAT(status.message(), HasSubstr("must be 1..10000"));
  }
  for (const char* value : {"50.4", "100.1", "nan", "inf", "1e2", "99,9", ""}) {
    EXPECT_THAT(Parse({{"percentile", value}}).status().message(),
                HasSubstr("must be 50.5..100.0"));
  }
  EXPECT_EQ(Parse({{"percentile", "99.25"}})->Real("percentile"), 99.25);
  EXPECT_EQ(Parse({{"percentile", "60"}})->Real("percentile"), 60.0);
  EXPECT_FALSE(Parse({{"recipe", ""}}).ok());
  EXPECT_TRUE(Parse({{"calibration", "minmax"}}).ok());
  EXPECT_FALSE(Parse({{"calibration", "entropy"}}).ok());
}

TEST(Options, TwiceIsAnError) {
  EXPECT_THAT(Parse({{"io", "int8"}, {"io", "float"}}).status().message(), HasSubstr("twice"));
}

TEST(Options, PluginWithoutOptionsSaysSo) {
  const std::vector<qbench_option> given = {{"io", "int8"}};
  EXPECT_EQ(ParseOptions("float", {}, given).status().message(),
            "float has no option \"io\": it has none at all");
}

TEST(Options, UndeclaredNameIsABug) {
  const auto options = Parse({});
  ASSERT_TRUE(options.ok());
  EXPECT_THROW(static_cast<void>(options->Text("oi")), std::logic_error);
  EXPECT_THROW(static_cast<void>(options->Flag("io")), std::logic_error);
  EXPECT_THROW(static_cast<void>(options->Integer("io")), std::logic_error);
}

}  // namespace
}  // namespace qbench::plugin
