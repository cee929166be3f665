// What is said of a run whose sidecar does not fit, and that every report says it.
#include "reports/input_warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "reports/reports.h"
#include "reports/warnings.h"
#include "tests/store/sample_run.h"

namespace qbench::reports {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Every cell's predictions become change(prediction).
template <typename Change>
store::RunData Changed(const Change& change, const store::SampleRunOptions& options = {}) {
  store::RunData run = store::LoadSampleRun(options);
  for (store::CellData& cell : run.cells) {
    for (store::Measurement& measurement : cell.measurements) {
      for (int32_t& predicted : measurement.predictions) predicted = change(predicted);
    }
  }
  return run;
}

store::RunData Reversed() {
  return Changed([](int32_t predicted) { return 5 - predicted; });
}

TEST(InputWarnings, AGoodRunHasNone) {
  EXPECT_THAT(InputWarnings(RunView(store::LoadSampleRun({}))), IsEmpty());
}

TEST(InputWarnings, LabelsOutOfOrderAreNamedWithTheKey) {
  const store::RunData run = Reversed();
  const RunView view(run);
  const auto warnings = InputWarnings(view);
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0].keys, ElementsAre("labels"));
  EXPECT_THAT(warnings[0].text, HasSubstr("buildings ↔ street"));
  EXPECT_THAT(warnings[0].text, HasSubstr("forest ↔ sea and glacier ↔ mountain"));
  EXPECT_THAT(warnings[0].text, HasSubstr("Look at labels in the model's sidecar."));
  EXPECT_THAT(warnings[0].text, Not(HasSubstr("\n")));
  EXPECT_EQ(warnings[0].variant->quantizer, "float");
  EXPECT_EQ(Warnings(view).front(), warnings[0].text);
}

TEST(InputWarnings, EveryReportHasThem) {
  const store::RunData run = Reversed();
  const std::string text = InputWarnings(RunView(run)).front().text;
  EXPECT_THAT(TerminalTable(run, {}), HasSubstr("warning: " + text));
  const Result<std::string> page = HtmlReport({run}, {});
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(*page, HasSubstr("buildings ↔ street"));
  EXPECT_THAT(MarkdownReport({run}, {}), HasSubstr("buildings ↔ street"));
  const Result<Json> json = ParseJson(JsonReport({run}, {}));
  ASSERT_TRUE(json.ok());
  const Json& warnings = json->at("runs").at(0).at("input_warnings");
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(warnings[0].at("kind"), "label_order");
  EXPECT_EQ(warnings[0].at("keys"), Json({"labels"}));
  EXPECT_EQ(warnings[0].at("text"), text);
  EXPECT_LT(warnings[0].at("p").get<double>(), 1e-20);
}

TEST(InputWarnings, LuckNamesEveryKey) {
  int next = 0;
  const store::RunData run = Changed([&](int32_t) { return next++ * 7 / 3 % 6; });
  const auto warnings = InputWarnings(RunView(run));
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0].text,
              HasSubstr("no better than luck (16.7 %; exact binomial test, p = "));
  EXPECT_THAT(warnings[0].text, HasSubstr("Look at mean, std, channels and labels"));
}

TEST(InputWarnings, AClassThatIsNeverPredictedIsNamed) {
  const store::RunData run =
      Changed([](int32_t predicted) { return predicted == 5 ? 0 : predicted; });
  const auto warnings = InputWarnings(RunView(run));
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0].text,
              HasSubstr("it never predicts street, the class of 100 of the 600 images"));
}

TEST(InputWarnings, WithoutFloatQuantizingMayHaveDoneIt) {
  const store::RunData run =
      Changed([](int32_t) { return 2; }, {.quantizers = {"int8"}, .images = 120});
  const auto warnings = InputWarnings(RunView(run));
  ASSERT_THAT(warnings, SizeIs(2));
  EXPECT_THAT(warnings[0].text, HasSubstr("measure float beside it"));
  EXPECT_THAT(warnings[1].text,
              HasSubstr("it predicts glacier for 100 of 100 images of other classes"));
}

TEST(InputWarnings, ScalingsAreWrittenAsTheSidecarHasThem) {
  store::RunData run = store::LoadSampleRun({});
  for (store::Measurement& measurement : run.cells[0].measurements) {
    if (measurement.kind != store::MeasurementKind::kAccuracy) continue;
    measurement.conditions["input"]["fit"] = {{"layer", "Conv1"},
                                              {"images", 100},
                                              {"divergence", 0.46},
                                              {"others",
                                               {{{"mean", {127.5, 127.5, 127.5}},
                                                 {"std", {127.5, 127.5, 127.5}},
                                                 {"divergence", 0.031}}}}};
    measurement.conditions["input"]["reach"] = {
        {"low", -1}, {"high", 0.992}, {"pixels_low", 0}, {"pixels_high", 255}, {"outside", 0.97}};
  }
  const auto warnings = InputWarnings(RunView(run));
  ASSERT_THAT(warnings, SizeIs(2));
  EXPECT_THAT(warnings[0].keys, ElementsAre("mean", "std"));
  EXPECT_THAT(warnings[0].text, HasSubstr("the first layer (Conv1)"));
  EXPECT_THAT(warnings[0].text,
              HasSubstr("0.031 with mean = [127.5, 127.5, 127.5], std = [127.5, 127.5, 127.5]"));
  EXPECT_THAT(warnings[1].text, HasSubstr("reach from -1 to 0.992, the sidecar makes pixels 0 to "
                                          "255, and 97.0 % of the images' values are cut off"));
}

}  // namespace
}  // namespace qbench::reports
