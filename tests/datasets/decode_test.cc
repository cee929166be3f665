#include "datasets/decode.h"

#include "datasets/resize.h"
#include "gmock/gmock.h"
#include "tests/datasets/test_images.h"

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

Preprocessing Input(int width, int height, Channels channels = Channels::kRgb) {
  Preprocessing input;
  input.width = width;
  input.height = height;
  input.channels = channels;
  input.resize = Resize::kNearest;
  input.mean.assign(static_cast<size_t>(input.channel_count()), 0.0F);
  input.std.assign(static_cast<size_t>(input.channel_count()), 1.0F);
  return input;
}

class DecodeTest : public FolderTest {
 protected:
  // The pixels of the files, zero where there are none.
  static std::vector<ImageFile> AnyContent(const std::vector<fs::path>& paths) {
    std::vector<ImageFile> files;
    for (const fs::path& path : paths) files.push_back({path, {}});
    return files;
  }

  Bytes Decode(const std::vector<fs::path>& files, const Preprocessing& input,
               std::vector<DecodedImage>* images = nullptr,
               const DecodeOptions& options = TestDecodeOptions()) {
    const fs::path output = folder() / "pixels";
    WriteTestFile(output, Bytes(files.size() * input.pixel_bytes()));
    Result<std::vector<DecodedImage>> decoded =
        DecodeImages(AnyContent(files), input, output, 0, options);
    EXPECT_TRUE(decoded.ok()) << decoded.status().message();
    if (!decoded.ok()) return {};
    if (images != nullptr) *images = *decoded;
    return *ReadFile(output);
  }
};

TEST_F(DecodeTest, EachKindOfFileDecodesAsPillowDecodesIt) {
  std::vector<fs::path> files;
  Bytes expected;
  for (const char* name :
       {"color.jpg", "progressive.jpg", "full_chroma.jpg", "gray.jpg", "turned.jpg", "color.png",
        "alpha.png", "palette.png", "gray.png", "gray16.png", "color.bmp"}) {
    files.push_back(GoldenFile(name));
    const Bytes rgb = *ReadFile(GoldenFile(std::string(name) + ".rgb"));
    expected.insert(expected.end(), rgb.begin(), rgb.end());
  }
  std::vector<DecodedImage> images;
  const size_t image_bytes = Input(21, 14).pixel_bytes();
  const Bytes pixels = Decode(files, Input(21, 14), &images);
  ASSERT_EQ(images.size(), files.size());
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(images[i].status, ImageStatus::kOk) << files[i] << ": " << images[i].reason;
    EXPECT_EQ(images[i].width, 21);
    EXPECT_EQ(images[i].height, 14);
    EXPECT_TRUE(std::equal(pixels.begin() + static_cast<ptrdiff_t>(i * image_bytes),
                           pixels.begin() + static_cast<ptrdiff_t>((i + 1) * image_bytes),
                           expected.begin() + static_cast<ptrdiff_t>(i * image_bytes)))
        << files[i];
  }
}

TEST_F(DecodeTest, ExifRotationIsAppliedWhereAskedFor) {
  Preprocessing input = Input(14, 21);
  input.exif_rotation = true;
  EXPECT_EQ(Decode({GoldenFile("turned.jpg")}, input),
            *ReadFile(GoldenFile("turned.jpg.upright.rgb")));
}

TEST_F(DecodeTest, ChannelsComeInTheOrderAskedFor) {
  const Pixmap rgb{21, 14, 3, *ReadFile(GoldenFile("color.png.rgb"))};
  EXPECT_EQ(Decode({GoldenFile("color.png")}, Input(21, 14, Channels::kBgr)),
            SwapRedAndBlue(rgb).pixels);
  EXPECT_EQ(Decode({GoldenFile("color.png")}, Input(21, 14, Channels::kGray)),
            GrayFromRgb(rgb).pixels);
}

TEST_F(DecodeTest, ABrokenImageCostsThatImageAlone) {
  const Bytes jpeg = *ReadFile(GoldenFile("color.jpg"));
  const Bytes png = *ReadFile(GoldenFile("color.png"));
  Bytes damaged_png = png;
  for (size_t i = 60; i < 100; ++i) damaged_png[i] ^= 0x5a;
  const auto cut = [](const Bytes& bytes, size_t size) { return ByteSpan(bytes).first(size); };
  WriteTestFile(folder() / "half.jpg", cut(jpeg, jpeg.size() / 2));
  WriteTestFile(folder() / "no_end.jpg", cut(jpeg, jpeg.size() - 2));
  WriteTestFile(folder() / "half.png", cut(png, png.size() / 2));
  WriteTestFile(folder() / "damaged.png", damaged_png);
  WriteTestFile(folder() / "text.jpg", AsBytes("hello"));
  WriteTestFile(folder() / "empty.jpg", {});
  const std::vector<std::pair<fs::path, std::string>> cases = {
      {GoldenFile("color.bmp"), ""},
      {folder() / "half.jpg", "truncated JPEG"},
      {folder() / "no_end.jpg", "truncated JPEG"},
      {folder() / "half.png", "truncated PNG"},
      {folder() / "damaged.png", "damaged"},
      {folder() / "text.jpg", "not an image"},
      {folder() / "empty.jpg", "an empty file"},
      {GoldenFile("cmyk.jpg"), "4 colour components"},
      {GoldenFile("webp.jpg"), "a WebP file"},
      {GoldenFile("color.png"), ""},
  };
  std::vector<fs::path> files;
  for (const auto& [file, reason] : cases) files.push_back(file);
  std::vector<DecodedImage> images;
  const Bytes pixels = Decode(files, Input(21, 14), &images);
  ASSERT_EQ(images.size(), cases.size());
  for (size_t i = 0; i < cases.size(); ++i) {
    const bool whole = cases[i].second.empty();
    EXPECT_EQ(images[i].status, whole ? ImageStatus::kOk : ImageStatus::kBroken) << files[i];
    EXPECT_THAT(images[i].reason, HasSubstr(cases[i].second)) << files[i];
  }
  const size_t image_bytes = Input(21, 14).pixel_bytes();
  EXPECT_EQ(Bytes(pixels.end() - static_cast<ptrdiff_t>(image_bytes), pixels.end()),
            *ReadFile(GoldenFile("color.png.rgb")));
}

TEST_F(DecodeTest, AMissingFileMayComeBack) {
  std::vector<DecodedImage> images;
  Decode({folder() / "missing.jpg"}, Input(4, 4), &images);
  EXPECT_EQ(images[0].status, ImageStatus::kGone);
  EXPECT_THAT(images[0].reason, HasSubstr("No such file"));
}

TEST_F(DecodeTest, LimitsOnBytesAndPixelsAreKept) {
  DecodeOptions options = TestDecodeOptions();
  options.limits.pixels = 100;
  std::vector<DecodedImage> images;
  Decode({GoldenFile("color.jpg")}, Input(4, 4), &images, options);
  EXPECT_EQ(images[0].status, ImageStatus::kBroken);
  EXPECT_EQ(images[0].reason, "21 x 14 pixels, more than the limit of 100");
  options.limits.file_bytes = 100;
  Decode({GoldenFile("color.jpg")}, Input(4, 4), &images, options);
  EXPECT_NE(images[0].status, ImageStatus::kOk);
  EXPECT_THAT(images[0].reason, HasSubstr("more than the limit of 100"));
}

TEST_F(DecodeTest, ManyImagesInSeveralProcessesKeepTheirOrder) {
  std::vector<fs::path> files;
  Bytes expected;
  for (int i = 0; i < 150; ++i) {
    files.push_back(folder() / fmt::format("bild ü {}.bmp", i));
    WriteTestFile(files.back(), MakeBmp(1, 1, i));
    for (int c = 0; c < 3; ++c) expected.push_back(BmpValue(0, 0, c, i));
  }
  size_t last = 0;
  DecodeOptions options = TestDecodeOptions();
  options.limits.processes = 3;
  options.progress = [&](size_t done, size_t total) {
    EXPECT_GE(done, last);
    EXPECT_EQ(total, 150u);
    last = done;
    return true;
  };
  EXPECT_EQ(Decode(files, Input(1, 1), nullptr, options), expected);
}

TEST_F(DecodeTest, CancellingEndsTheProcesses) {
  DecodeOptions options = FakeDecodeOptions();
  options.progress = [](size_t, size_t) { return false; };
  WriteTestFile(folder() / "hang.bmp", MakeBmp(1, 1, 'H'));
  EXPECT_EQ(ProbeImages({{folder() / "hang.bmp", {}}}, options).status().code(),
            StatusCode::kCancelled);
}

TEST_F(DecodeTest, AProgramThatIsMissingOrFailsIsAnError) {
  DecodeOptions options = TestDecodeOptions();
  options.program = folder() / "qbench-decode";
  const Status missing = ProbeImages({{GoldenFile("color.jpg"), {}}}, options).status();
  EXPECT_EQ(missing.code(), StatusCode::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("build the target qbench-decode"));
  options.program = "/bin/false";
  EXPECT_EQ(ProbeImages({{GoldenFile("color.jpg"), {}}}, options).status().code(),
            StatusCode::kCrashed);
}

TEST_F(DecodeTest, AnOutputThatCannotBeWrittenIsAnErrorAndNotTheImages) {
  const Status status = DecodeImages({{GoldenFile("color.jpg"), {}}}, Input(4, 4),
                                     folder() / "nothing", 0, TestDecodeOptions())
                            .status();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.message(), HasSubstr("cannot open"));
}

// What a decoder gone wrong does to one image of many.
class WrongDecoderTest : public DecodeTest {
 protected:
  void Expect(uint8_t behaviour, ImageStatus status, const std::string& reason) {
    std::vector<fs::path> files;
    for (int i = 0; i < 5; ++i) {
      files.push_back(folder() / fmt::format("{}.bmp", i));
      WriteTestFile(files.back(), MakeBmp(1, 1, i == 2 ? behaviour : i + 1));
    }
    DecodeOptions options = FakeDecodeOptions();
    if (behaviour == 'H') options.limits.image_time = std::chrono::milliseconds(2000);
    options.limits.resident_bytes = uint64_t{128} << 20;
    std::vector<DecodedImage> images;
    const Bytes pixels = Decode(files, Input(1, 1), &images, options);
    ASSERT_EQ(images.size(), 5u);
    for (size_t i = 0; i < 5; ++i) {
      if (i == 2) continue;
      EXPECT_EQ(images[i].status, ImageStatus::kOk) << i;
      EXPECT_EQ(pixels[i * 3], i + 1);
    }
    EXPECT_EQ(images[2].status, status);
    EXPECT_EQ(images[2].reason, reason);
  }
};

TEST_F(WrongDecoderTest, Crash) {
  Expect('C', ImageStatus::kBroken, "the decoder ended: signal 11 (Segmentation fault)");
}
TEST_F(WrongDecoderTest, Exit) {
  Expect('X', ImageStatus::kFailed, "the decoder ended: exit status 9");
}
TEST_F(WrongDecoderTest, Hang) { Expect('H', ImageStatus::kFailed, "not decoded within 2 s"); }
TEST_F(WrongDecoderTest, Memory) {
  Expect('M', ImageStatus::kFailed, "the decoder ended: stopped at the memory limit of 128 MiB");
}
TEST_F(WrongDecoderTest, KilledEachTime) {
  Expect('K', ImageStatus::kFailed, "the decoder ended: signal 9 (Killed)");
}
TEST_F(WrongDecoderTest, KilledOnceWithinAnImage) {
  setenv("FAKE_DECODE_DEED_DONE", (folder() / "deed").c_str(), 1);
  Expect('k', ImageStatus::kOk, "");
  EXPECT_TRUE(fs::exists(folder() / "deed"));
  unsetenv("FAKE_DECODE_DEED_DONE");
}
TEST_F(WrongDecoderTest, KilledOnceBeforeAnImage) {
  setenv("FAKE_DECODE_KILLED_AT_START", (folder() / "deed").c_str(), 1);
  Expect('o', ImageStatus::kOk, "");
  EXPECT_TRUE(fs::exists(folder() / "deed"));
  unsetenv("FAKE_DECODE_KILLED_AT_START");
}
TEST_F(WrongDecoderTest, Error) { Expect('B', ImageStatus::kBroken, "broken as told"); }
TEST_F(WrongDecoderTest, TalkOnStandardOutput) { Expect('T', ImageStatus::kOk, ""); }

}  // namespace
}  // namespace qbench::datasets
