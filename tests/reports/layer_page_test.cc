#include "reports/layer_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qbench::reports {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

LayerPage Page() {
  LayerPage page;
  page.headline = "a<b>.tflite";
  page.circumstances = {"2 layers"};
  page.verdict = {"The error jumps at \"x\"."};
  page.columns = {{"layer", "its name", false}, {"sqnr dB", "higher is better", true}};
  page.rows = {{.cells = {"conv", "30.0"}, .sqnr_db = 30.0},
               {.cells = {"dense", "15.0"}, .marked = true, .sqnr_db = 15.0}};
  return page;
}

TEST(LayerPageHtml, ShowsTableChartAndMarks) {
  const Result<std::string> html = LayerPageHtml(Page());
  ASSERT_TRUE(html.ok()) << html.status().message();
  EXPECT_THAT(*html, HasSubstr("a&lt;b&gt;.tflite"));
  EXPECT_THAT(*html, Not(HasSubstr("<b>")));
  EXPECT_THAT(*html,
              HasSubstr("<tr class=\"marked\"><td>dense</td><td class=\"number\">15.0</td>"));
  // 30 of 60 dB is half of 220 high; 15 is three quarters down.
  EXPECT_THAT(*html, HasSubstr("points=\"0.0,110.0 1000.0,165.0\""));
  EXPECT_THAT(*html, HasSubstr("<circle cx=\"1000.0\" cy=\"165.0\""));
  EXPECT_THAT(*html, Not(HasSubstr("class=\"own\"")));
  EXPECT_THAT(*html, Not(HasSubstr("A recipe that keeps")));
  EXPECT_THAT(*html, Not(HasSubstr("In the quantized file")));
  EXPECT_THAT(*html, Not(HasSubstr("src=")));  // it loads nothing
}

TEST(LayerPageHtml, ShowsWhatElseThereIs) {
  LayerPage page = Page();
  page.rows[0].own_sqnr_db = 60.0;
  page.recipe = "[[rule]]\n";
  page.warnings = {"a bias"};
  const Result<std::string> html = LayerPageHtml(page);
  ASSERT_TRUE(html.ok()) << html.status().message();
  EXPECT_THAT(*html, HasSubstr("<polyline class=\"own\" points=\"0.0,0.0 1000.0,0.0\"/>"));
  EXPECT_THAT(*html, HasSubstr("<pre>[[rule]]\n</pre>"));
  EXPECT_THAT(*html, HasSubstr("<li>a bias</li>"));
}

}  // namespace
}  // namespace qbench::reports
