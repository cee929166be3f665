#include "quantize/recipe/near_names.h"

#include <gtest/gtest.h>

namespace qbench::quantize {
namespace {

TEST(NearNames, AreTheThreeNearest) {
  EXPECT_EQ(NearNames("conv1", {"dense", "conv2", "con1", "convolution_1", "conv1x"}),
            "; near: \"con1\", \"conv1x\", \"conv2\"");
  EXPECT_EQ(NearNames("conv1", {"dense"}), "; near: \"dense\"");
  EXPECT_EQ(NearNames("conv1", {}), "");
}

TEST(NearNames, OfAPartAreThoseThatHoldIt) {
  const std::vector<std::string> names = {"convo", "block_1/expand/conv2d", "head"};
  EXPECT_EQ(NearNames("expamd", names, NameMatch::kAnywhere).find("; near: \"block_1/expand"), 0U);
  EXPECT_EQ(NearNames("conv", names, NameMatch::kWhole).find("; near: \"convo\""), 0U);
}

}  // namespace
}  // namespace qbench::quantize
