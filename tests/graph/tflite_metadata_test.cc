#include "graph/tflite/tflite_metadata.h"

#include <cmath>

#include "gmock/gmock.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "gtest/gtest.h"
#include "tests/graph/metadata_file.h"

namespace qbench::graph {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(TfliteMetadataTest, SaysHowPixelsBecomeTheInputAndWhichFileHasTheLabels) {
  const Bytes file = WithMetadata({.mean = {127.5F}, .std = {128.0F}, .label_file = "labels.txt"});
  const auto metadata = ReadTfliteMetadata(file);
  ASSERT_TRUE(metadata.ok()) << metadata.status().message();
  ASSERT_TRUE(metadata->has_value());
  EXPECT_EQ((*metadata)->name, "classifier");
  EXPECT_THAT((*metadata)->mean, ElementsAre(127.5F));
  EXPECT_THAT((*metadata)->std, ElementsAre(128.0F));
  EXPECT_EQ((*metadata)->label_file, "labels.txt");
  EXPECT_TRUE(ReadTflite(std::make_shared<const Bytes>(file)).ok());  // they do not disturb
}

TEST(TfliteMetadataTest, AFileMayHaveNone) {
  const auto bytes = WriteTflite(MetadataModel());
  ASSERT_TRUE(bytes.ok());
  const auto metadata = ReadTfliteMetadata(*bytes);
  ASSERT_TRUE(metadata.ok());
  EXPECT_FALSE(metadata->has_value());
}

TEST(TfliteMetadataTest, DamagedOnesAreRefused) {
  const auto refused = [](const Bytes& file, const char* message) {
    const auto metadata = ReadTfliteMetadata(file);
    EXPECT_EQ(metadata.status().code(), StatusCode::kCorrupt);
    EXPECT_THAT(metadata.status().message(), HasSubstr(message));
  };
  refused(WithMetadata({.mean = {1.0F, 2.0F}, .std = {1.0F}}), "2 means, 1 deviations");
  refused(WithMetadata({.mean = {1.0F}, .std = {0.0F}}), "makes no sense");
  refused(WithMetadata({.mean = {std::nanf("")}, .std = {1.0F}}), "makes no sense");
  refused(WithMetadataBytes(Bytes(64, 7)), "do not verify");
  refused(WithMetadataBytes({}), "do not verify");
  Bytes file = WithMetadata({.mean = {1.0F}, .std = {1.0F}});
  for (size_t i = 0; i + 8 < file.size(); i += 3) {  // none may crash
    Bytes damaged = file;
    damaged[i] ^= 0x55;
    (void)ReadTfliteMetadata(damaged);
  }
}

TEST(LabelsTest, AreTheLinesOfTheFile) {
  EXPECT_THAT(*ParseLabels("cat\r\ndog\n\n"), ElementsAre("cat", "dog"));
  EXPECT_THAT(*ParseLabels("cat\n\ndog"), ElementsAre("cat", "", "dog"));
  EXPECT_THAT(*ParseLabels(""), ElementsAre());
  EXPECT_EQ(ParseLabels(std::string(1001, 'x')).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(ParseLabels(std::string(100'001, '\n')).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace qbench::graph
