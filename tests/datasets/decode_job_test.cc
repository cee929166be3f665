// What parent and decode process write is what the other reads.
#include "datasets/decode_job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qbench::datasets {
namespace {

// Nothing in it is a default.
DecodeJob Job() {
  DecodeJob job;
  job.output = "/cache/a name\nwith a line break";
  job.offset = uint64_t{1} << 40;
  job.input.width = 96;
  job.input.height = kMaxInputSide;
  job.input.channels = Channels::kGray;
  job.input.resize = Resize::kArea;
  job.input.exif_rotation = true;
  job.max_file_bytes = 1000;
  job.max_pixels = 2000;
  job.items.resize(2);
  job.items[0].index = 58;
  job.items[0].file = "/images/a name.png";
  job.items[1].file = "/images/\xff\\.jpg";
  return job;
}

Status StatusOf(const std::string& text) { return ParseDecodeJob(text).status(); }

TEST(DecodeJob, EveryFieldSurvivesTheTrip) {
  const DecodeJob job = Job();
  const Result<DecodeJob> read = ParseDecodeJob(FormatDecodeJob(job));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->output, job.output);
  EXPECT_EQ(read->offset, job.offset);
  EXPECT_EQ(read->input.width, job.input.width);
  EXPECT_EQ(read->input.height, job.input.height);
  EXPECT_EQ(read->input.channels, job.input.channels);
  EXPECT_EQ(read->input.resize, job.input.resize);
  EXPECT_EQ(read->input.exif_rotation, job.input.exif_rotation);
  EXPECT_EQ(read->max_file_bytes, job.max_file_bytes);
  EXPECT_EQ(read->max_pixels, job.max_pixels);
  ASSERT_EQ(read->items.size(), job.items.size());
  for (size_t i = 0; i < job.items.size(); ++i) {
    EXPECT_EQ(read->items[i].index, job.items[i].index);
    EXPECT_EQ(read->items[i].file, job.items[i].file);
  }
}

TEST(DecodeJob, OneThatKeepsNothingNeedsNoSize) {
  DecodeJob probe;
  probe.items.resize(1);
  probe.items[0].file = "/images/1.jpg";
  const Result<DecodeJob> read = ParseDecodeJob(FormatDecodeJob(probe));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_TRUE(read->output.empty());
  EXPECT_EQ(read->items.size(), 1U);
}

TEST(DecodeJob, SizesThatNoTensorHasAreRefused) {
  for (const int side : {-1, 0, kMaxInputSide + 1}) {
    SCOPED_TRACE(side);
    DecodeJob job = Job();
    job.input.width = side;
    EXPECT_EQ(StatusOf(FormatDecodeJob(job)).code(), StatusCode::kCorrupt);
    job = Job();
    job.input.height = side;
    EXPECT_EQ(StatusOf(FormatDecodeJob(job)).code(), StatusCode::kCorrupt);
  }
}

TEST(DecodeJob, WhatIsNoJobIsSaidToBeNone) {
  const std::string sound = FormatDecodeJob(Job());
  ASSERT_TRUE(StatusOf(sound).ok());
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string("{}"), std::string("[]"),
        std::string("GIF89a"), sound.substr(1), "x" + sound, sound + "x"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(StatusOf(text).code(), StatusCode::kCorrupt);
  }
}

TEST(DecodeJob, ADamagedNumberIsNoOtherNumber) {
  const std::string sound = FormatDecodeJob(Job());
  for (const std::string number : {"1099511627776", "96", "4096", "1000", "2000", "58"}) {
    const size_t at = sound.find(":" + number) + 1;
    ASSERT_NE(at, 0U) << sound;
    for (const char* damaged : {"none", "", "-1", "99999999999999999999999"}) {
      std::string text = sound;
      text.replace(at, number.size(), damaged);
      EXPECT_EQ(StatusOf(text).code(), StatusCode::kCorrupt) << text;
    }
  }
}

std::optional<DecodeMessage> Trip(const DecodeMessage& message) {
  std::string line = FormatDecodeMessage(message);
  EXPECT_EQ(line.find('\n'), line.size() - 1) << line;  // one line
  line.pop_back();
  return ParseDecodeMessage(line);
}

TEST(DecodeMessage, SurvivesTheTrip) {
  const std::optional<DecodeMessage> begins = Trip({12, std::nullopt});
  ASSERT_TRUE(begins.has_value());
  EXPECT_EQ(begins->index, 12U);
  EXPECT_FALSE(begins->image.has_value());
  for (const ImageStatus status : {ImageStatus::kOk, ImageStatus::kBroken, ImageStatus::kFailed}) {
    for (const char* reason : {"", "cut off  in the \"middle\" ✂"}) {
      DecodeMessage message;
      message.index = 7;
      message.image = DecodedImage{status, reason, 640, 480};
      const std::optional<DecodeMessage> read = Trip(message);
      ASSERT_TRUE(read && read->image);
      EXPECT_EQ(read->index, 7U);
      EXPECT_EQ(read->image->status, status);
      EXPECT_EQ(read->image->reason, reason);
      EXPECT_EQ(read->image->width, 640);
      EXPECT_EQ(read->image->height, 480);
    }
  }
}

TEST(DecodeMessage, AReasonOfSeveralLinesStaysOneMessage) {
  const std::optional<DecodeMessage> read =
      Trip({1, DecodedImage{ImageStatus::kBroken, "two\nlines", 0, 0}});
  ASSERT_TRUE(read && read->image);
  EXPECT_THAT(read->image->reason, ::testing::MatchesRegex("two.lines"));
}

TEST(DecodeMessage, WhatADecoderPrintsBesideIsNoMessage) {
  for (const char* line :
       {"", "begin", "begin x", "begin -1", "begin 99999999999999999999", "fine 1 2 3 ", "{}", "[]",
        "null", "{\"index\":-1}", "libpng warning: iCCP: known incorrect sRGB profile"}) {
    EXPECT_FALSE(ParseDecodeMessage(line).has_value()) << line;
  }
}

}  // namespace
}  // namespace qbench::datasets
