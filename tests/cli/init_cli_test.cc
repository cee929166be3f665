// `qbench init` as somebody meets it who has a model and images, and no sidecar yet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "base/toml.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const fs::path kModels = fs::path(QBENCH_SOURCE_DIR) / "models";
constexpr const char* kSmallNet = "mobilenetv2-035-96";

class Init : public ::testing::Test {
 protected:
  // A shipped model's file, without its sidecar.
  fs::path Bare(const std::string& name, const std::string& as = "") const {
    const fs::path copy = place_.File(as.empty() ? name + ".h5" : as);
    fs::copy_file(kModels / (name + ".h5"), copy, fs::copy_options::overwrite_existing);
    return copy;
  }
  static fs::path SidecarOf(const fs::path& model) { return model.string() + ".toml"; }

  Answer Run(const fs::path& model, std::vector<std::string> more) const {
    more.insert(more.begin(), {"init", model.string()});
    return place_.Run(more);
  }
  // One line that names the next step; nothing is written.
  void ExpectRefusal(const fs::path& model, const std::vector<std::string>& more,
                     const std::vector<std::string>& words) const {
    const Answer answer = Run(model, more);
    EXPECT_EQ(answer.status, 2);
    EXPECT_EQ(answer.out, "");
    for (const std::string& word : words) EXPECT_THAT(answer.err, HasSubstr(word));
    EXPECT_THAT(answer.err, HasSubstr("qbench init: "));
    EXPECT_FALSE(fs::exists(SidecarOf(model)));
  }
  std::string File(const std::string& name, const std::string& text) const {
    EXPECT_TRUE(WriteFileAtomically(place_.File(name), text).ok());
    return place_.File(name).string();
  }

  Workplace place_;
  const std::string scenes_ = place_.SmallScenes(10).string();
};

// Where both files say the same, but for the notes of where they come from.
void ExpectSameSidecar(const fs::path& file, const fs::path& shipped) {
  const Result<toml::table> ours = ReadTomlFile(file);
  const Result<toml::table> theirs = ReadTomlFile(shipped);
  ASSERT_TRUE(ours.ok()) << ours.status().message();
  ASSERT_TRUE(theirs.ok());
  EXPECT_EQ(*(*ours)["labels"].as_array(), *(*theirs)["labels"].as_array());
  EXPECT_EQ(*(*ours)["input"].as_table(), *(*theirs)["input"].as_table());
}

TEST_F(Init, WritesTheSidecarsOfTheShippedModels) {
  for (const char* name : {"intel-cnn", kSmallNet}) {
    SCOPED_TRACE(name);
    const fs::path model = Bare(name, "net.h5");  // whose name tells nothing
    const Answer answer = Run(model, {"--dataset", scenes_, "--force"});
    ASSERT_EQ(answer.status, 0) << answer.err;
    EXPECT_THAT(answer.out, AllOf(HasSubstr(" images are right, "), HasSubstr("%<"),
                                  HasSubstr(SidecarOf(model).string() + " is written")));
    ExpectSameSidecar(SidecarOf(model), kModels / (std::string(name) + ".h5.toml"));
  }
}

TEST_F(Init, WhatItWritesMeasuresAsTheShippedSidecarDoes) {
  const fs::path model = Bare(kSmallNet, "own.h5");
  ASSERT_EQ(Run(model, {"--dataset", scenes_, "--quiet"}).status, 0);
  const Answer answer = place_.Run(place_.QuickRun(
      {model.string(), kSmallNet, "--dataset", scenes_, "--plugins", "float,litert", "--json"}));
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Result<Json> json = ParseJson(answer.out);
  ASSERT_TRUE(json.ok());
  const Json& cells = json->at("runs").at(0).at("cells");
  ASSERT_EQ(cells.size(), 2U);
  EXPECT_GT(cells[0].at("top1"), 0.5);
  EXPECT_EQ(cells[0].at("top1"), cells[1].at("top1"));
}

TEST_F(Init, WritesOverNothingUnlessItIsTold) {
  const fs::path model = Bare(kSmallNet);
  File(SidecarOf(model).filename().string(), "mine");
  const Answer refused = Run(model, {"--dataset", scenes_});
  EXPECT_EQ(refused.status, 2);
  EXPECT_THAT(refused.err,
              AllOf(HasSubstr("is there already"), HasSubstr("--force"), HasSubstr("--dry-run")));
  const Answer shown = Run(model, {"--dataset", scenes_, "--images", "12", "--dry-run"});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_EQ(*ReadTextFile(SidecarOf(model)), "mine");
  EXPECT_TRUE(ParseToml(shown.out, "shown").ok());
  EXPECT_THAT(shown.out, HasSubstr("\n# 0 to 1 "));
  const Answer forced = Run(model, {"--force", "--dataset", scenes_, "--images", "0"});
  EXPECT_EQ(forced.status, 0) << forced.err;
  EXPECT_THAT(*ReadTextFile(SidecarOf(model)), HasSubstr("width = 96"));
}

TEST_F(Init, WithoutImagesSaysWhatIsAGuess) {
  const fs::path model = Bare(kSmallNet);
  const Answer answer = Run(model, {"--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Result<Json> json = ParseJson(answer.out);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->at("labels").size(), 0U);
  EXPECT_EQ(json->at("classes"), 6);
  EXPECT_EQ(json->at("input").at("mean"), Json({127.5, 127.5, 127.5}));
  EXPECT_THAT(json->at("sources").at("normalization"),
              HasSubstr("a guess: as networks called MobileNetV2 are trained"));
  EXPECT_TRUE(json->at("check").is_null());
  EXPECT_EQ(json->at("written"), true);
  EXPECT_THAT(*ReadTextFile(SidecarOf(model)), HasSubstr("# labels = [6 names"));
}

// Such a sidecar does for calibrating.
TEST_F(Init, CalibratingNeedsNoLabels) {
  const fs::path model = Bare(kSmallNet);
  ASSERT_EQ(Run(model, {"--quiet"}).status, 0);
  const Answer made = place_.Run({"quantize", model.string(), "--plugins", "int8:images=6",
                                  "--dataset", scenes_, "-o", place_.File("out.tflite").string()});
  EXPECT_EQ(made.status, 0) << made.err;
  const Answer run = place_.Run(
      place_.QuickRun({model.string(), "--dataset", scenes_, "--plugins", "float,litert"}));
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("names no labels"));
}

TEST_F(Init, TellsTheRightOrderOfTheLabels) {
  const fs::path model = Bare(kSmallNet);
  const std::string turned =
      File("turned.txt", "street\nsea\nmountain\nglacier\nforest\nbuildings\n");
  const Answer answer = Run(model, {"--dataset", scenes_, "--labels", turned, "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.err, HasSubstr("warning: the images overrule what was given"));
  EXPECT_THAT(answer.err, HasSubstr("labels sorted is written"));
  ExpectSameSidecar(SidecarOf(model), kModels / (std::string(kSmallNet) + ".h5.toml"));
  const Json check = ParseJson(answer.out)->at("check");
  EXPECT_EQ(check.at("images"), 60);
  EXPECT_EQ(check.at("tried").size(), 20U);
  EXPECT_EQ(check.at("overrules"), true);
}

TEST_F(Init, SaysWhatDoesNotFit) {
  const fs::path model = Bare(kSmallNet);
  ExpectRefusal(model, {"--labels", File("few.txt", "a\nb\n")}, {"2 labels for 6 classes"});
  ExpectRefusal(model, {"--labels", File("twice.txt", "a\nb\nc\nd\ne\nb\n")},
                {"lines 2 and 6 both say \"b\""});
  ExpectRefusal(model, {"--labels", place_.File("none.txt").string()}, {"--labels", "none.txt"});
  ExpectRefusal(model, {"--labels", File("other.txt", "a\nb\nc\nd\ne\nf\n"), "--dataset", scenes_},
                {"not the class folders", "only the labels have a, b, c"});
  ExpectRefusal(model, {"--dataset", "sceens"}, {"scenes"});
  ExpectRefusal(model, {"--dataset", scenes_, "--runtime", "none"}, {"none"});
  for (const char* name : {"sea", "street"}) {
    for (const char* split : {"train", "calibration", "test"}) {
      fs::remove_all(fs::path(scenes_) / split / name);
    }
  }
  ExpectRefusal(model, {"--dataset", scenes_},
                {"the model has 6 outputs, the data set has 4 classes"});
}

// What is tested on is never looked at.
TEST_F(Init, WithoutTrainingImagesDoesNotCheck) {
  const fs::path model = Bare(kSmallNet);
  fs::remove_all(fs::path(scenes_) / "train");
  fs::remove_all(fs::path(scenes_) / "calibration");
  ExpectRefusal(model, {"--dataset", scenes_},
                {"no calibration or training images", "a folder train", "--images 0"});
  const Answer answer = Run(model, {"--dataset", scenes_, "--images", "0"});
  EXPECT_EQ(answer.status, 0) << answer.err;
  EXPECT_THAT(answer.out, AllOf(HasSubstr("a guess: the class folders"), HasSubstr("Not checked")));
}

TEST_F(Init, AFileThatIsNoModelIsNamedFirst) {
  const fs::path page = File("page.h5", "<!doctype html><title>x</title>");
  ExpectRefusal(page, {"--dataset", scenes_}, {"a web page"});
  const fs::path half = Bare(kSmallNet, "half.h5");
  fs::resize_file(half, fs::file_size(half) / 2);
  ExpectRefusal(half, {"--dataset", scenes_}, {"half.h5"});
  // The sidecar is missing as well, but would not help.
  for (const fs::path& file : {page, half}) {
    const Answer answer = place_.Run(
        place_.QuickRun({file.string(), "--dataset", scenes_, "--plugins", "float,litert"}));
    EXPECT_EQ(answer.status, 2);
    EXPECT_THAT(answer.err, AllOf(HasSubstr(file.string()), Not(HasSubstr("qbench init"))));
  }
}

TEST_F(Init, IsNamedWhereASidecarIsMissing) {
  const fs::path model = Bare(kSmallNet);
  const std::string out = place_.File("out.tflite").string();
  const std::vector<std::string> sizes = {"96 x 96 pixels, 3 channels; 6 classes"};
  const std::string command = "`qbench init " + model.string() + " --dataset " + scenes_ + "`";
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           place_.QuickRun({model.string(), "--dataset", scenes_}),
           {"quantize", model.string(), "--plugins", "int8", "--dataset", scenes_, "-o", out},
           {"diff", model.string(), "int8", "--dataset", scenes_},
           {"dataset", "export-tensors", scenes_, "--model", model.string(), "-o",
            place_.File("x.npy").string()}}) {
    const Answer answer = place_.Run(args);
    EXPECT_EQ(answer.status, 2);
    EXPECT_THAT(answer.err, AllOf(HasSubstr(sizes[0]), HasSubstr(command)));
  }
}

// Two classes of images for tests/cli/data/labelled.tflite, whose metadata have a normalization.
TEST_F(Init, TakesWhatAFilesMetadataSay) {
  const fs::path model = place_.File("labelled.tflite");
  fs::copy_file(QBENCH_SOURCE_DIR "/tests/cli/data/labelled.tflite", model);
  const fs::path pets = place_.File("pets");
  for (const auto& [from, to] : {std::pair("sea", "cat"), std::pair("forest", "dog")}) {
    fs::create_directories(pets / "train");
    fs::copy(fs::path(scenes_) / "train" / from, pets / "train" / to);
  }
  const Answer answer = Run(model, {"--dataset", pets.string(), "--json"});
  ASSERT_EQ(answer.status, 0) << answer.err;
  const Json json = *ParseJson(answer.out);
  EXPECT_EQ(json.at("labels"), Json::array({"cat", "dog"}));
  EXPECT_EQ(json.at("input").at("std"), Json({128, 128, 128}));
  EXPECT_EQ(json.at("input").at("resize"), "tf-bilinear");
  EXPECT_THAT(json.at("sources").at("labels"), HasSubstr("the file's metadata"));
  fs::remove(SidecarOf(model));

  fs::resize_file(model, fs::file_size(model) - 20);  // the end of the zip with the labels
  ExpectRefusal(model, {}, {"labels.txt", "--no-metadata"});
  const Answer without = Run(model, {"--no-metadata", "--dry-run"});
  EXPECT_EQ(without.status, 0) << without.err;
  EXPECT_THAT(without.out, AllOf(HasSubstr("# labels = [2 names"), HasSubstr("a guess")));
}

}  // namespace
}  // namespace qbench::cli_test
