#include "datasets/sidecar.h"

#include "gmock/gmock.h"
#include "tests/datasets/test_images.h"

namespace qbench::datasets {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kSidecar[] = R"(labels = ["a", "b"]
[input]
width = 96
height = 64
channels = "BGR"
resize = "tf-bilinear"
mean = [127.5, 0, 1.25]
std = [127.5, 255.0, 1.0]
)";

// The sidecar with one piece replaced.
std::string With(const std::string& from, const std::string& to) {
  std::string text = kSidecar;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string ErrorOf(const std::string& text) {
  const Status status = ParseSidecar(text, "m.toml").status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  return status.message();
}

TEST(SidecarTest, ReadsEveryKey) {
  const Result<Sidecar> sidecar = ParseSidecar(kSidecar, "m.toml");
  ASSERT_TRUE(sidecar.ok()) << sidecar.status().message();
  EXPECT_THAT(sidecar->labels, ElementsAre("a", "b"));
  EXPECT_EQ(sidecar->input.width, 96);
  EXPECT_EQ(sidecar->input.height, 64);
  EXPECT_EQ(sidecar->input.channels, Channels::kBgr);
  EXPECT_EQ(sidecar->input.resize, Resize::kTfBilinear);
  EXPECT_THAT(sidecar->input.mean, ElementsAre(127.5F, 0.0F, 1.25F));
  EXPECT_THAT(sidecar->input.std, ElementsAre(127.5F, 255.0F, 1.0F));
  EXPECT_FALSE(sidecar->input.exif_rotation);
}

TEST(SidecarTest, ErrorsNameFileAndKey) {
  EXPECT_EQ(ErrorOf(With("width = 96\n", "")), "m.toml: input.width is missing");
  EXPECT_EQ(ErrorOf(With("width = 96", "width = \"96\"")),
            "m.toml: input.width must be an integer");
  EXPECT_EQ(ErrorOf(With("width = 96", "width = 0")), "m.toml: input.width must be from 1 to 4096");
  EXPECT_EQ(ErrorOf(With("\"BGR\"", "\"BRG\"")),
            "m.toml: input.channels \"BRG\" is none of RGB, BGR, GRAY");
  EXPECT_THAT(ErrorOf(With("tf-bilinear", "bilinear")), HasSubstr("is none of pil-bilinear, "));
  EXPECT_THAT(ErrorOf(With("mean = [127.5, 0, 1.25]", "mean = [127.5]")),
              HasSubstr("mean has 1 values"));
  EXPECT_THAT(ErrorOf(With("std = [127.5, 255.0, 1.0]", "std = [1.0, 0.0, 1.0]")),
              HasSubstr("std holds 0"));
  EXPECT_THAT(ErrorOf(With("std = [127.5, 255.0, 1.0]", "std = [1.0, nan, 1.0]")),
              HasSubstr("std holds nan"));
  EXPECT_EQ(ErrorOf(With("mean = [127.5, 0, 1.25]", "mean = \"x\"")),
            "m.toml: input.mean must be an array of numbers");
  EXPECT_EQ(ErrorOf(With("[\"a\", \"b\"]", "[\"a\", \"a\"]")), "m.toml: labels names one twice");
  EXPECT_EQ(ErrorOf("labels = []"), "m.toml: input is missing");
}

TEST(SidecarTest, UnknownKeysAreNamed) {
  EXPECT_EQ(
      ErrorOf(With("width = 96", "width = 96\nheigth = 64")),
      "m.toml: input.heigth is not a key that qbench knows; it knows width, height, channels, "
      "resize, mean, std, exif_rotation");
  EXPECT_EQ(ErrorOf(With("[input]", "classes = 2\n[input]")),
            "m.toml: classes is not a key that qbench knows; it knows labels, input, origin");
  EXPECT_TRUE(ParseSidecar(std::string(kSidecar) + "[origin]\nanything = 1\n", "m.toml").ok());
}

TEST(SidecarTest, WrittenAndReadAgainItIsTheSame) {
  Sidecar sidecar = *ParseSidecar(kSidecar, "m.toml");
  sidecar.labels = {"a \"quoted\"\\", "größer", "tab\t"};
  sidecar.input.mean = {0.1F, 123.675F, 1e-9F};
  sidecar.input.exif_rotation = true;
  sidecar.origin = *ParseToml("model = \"x\"\n[more]\nn = [1, 2]\n", "x");
  const Result<Sidecar> again = ParseSidecar(FormatSidecar(sidecar), "again");
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(again->labels, sidecar.labels);
  EXPECT_EQ(again->input.mean, sidecar.input.mean);
  EXPECT_EQ(again->input.std, sidecar.input.std);
  EXPECT_TRUE(again->input.exif_rotation);
  EXPECT_EQ(again->origin, sidecar.origin);
  EXPECT_EQ(FormatSidecar(*again), FormatSidecar(sidecar));
}

TEST(SidecarTest, GrayHasOneMean) {
  std::string text = With("\"BGR\"", "\"GRAY\"");
  EXPECT_THAT(ErrorOf(text), HasSubstr("one a channel, 1"));
}

class SidecarFileTest : public FolderTest {};

TEST_F(SidecarFileTest, LiesBesideTheModel) {
  const auto model = folder() / "model.h5";
  const Status missing = ReadSidecar(model).status();
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("model.h5.toml"));
  EXPECT_THAT(missing.message(), HasSubstr("`qbench init`"));
  ASSERT_TRUE(WriteSidecar(model, *ParseSidecar(kSidecar, "x")).ok());
  EXPECT_TRUE(ReadSidecar(model).ok());
}

TEST(CheckLabelsTest, MapsByName) {
  const Result<std::vector<int>> outputs = CheckLabels({"b", "c", "a"}, {"a", "b", "c"});
  ASSERT_TRUE(outputs.ok());
  EXPECT_THAT(*outputs, ElementsAre(2, 0, 1));
}

TEST(CheckLabelsTest, DifferencesAreNamed) {
  EXPECT_EQ(
      CheckLabels({"a", "b", "dog"}, {"a", "b", "cat", "cow"}).status().message(),
      "the labels of model and data set differ: only the model has dog; only the data set has "
      "cat, cow; correct the model's sidecar or choose another data set");
  EXPECT_THAT(CheckLabels({"a", "b", "c"}, {"a", "b"}).status().message(),
              HasSubstr("only the model has c; correct"));
  EXPECT_EQ(CheckLabels({"Buildings", "sea"}, {"buildings", "sea"}).status().message(),
            "the labels of model and data set differ: \"Buildings\" of the model and \"buildings\" "
            "of the data set differ in case alone; write them in the model's sidecar as the class "
            "folders are called");
  EXPECT_THAT(CheckLabels({"traffic light", "a"}, {"traffic_light", "b"}).status().message(),
              HasSubstr("spaces, hyphens or underscores alone; only the model has a; only the data "
                        "set has b; correct"));
  // A list of a thousand is no message.
  std::vector<std::string> thousand;
  for (int i = 0; i < 1000; ++i) thousand.push_back(fmt::format("class {:03}", i));
  EXPECT_THAT(CheckLabels(thousand, {"a", "b"}).status().message(),
              HasSubstr("class 003, class 004 and 995 more; only"));
  EXPECT_THAT(CheckLabels({}, {"a", "b"}).status().message(), HasSubstr("names no labels"));
}

}  // namespace
}  // namespace qbench::datasets
