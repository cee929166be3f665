#include "harness/jobs/model_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"

namespace qbench::jobs {
namespace {

using testing::HasSubstr;

class ModelFormatTest : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("model-format");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(*folder));
  }
  Result<ModelFormat> Detect(const std::string& name, const std::string& content) {
    const std::filesystem::path path = folder_->path() / name;
    EXPECT_TRUE(WriteFileAtomically(path, content).ok());
    return DetectModelFormat(path);
  }
  // What is said of such a file; it names the file.
  std::string Refusal(const std::string& name, const std::string& content) {
    const auto format = Detect(name, content);
    EXPECT_FALSE(format.ok());
    EXPECT_THAT(format.status().message(), HasSubstr(name + ": "));
    EXPECT_EQ(format.status().message().find('\n'), std::string::npos);
    return format.status().message();
  }

  std::optional<TempDir> folder_;
};

constexpr std::string_view kHdf5("\x89HDF\r\n\x1a\n....", 12);

TEST_F(ModelFormatTest, ContentCountsAndNotTheName) {
  EXPECT_EQ(*Detect("model.tflite", std::string(kHdf5)), ModelFormat::kKerasH5);
  EXPECT_EQ(*Detect("model.h5", "    TFL3...."), ModelFormat::kTflite);
  const std::string archive = "PK\x03\x04 config.json model.weights.h5 PK\x05\x06";
  EXPECT_EQ(*Detect("model.keras", archive), ModelFormat::kKerasZip);
  EXPECT_EQ(*Detect("model.h5", archive), ModelFormat::kKerasZip);
  EXPECT_EQ(*Detect("model.keras", std::string(kHdf5)), ModelFormat::kKerasH5);
}

// ir_version 8, the producer's name, an empty graph; and what is no such file.
TEST_F(ModelFormatTest, OnnxIsToldByItsFields) {
  const std::string onnx("\x08\x08\x12\x02me\x3a\x02..", 10);
  EXPECT_EQ(*Detect("model.onnx", onnx), ModelFormat::kOnnx);
  EXPECT_EQ(*Detect("model.pb", onnx), ModelFormat::kOnnx);
  const std::string documented = std::string("\x08\x08\x32\x80\x40", 5) + std::string(9000, ' ');
  EXPECT_EQ(*Detect("documented.onnx", documented), ModelFormat::kOnnx);
  for (const std::string& other :
       {std::string("\x08\x01\x12\x02me", 6),             // a SavedModel's fields
        std::string("\x08\x08\x12\x7fme\x3a\x02..", 10),  // longer than the file
        std::string("\x08\x08\x3a\x7f..", 6),             // cut off
        std::string("\x08\x01\x3a\x02..", 6),             // older than ONNX 1.0
        std::string("\x08\x08\x08\x08\x3a\x02..", 8),     // the version twice
        std::string("\x08\x88\x88\x88\x88\x88\x88\x88\x88\x88\x88", 11), std::string("\x08", 1)}) {
    EXPECT_EQ(Detect("other.onnx", other).status().code(), StatusCode::kCorrupt);
  }
}

TEST_F(ModelFormatTest, NamesWhatIsThereInsteadOfAModel) {
  EXPECT_THAT(Refusal("a.tflite", "\n<!DOCTYPE html><html>"), HasSubstr("this is a web page"));
  EXPECT_THAT(Refusal("b.h5", "<html lang=en>"), HasSubstr("download the file itself"));
  EXPECT_THAT(Refusal("c.h5", "version https://git-lfs.github.com/spec/v1\noid sha256:1\n"),
              HasSubstr("`git lfs pull`"));
  EXPECT_THAT(Refusal("d.zip", "PK\x03\x04 model.savedmodel/saved_model.pb"),
              HasSubstr("zip archive of a SavedModel, which qbench does not read: unpack it and "
                        "name the folder"));
  EXPECT_THAT(Refusal("e.keras", "PK\x03\x04 notes.txt PK\x05\x06"), HasSubstr("a zip archive,"));
  EXPECT_THAT(Refusal("f.pt", "PK\x03\x04 archive/data.pkl"), HasSubstr("a PyTorch file"));
  EXPECT_THAT(Refusal("g.pth", "\x80\x02\x8a\x0a"), HasSubstr("a Python pickle"));
  EXPECT_THAT(Refusal("h.h5", "PK\x03\x04 model.tflite"),
              HasSubstr("a zip archive with a .tflite file"));
  EXPECT_THAT(Refusal("i.tar.gz", "\x1f\x8b\x08"), HasSubstr("a gzip archive"));
  EXPECT_THAT(Refusal("saved_model.pb", "\x08\x01\x12\x30"), HasSubstr("name the folder"));
  EXPECT_THAT(Refusal("l.json", "{\"class_name\": \"Functional\"}"), HasSubstr("has no weights"));
  EXPECT_THAT(
      Refusal("m.txt", "words"),
      HasSubstr(
          "give it a Keras .h5, a .keras, a .tflite, an .onnx or a frozen TensorFlow .pb file"));
}

// A graph has no signature of its own.
TEST_F(ModelFormatTest, AGraphIsToldByItsFirstNode) {
  const std::string graph("\x0a\x14\x0a\x05input\x12\x0bPlaceholder", 22);
  EXPECT_EQ(*Detect("net.pb", graph), ModelFormat::kFrozenGraph);
  EXPECT_EQ(*Detect("net.h5", graph), ModelFormat::kFrozenGraph);
  for (size_t length = 0; length < graph.size(); ++length) {
    EXPECT_FALSE(Detect("cut.pb", graph.substr(0, length)).ok()) << length;
  }
  EXPECT_EQ(Detect("other.pb", "\x0a\x10").status().code(), StatusCode::kCorrupt);
  std::string odd = graph;
  odd[5] = ' ';
  EXPECT_FALSE(Detect("odd.pb", odd).ok());
}

// Damage is not the same as another format.
TEST_F(ModelFormatTest, TellsDamageFromOtherFormats) {
  const auto damaged = Detect("model.tflite", "\x01\x02\x03\x04 zeros");
  EXPECT_EQ(damaged.status().code(), StatusCode::kCorrupt);
  EXPECT_THAT(damaged.status().message(), HasSubstr("does not begin as a .tflite file does"));
  const auto cut_off = Detect("model.keras", "PK\x03\x04 config.json");
  EXPECT_EQ(cut_off.status().code(), StatusCode::kCorrupt);
  EXPECT_THAT(cut_off.status().message(), HasSubstr("copy it again"));
  const auto empty = Detect("model.h5", "");
  EXPECT_EQ(empty.status().code(), StatusCode::kCorrupt);
  EXPECT_THAT(empty.status().message(), HasSubstr("the file is empty"));
}

TEST_F(ModelFormatTest, Folders) {
  const std::filesystem::path folder = folder_->path() / "saved";
  std::filesystem::create_directories(folder);
  EXPECT_THAT(DetectModelFormat(folder).status().message(), HasSubstr("no saved_model.pb in it"));
  ASSERT_TRUE(WriteFileAtomically(folder / "saved_model.pb", std::string("x")).ok());
  EXPECT_EQ(*DetectModelFormat(folder), ModelFormat::kSavedModel);
  EXPECT_EQ(DetectModelFormat(folder_->path() / "none.h5").status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace qbench::jobs
