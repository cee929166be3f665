// A user's own images and models on the command line: what is tested on, what is left out, what
// does not fit, and that it is said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/bytes.h"
#include "base/json.h"
#include "tests/cli/run_qbench.h"

namespace qbench::cli_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

Json RunOf(const Answer& answer) {
  EXPECT_EQ(answer.status, 0) << answer.err;
  const Result<Json> json = ParseJson(answer.out);
  EXPECT_TRUE(json.ok()) << answer.out;
  return json.ok() ? json->at("runs").at(0) : Json::object();
}

std::vector<std::string> Notes(const Json& run) {
  std::vector<std::string> texts;
  for (const Json& note : run.at("notes")) texts.push_back(note.at("text").get<std::string>());
  return texts;
}

TEST(OwnImages, ValIsTestedOnWhereThereIsNoTest) {
  const Workplace place;
  const fs::path small = place.SmallScenes(3);
  fs::remove_all(small / "calibration");
  fs::rename(small / "test", small / "val");
  const Answer answer = place.Run(place.QuickRun(
      {"mobilenetv2-035-96", "--dataset", small.string(), "--plugins", "float,litert", "--json"}));
  const Json run = RunOf(answer);
  EXPECT_THAT(answer.err, HasSubstr("test is val, as there is no folder test"));
  EXPECT_THAT(Notes(run), Contains(HasSubstr("test is val, as there is no folder test")));
  EXPECT_EQ(run.at("datasets").at(0).at("images"), 18);
}

TEST(OwnImages, TrainingImagesAloneAreRefused) {
  const Workplace place;
  const fs::path small = place.SmallScenes(3);
  fs::remove_all(small / "calibration");
  fs::remove_all(small / "test");
  const Answer answer = place.Run(place.QuickRun(
      {"mobilenetv2-035-96", "--dataset", small.string(), "--plugins", "float,litert"}));
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, HasSubstr("training and calibration images are not tested on: add"));
}

TEST(OwnImages, OddFileNamesAreImagesLikeOthers) {
  const Workplace place;
  const fs::path small = place.SmallScenes(3);
  const char* names[] = {"line\nbreak.jpg", "caf\xe9.jpg", "back\\slash.JPG"};
  for (const char* split : {"test", "calibration"}) {
    const fs::path sea = small / split / "sea";
    std::vector<fs::path> images(fs::directory_iterator(sea), {});
    for (size_t i = 0; i < 3; ++i) fs::rename(images.at(i), sea / names[i]);
  }
  const Answer answer = place.Run(place.QuickRun(
      {"mobilenetv2-035-96", "--dataset", small.string(), "--plugins", "int8,litert", "--json"}));
  const Json run = RunOf(answer);
  EXPECT_EQ(run.at("cells").at(0).at("images"), 18);
  // Deployed, with the names of the calibration images in a sidecar that can be read again.
  const std::string artifact = place.File("out.tflite").string();
  const Answer made = place.Run({"quantize", "mobilenetv2-035-96", "--plugins", "int8", "--dataset",
                                 small.string(), "-o", artifact});
  EXPECT_EQ(made.status, 0) << made.err;
  const Answer again = place.Run(
      place.QuickRun({artifact, "--dataset", small.string(), "--plugins", "float,litert"}));
  EXPECT_EQ(again.status, 0) << again.err;
}

TEST(OwnImages, WarningsOfTheDataSetAreNotForRunAlone) {
  const Workplace place;
  const fs::path small = place.SmallScenes(2);
  fs::copy(small / "train", small / "val", fs::copy_options::recursive);
  fs::copy_file(fs::directory_iterator(small / "train" / "sea")->path(),
                small / "test" / "sea" / "copy.jpg");
  for (const std::vector<std::string>& args :
       std::vector<std::vector<std::string>>{{"quantize", "mobilenetv2-035-96", "--plugins", "int8",
                                              "-o", place.File("out.tflite").string()},
                                             {"diff", "mobilenetv2-035-96", "int8"}}) {
    std::vector<std::string> with = args;
    with.insert(with.end(), {"--dataset", small.string()});
    const Answer answer = place.Run(with);
    EXPECT_EQ(answer.status, 0) << answer.err;
    EXPECT_THAT(answer.err, AllOf(HasSubstr("warning: the validation images in " + small.string() +
                                            "/val are not used"),
                                  HasSubstr("warning: 1 images are in two splits"),
                                  HasSubstr("warning: calibrated on 12 samples instead of 100")));
  }
  const Answer verify = place.Run({"dataset", "verify", small.string()});
  EXPECT_EQ(verify.status, 2);
  EXPECT_THAT(verify.out, AllOf(HasSubstr("val is not used"), HasSubstr("have the same content")));
}

// Six outputs, and a data set of two of the six classes.
TEST(OwnModel, APartOfTheClassesIsSaidNotToBeSupported) {
  const Workplace place;
  const fs::path small = place.SmallScenes(2);
  for (const char* split : {"train", "calibration", "test"}) {
    for (const char* label : {"glacier", "mountain", "sea", "street"}) {
      fs::remove_all(small / split / label);
    }
  }
  const Answer answer = place.Run(place.QuickRun(
      {"mobilenetv2-035-96", "--dataset", small.string(), "--plugins", "float,litert"}));
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("the model has 6 outputs, the data set has 2 classes"),
                                HasSubstr("not supported"), Not(HasSubstr("sidecar"))));
}

TEST(OwnModel, LabelsThatDifferInCaseAreSaid) {
  const Workplace place;
  const fs::path small = place.SmallScenes(2);
  for (const char* split : {"train", "calibration", "test"}) {
    fs::rename(small / split / "sea", small / split / "Sea");
  }
  const Answer answer = place.Run(place.QuickRun(
      {"mobilenetv2-035-96", "--dataset", small.string(), "--plugins", "float,litert"}));
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, HasSubstr("\"sea\" of the model and \"Sea\" of the data set differ in "
                                    "case alone; write them in the model's sidecar"));
}

// Models that are no part of the project.
class SharedModel : public ::testing::Test {
 protected:
  // A copy with a sidecar of these labels, for images of 16 x 16; empty where there is none.
  fs::path Copy(const std::string& name, const std::string& labels) {
    const char* variable = std::getenv("QBENCH_SHARED");
    const fs::path shared = variable != nullptr ? variable : QBENCH_SOURCE_DIR "/../shared";
    cases_ = shared / "cases";
    if (!fs::exists(cases_ / name)) return {};
    fs::path copy = place_.File(name);
    fs::copy_file(cases_ / name, copy, fs::copy_options::overwrite_existing);
    const std::string sidecar =
        "labels = [" + labels +
        "]\n[input]\nwidth = 16\nheight = 16\nchannels = \"RGB\"\nresize = \"nearest\"\n"
        "mean = [0.0, 0.0, 0.0]\nstd = [255.0, 255.0, 255.0]\n";
    EXPECT_TRUE(WriteFileAtomically(copy.string() + ".toml", sidecar).ok());
    return copy;
  }

  // The last `count` floats of a .npy file.
  std::vector<float> Floats(const std::string& name, size_t count) const {
    const Result<Bytes> bytes = ReadFile(cases_ / name);
    EXPECT_TRUE(bytes.ok());
    std::vector<float> values(count);
    if (!bytes.ok() || bytes->size() < count * sizeof(float)) return values;
    std::memcpy(values.data(), bytes->data() + bytes->size() - count * sizeof(float),
                count * sizeof(float));
    return values;
  }

  Workplace place_;
  fs::path cases_;
};

constexpr char kSixLabels[] = R"("buildings", "forest", "glacier", "mountain", "sea", "street")";

TEST_F(SharedModel, WhatNoSidecarCanMendIsSaid) {
  const std::string small = place_.SmallScenes(2).string();
  for (const auto& [name, words] :
       {std::pair("nchw.tflite", "channels first (NCHW) are not supported"),
        std::pair("batch4.tflite", "a fixed batch of 4 is not supported")}) {
    const fs::path model = Copy(name, kSixLabels);
    if (model.empty()) GTEST_SKIP() << "no " << cases_ / name << "; set QBENCH_SHARED";
    for (const std::vector<std::string>& args :
         {place_.QuickRun({model.string(), "--plugins", "float,litert"}),
          std::vector<std::string>{"quantize", model.string(), "--plugins", "int8", "-o",
                                   place_.File("out.tflite").string()}}) {
      std::vector<std::string> with = args;
      with.insert(with.end(), {"--dataset", small});
      const Answer answer = place_.Run(with);
      EXPECT_EQ(answer.status, 2);
      EXPECT_THAT(answer.err, AllOf(HasSubstr(words), Not(HasSubstr("sidecar"))));
    }
  }
}

// 24 bits, from floats 0 to 1 in the order of rows, columns, red, green, blue.
void WriteBmp(const fs::path& file, std::span<const float> values) {
  constexpr size_t kSide = 16;
  Bytes bytes(54 + kSide * kSide * 3);
  const auto put = [&](size_t at, uint32_t value) { std::memcpy(&bytes[at], &value, 4); };
  bytes[0] = 'B';
  bytes[1] = 'M';
  put(2, static_cast<uint32_t>(bytes.size()));
  put(10, 54);
  put(14, 40);
  put(18, kSide);
  put(22, kSide);
  put(26, 1 | 24 << 16);
  for (size_t y = 0; y < kSide; ++y) {
    for (size_t i = 0; i < kSide * 3; ++i) {  // from the last row on, blue first
      const size_t source = (kSide - 1 - y) * kSide * 3 + i / 3 * 3 + 2 - i % 3;
      bytes[54 + y * kSide * 3 + i] = static_cast<uint8_t>(std::lround(values[source] * 255));
    }
  }
  fs::create_directories(file.parent_path());
  EXPECT_TRUE(WriteFileAtomically(file, bytes).ok());
}

TEST_F(SharedModel, OneSigmoidOutputIsTheSecondClassAboveOneHalf) {
  const fs::path model = Copy("sigmoid_one.h5", R"("no", "yes")");
  if (model.empty()) GTEST_SKIP() << "no " << cases_ / "sigmoid_one.h5; set QBENCH_SHARED";
  constexpr size_t kImages = 4, kImage = size_t{16} * 16 * 3;
  const std::vector<float> inputs = Floats("sigmoid_one.check_x.npy", kImages * kImage);
  const std::vector<float> outputs = Floats("sigmoid_one.check_y.npy", kImages);
  const fs::path images = place_.File("images");
  for (size_t i = 0; i < kImages; ++i) {
    ASSERT_GT(outputs[i], 0.55F);  // Keras says that all four are of the second class
    WriteBmp(images / "test" / (i < 3 ? "yes" : "no") / std::to_string(i).append(".bmp"),
             std::span(inputs).subspan(i * kImage, kImage));
    WriteBmp(images / "calibration" / (i < 3 ? "yes" : "no") / std::to_string(i).append(".bmp"),
             std::span(inputs).subspan(i * kImage, kImage));
  }
  const Json run = RunOf(place_.Run(place_.QuickRun(
      {model.string(), "--dataset", images.string(), "--plugins", "float,int8,litert", "--json"})));
  ASSERT_EQ(run.at("cells").size(), 2U);
  for (const Json& cell : run.at("cells")) {
    EXPECT_EQ(cell.at("top1"), 0.75) << cell.dump();
  }
}

TEST_F(SharedModel, OneSigmoidOutputTellsTwoClassesApart) {
  const fs::path model = Copy("sigmoid_one.h5", kSixLabels);
  if (model.empty()) GTEST_SKIP() << "no " << cases_ / "sigmoid_one.h5; set QBENCH_SHARED";
  const Answer answer = place_.Run(place_.QuickRun(
      {model.string(), "--plugins", "float,litert", "--dataset", place_.SmallScenes(2).string()}));
  EXPECT_EQ(answer.status, 2);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("one output, which tells two classes apart, the data set "
                                          "has 6 classes"),
                                Not(HasSubstr("sidecar"))));
}

}  // namespace
}  // namespace qbench::cli_test
