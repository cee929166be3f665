#include "datasets/thumbnail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64.h"
#include "base/sha256.h"
#include "tests/datasets/test_images.h"

namespace qbench::datasets {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ThumbnailTest : public FolderTest {
 protected:
  std::vector<Thumbnail> Make(const std::vector<ImageFile>& files,
                              const ThumbnailSettings& settings = {}) {
    const auto made = MakeThumbnails(files, settings, TestDecodeOptions());
    EXPECT_TRUE(made.ok()) << made.status().message();
    return made.ok() ? *made : std::vector<Thumbnail>(files.size());
  }
};

TEST_F(ThumbnailTest, ASmallFileIsItsOwnPicture) {
  const Bytes jpeg = *ReadFile(GoldenFile("color.jpg"));
  const auto made =
      Make({{GoldenFile("color.jpg"), Sha256Hex(jpeg)}, {GoldenFile("color.png"), ""}});
  EXPECT_EQ(made[0].source, "data:image/jpeg;base64," + Base64(jpeg));
  EXPECT_THAT(made[1].source, StartsWith("data:image/png;base64,iVBORw0KGgo"));
}

TEST_F(ThumbnailTest, ALargeFileIsMadeSmall) {
  const auto made = Make({{GoldenFile("color.jpg"), ""}}, {.whole_bytes = 10, .side = 5});
  // 54 bytes of headers, and 5 rows of 5 pixels with a byte to fill them up.
  ASSERT_THAT(made[0].source, StartsWith("data:image/bmp;base64,Qk2GAAAA"));
  EXPECT_EQ(made[0].source.size(), 22U + (54 + 5 * 16 + 2) / 3 * 4);
}

TEST_F(ThumbnailTest, ABmpKeepsItsPixels) {
  const Bytes bmp = MakeBmp(6, 6, 3);
  WriteTestFile(folder() / "a.bmp", bmp);
  const auto made = Make({{folder() / "a.bmp", ""}}, {.side = 6});
  ASSERT_THAT(made[0].source, StartsWith("data:image/bmp;base64,"));
  // The same pixels in the same order.
  const std::string text = Base64(bmp);
  EXPECT_EQ(made[0].source.substr(22 + 72), text.substr(72));
}

TEST_F(ThumbnailTest, OtherBytesThanWereMeasuredAreNotShown) {
  WriteTestFile(folder() / "broken.jpg", Bytes{1, 2, 3});
  const auto made = Make({{GoldenFile("color.jpg"), std::string(64, '0')},
                          {folder() / "broken.jpg", ""},
                          {folder() / "gone.jpg", ""}});
  for (const Thumbnail& thumbnail : made) {
    EXPECT_EQ(thumbnail.source, "");
    EXPECT_NE(thumbnail.reason, "");
  }
}

TEST_F(ThumbnailTest, StaysWithinItsRoom) {
  const ImageFile file = {GoldenFile("color.jpg"), ""};
  const uint64_t one = Make({file})[0].source.size();
  const auto made = Make({file, file, file}, {.total_chars = 2 * one});
  EXPECT_EQ(made[1].source.size(), one);
  EXPECT_EQ(made[2].source, "");
  EXPECT_EQ(made[2].reason, "");
}

}  // namespace
}  // namespace qbench::datasets
