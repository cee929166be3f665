#include "reports/flipped_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/reports.h"
#include "tests/results/made_run.h"

namespace qbench::reports {
namespace {

using store::MadeRun;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Of six images of the classes a, b and c int8 loses two and gains one.
store::RunData FlippedRun() {
  MadeRun made(1, 6);
  std::vector<int32_t> base = made.Right();
  base[5] = 0;
  std::vector<int32_t> other = made.Right();
  other[0] = 1;
  other[3] = 2;
  made.Add({.quantizer = "float", .predictions = base});
  made.Add({.quantizer = "int8", .predictions = other});
  made.Add({.quantizer = "int8", .threads = 4, .predictions = other});
  made.Add({.quantizer = "float", .threads = 4, .predictions = base});
  store::RunData run = made;
  for (size_t cell : {1U, 2U}) {
    run.cells[cell].measurements[0].confidences = {0.6F, 0.5F, 0.5F, 0.9F, 0.5F, 0.99F};
  }
  return run;
}

TEST(FlippedImages, AreThoseThatFloatPutsIntoAnotherClass) {
  const store::RunData run = FlippedRun();
  const RunView view(run);
  const auto groups = FlipsAgainstFloat(view);
  ASSERT_EQ(groups.size(), 1U) << "cells with the same predictions are one";
  EXPECT_EQ(groups[0].names, "int8");
  EXPECT_EQ(groups[0].base, &view.variants[0]);
  EXPECT_EQ(groups[0].summary, "3 of 6 images changed class: 2 lost, 1 gained");
  ASSERT_EQ(groups[0].flips.size(), 3U);
  EXPECT_EQ(groups[0].flips[0].image, 3U) << "the surest mistake first";
  EXPECT_EQ(groups[0].flips[1].image, 0U);
  EXPECT_EQ(groups[0].flips[2].image, 5U);
  EXPECT_THAT(WantedPictures({run}),
              ElementsAre(PictureKey("split-sha", "a/3.jpg"), PictureKey("split-sha", "a/0.jpg"),
                          PictureKey("split-sha", "c/5.jpg")));
}

TEST(FlippedImages, StandOnThePageWithTheirClasses) {
  const store::RunData run = FlippedRun();
  ReportOptions options;
  options.pictures.sources[{"split-sha", "a/3.jpg"}] = "data:image/png;base64,AAAA";
  options.pictures.missing = {"2 pictures left out, so that the page stays small."};
  EXPECT_THAT(*HtmlReport({run}, options),
              AllOf(HasSubstr("<img src=\"data:image/png;base64,AAAA\" alt=\"a/3.jpg\""),
                    HasSubstr("<p>a: lost</p><p class=\"classes\">a → <strong>c</strong> 0.90"),
                    HasSubstr("no picture"), HasSubstr("2 pictures left out")));
}

TEST(FlippedImages, AreNoSectionWhereThereAreNone) {
  MadeRun made(1, 6);
  made.Add({.quantizer = "float", .predictions = made.Right()});
  made.Add({.quantizer = "int8", .predictions = made.Right()});
  const store::RunData run = made;
  EXPECT_THAT(WantedPictures({run}), IsEmpty());
  EXPECT_THAT(*HtmlReport({run}), Not(HasSubstr("Images that changed their class")));
}

}  // namespace
}  // namespace qbench::reports
