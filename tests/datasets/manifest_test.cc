#include "datasets/manifest.h"

#include "base/sha256.h"
#include "gmock/gmock.h"
#include "tests/datasets/test_images.h"

namespace qbench::datasets {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

class ManifestTest : public FolderTest {
 protected:
  Manifest Example() const {
    Manifest manifest;
    manifest.name = "tiny";
    manifest.title = "A \"tiny\" set";
    manifest.licence = "Apache-2.0";
    manifest.source = "drawn";
    manifest.labels = {"a", "b"};
    manifest.default_models = {"m"};
    manifest.splits["test"] = {"test", 2, Sha256Hex("x")};
    manifest.splits["train"] = {"deep/train", 4, Sha256Hex("y")};
    return manifest;
  }
  std::string Text(const Manifest& manifest) const {
    EXPECT_TRUE(WriteManifest(folder() / "m.toml", manifest).ok());
    return *ReadTextFile(folder() / "m.toml");
  }
  std::string ErrorOf(const std::string& text) const {
    EXPECT_TRUE(WriteFileAtomically(folder() / "bad.toml", text).ok());
    const Status status = ReadManifest(folder() / "bad.toml").status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt) << text;
    EXPECT_THAT(status.message(), HasSubstr("bad.toml"));
    return status.message();
  }
};

TEST_F(ManifestTest, WrittenAndReadAgainItIsTheSame) {
  const std::string text = Text(Example());
  const Result<Manifest> again = ReadManifest(folder() / "m.toml");
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(again->title, "A \"tiny\" set");
  EXPECT_EQ(again->labels, Example().labels);
  EXPECT_EQ(again->splits.at("train").path, "deep/train");
  EXPECT_EQ(again->splits.at("train").images, 4u);
  EXPECT_EQ(Text(*again), text);
}

TEST_F(ManifestTest, ErrorsNameTheKey) {
  const std::string text = Text(Example());
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    EXPECT_NE(changed.find(from), std::string::npos) << from;
    return changed.replace(changed.find(from), from.size(), to);
  };
  EXPECT_THAT(ErrorOf(with("name = \"tiny\"\n", "")), EndsWith("name is missing"));
  EXPECT_THAT(ErrorOf(with("labels = [\"a\", \"b\"]", "labels = []")),
              HasSubstr("labels must name"));
  EXPECT_THAT(ErrorOf(with("[\"a\", \"b\"]", "[\"a\", \"../b\"]")), HasSubstr("names of folders"));
  EXPECT_THAT(ErrorOf(with("[\"a\", \"b\"]", "[\"a\", \"a\"]")), HasSubstr("twice"));
  EXPECT_THAT(ErrorOf(with("path = \"test\"", "path = \"../test\"")),
              EndsWith("splits.test.path must be a folder below the manifest's"));
  EXPECT_THAT(ErrorOf(with("path = \"test\"", "path = \"/etc\"")), HasSubstr("splits.test.path"));
  EXPECT_THAT(ErrorOf(with("images = 2", "images = -2")), HasSubstr("splits.test.images"));
  EXPECT_THAT(ErrorOf(with("[splits.test]", "[splits.tset]")),
              HasSubstr("splits.tset is not a key"));
  EXPECT_THAT(ErrorOf(with(Sha256Hex("x"), "abc")), HasSubstr("splits.test.sha256"));
}

}  // namespace
}  // namespace qbench::datasets
