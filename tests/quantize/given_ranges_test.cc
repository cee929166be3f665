#include "quantize/ranges/given_ranges.h"

#include "base/json.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::quantize {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Json RangesOf(const graph::Model& model) {
  Json tensors = Json::array();
  float width = 1.0F;
  for (const graph::TensorId id : TensorsToMeasure(model)) {
    tensors.push_back({{"name", model.graph.tensors[static_cast<size_t>(id)].name},
                       {"measured", true},
                       {"min", -0.5F * width},
                       {"max", width}});
    width *= 1.5F;
  }
  return {{"tensors", tensors}};
}

std::string ErrorOf(const graph::Model& model, const Json& json) {
  const auto ranges = ReadRanges(model, {}, DumpJson(json));
  return ranges.ok() ? "" : std::string(ranges.status().message());
}

TEST(GivenRanges, AreThoseOfTheFile) {
  const graph::Model model = TinyClassifier();
  Json json = RangesOf(model);
  // What follows from others is passed over.
  json["tensors"].push_back({{"name", "elsewhere"}, {"measured", false}, {"min", 0}, {"max", 1}});
  const auto ranges = ReadRanges(model, {}, DumpJson(json));
  ASSERT_TRUE(ranges.ok()) << ranges.status().message();
  float width = 1.0F;
  for (const graph::TensorId id : TensorsToMeasure(model)) {
    EXPECT_EQ(ranges->ranges[static_cast<size_t>(id)], (ValueRange{-0.5F * width, width}));
    width *= 1.5F;
  }
}

TEST(GivenRanges, EachFlawIsNamed) {
  const graph::Model model = TinyClassifier();
  const Json good = RangesOf(model);
  const auto name = good["tensors"][2]["name"].get<std::string>();
  Json missing = good;
  missing["tensors"].erase(2);
  EXPECT_THAT(ErrorOf(model, missing),
              AllOf(HasSubstr("no range for tensor \"" + name + "\""), HasSubstr("; near: \"")));
  Json unknown = good;
  unknown["tensors"].push_back({{"name", "stranger"}, {"min", 0}, {"max", 1}});
  EXPECT_THAT(ErrorOf(model, unknown), HasSubstr("no activation \"stranger\"; near: \""));
  Json misspelt = good;
  misspelt["tensors"][2]["name"] = name + "x";
  EXPECT_THAT(ErrorOf(model, misspelt),
              HasSubstr("no activation \"" + name + "x\"; near: \"" + name + "\""));
  Json twice = good;
  twice["tensors"].push_back(good["tensors"][0]);
  EXPECT_THAT(ErrorOf(model, twice), HasSubstr("stands twice"));
  Json inverted = good;
  inverted["tensors"][2]["min"] = 100;
  inverted["tensors"][2]["max"] = 1;
  EXPECT_THAT(ErrorOf(model, inverted), HasSubstr(name));
  Json word = good;
  word["tensors"][2]["min"] = "low";
  EXPECT_THAT(ErrorOf(model, word), HasSubstr("must have numbers"));
  EXPECT_THAT(ErrorOf(model, Json::array()), HasSubstr("not a file of ranges"));
  EXPECT_THAT(ErrorOf(model, {{"tensors", {1, 2}}}), HasSubstr("has no name"));
  EXPECT_FALSE(ReadRanges(model, {}, "{").ok());
}

TEST(GivenRanges, SayWhereTheyComeFrom) {
  const graph::Model model = TinyClassifier();
  Json json = RangesOf(model);
  EXPECT_EQ(ReadRanges(model, {}, DumpJson(json))->origin.samples, 0U);
  json["calibration"] = "octav";
  json["runtime"] = "litert 2.3.0";
  json["samples"] = 100;
  const auto given = ReadRanges(model, {}, DumpJson(json));
  ASSERT_TRUE(given.ok()) << given.status().message();
  EXPECT_EQ(given->origin.calibration, "octav");
  EXPECT_EQ(given->origin.runtime, "litert 2.3.0");
  EXPECT_EQ(given->origin.samples, 100U);
}

TEST(GivenRanges, OfAModelThatWasChangedOtherwiseAreRefused) {
  const graph::Model model = TinyClassifier();
  Json json = RangesOf(model);
  const FloatModelChanges equalized{.equalization = true};
  EXPECT_TRUE(ReadRanges(model, equalized, DumpJson(json)).ok());  // it does not say
  json["equalization"] = false;
  json["bias_absorption"] = false;
  EXPECT_TRUE(ReadRanges(model, {}, DumpJson(json)).ok());
  EXPECT_THAT(ReadRanges(model, equalized, DumpJson(json)).status().message(),
              HasSubstr("equalization=false"));
  json["bias_absorption"] = true;
  EXPECT_THAT(ErrorOf(model, json), HasSubstr("bias_absorption=true"));
}

TEST(DummyRanges, AreTheOldConverters) {
  const graph::Model model = TinyClassifier();
  const auto ranges = MakeDummyRanges(model, {.min = -1, .max = 6, .mean = 128, .std_dev = 64});
  ASSERT_TRUE(ranges.ok());
  for (const graph::TensorId id : TensorsToMeasure(model)) {
    const bool input = id == model.graph.inputs[0];
    EXPECT_EQ((*ranges)[static_cast<size_t>(id)],
              input ? (ValueRange{-2.0F, 127.0F / 64.0F}) : (ValueRange{-1.0F, 6.0F}));
  }
}

}  // namespace
}  // namespace qbench::quantize
