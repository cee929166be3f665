#include "datasets/tensor_cache.h"

#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "datasets/dataset.h"
#include "datasets/npy.h"
#include "datasets/tensor_file.h"
#include "gmock/gmock.h"
#include "tests/datasets/test_images.h"

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Preprocessing Input() {
  Preprocessing input;
  input.width = 3;
  input.height = 2;
  input.resize = Resize::kNearest;
  input.mean = {127.5F, 10.0F, 0.1F};
  input.std = {127.5F, 3.0F, 255.0F};
  return input;
}

class TensorCacheTest : public FolderTest {
 protected:
  TensorCacheTest() {
    for (int i = 0; i < 6; ++i) {
      WriteTestFile(folder() / fmt::format("d/test/{}/{}.bmp", i % 2 == 0 ? "a" : "b", i),
                    MakeBmp(3, 2, i));
    }
  }

  Split OpenSplit() {
    Result<Dataset> dataset = OpenDataset((folder() / "d").string(), {});
    EXPECT_TRUE(dataset.ok()) << dataset.status().message();
    return **dataset->FindSplit("test");
  }

  Result<TensorCache> Ensure(const Split& split) {
    return EnsureTensors(split, Input(), cache_, options_);
  }

  // A decoder that may not be started any more: what is asked for is in the cache.
  void ForbidDecoding() { options_.program = "/bin/false"; }

  fs::path cache_ = folder() / "cache";
  DecodeOptions options_ = FakeDecodeOptions();
};

TEST_F(TensorCacheTest, HoldsPixelsAndLabelsInTheOrderOfTheSplit) {
  const Split split = OpenSplit();
  options_ = TestDecodeOptions();
  const Result<TensorCache> tensors = Ensure(split);
  ASSERT_TRUE(tensors.ok()) << tensors.status().message();
  ASSERT_EQ(tensors->size(), 6u);
  EXPECT_EQ(tensors->height(), 2);
  EXPECT_EQ(tensors->width(), 3);
  EXPECT_EQ(tensors->channels(), 3);
  EXPECT_THAT(tensors->broken(), IsEmpty());
  EXPECT_EQ(DescribeBroken(split, *tensors), "");
  EXPECT_EQ(tensors->key(), TensorKey(split, Input()));
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(tensors->status(i), ImageStatus::kOk);
    EXPECT_EQ(tensors->label(i), split.images[i].label);
    const int seed = split.images[i].path[2] - '0';
    Bytes expected;
    for (int y = 1; y >= 0; --y) {  // a BMP's rows go up
      for (int x = 0; x < 3; ++x) {
        for (int c = 0; c < 3; ++c) expected.push_back(BmpValue(x, y, c, seed));
      }
    }
    const auto pixels = tensors->pixels(i);
    EXPECT_EQ(Bytes(pixels.begin(), pixels.end()), expected) << split.images[i].path;
    std::vector<float> values(tensors->pixel_bytes());
    tensors->NormalizedInto(i, NormalizationTable(Input().mean, Input().std), values.data());
    for (size_t k = 0; k < values.size(); ++k) {
      const float pixel = expected[k];
      EXPECT_EQ(values[k], (pixel - Input().mean[k % 3]) / Input().std[k % 3]);
    }
  }
}

TEST_F(TensorCacheTest, IsMadeOnceForEachContentAndPreprocessing) {
  const Split split = OpenSplit();
  const std::string key = TensorKey(split, Input());
  Preprocessing other_mean = Input(), other_size = Input(), upright = Input();
  other_mean.mean[0] = 1;
  other_size.width = 4;
  upright.exif_rotation = true;
  EXPECT_EQ(TensorKey(split, other_mean), key);
  EXPECT_NE(TensorKey(split, other_size), key);
  EXPECT_NE(TensorKey(split, upright), key);
  ASSERT_TRUE(Ensure(split).ok());
  ForbidDecoding();
  EXPECT_TRUE(Ensure(split).ok());
  WriteTestFile(folder() / "d/test/a/0.bmp", MakeBmp(3, 2, 99));
  EXPECT_FALSE(Ensure(OpenSplit()).ok());
}

TEST_F(TensorCacheTest, ABrokenImageIsListedAndTheRestIsThere) {
  WriteTestFile(folder() / "d/test/a/2.bmp", AsBytes("nonsense"));
  const Split split = OpenSplit();
  for (int round = 0; round < 2; ++round) {
    const Result<TensorCache> tensors = Ensure(split);
    ASSERT_TRUE(tensors.ok()) << tensors.status().message();
    ASSERT_EQ(tensors->broken().size(), 1u);
    EXPECT_EQ(split.images[tensors->broken()[0].index].path, "a/2.bmp");
    EXPECT_EQ(tensors->broken()[0].status, ImageStatus::kBroken);
    EXPECT_EQ(tensors->status(tensors->broken()[0].index), ImageStatus::kBroken);
    EXPECT_THAT(DescribeBroken(split, *tensors), HasSubstr("1 of 6 images of the test split in "));
    EXPECT_THAT(DescribeBroken(split, *tensors),
                HasSubstr("cannot be decoded and are left out: a/2.bmp (not an image"));
    EXPECT_EQ(tensors->pixels(5)[0], 5);
    ForbidDecoding();
  }
}

TEST_F(TensorCacheTest, AnImageThatWentAwayIsAnErrorUntilItIsBack) {
  const Split split = OpenSplit();
  fs::rename(folder() / "d/test/a/2.bmp", folder() / "away");
  const Status status = Ensure(split).status();
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_THAT(status.message(), HasSubstr("1 of the 6 images of the test split"));
  EXPECT_THAT(status.message(), HasSubstr("a/2.bmp"));
  fs::rename(folder() / "away", folder() / "d/test/a/2.bmp");
  const Result<TensorCache> tensors = Ensure(split);
  ASSERT_TRUE(tensors.ok()) << tensors.status().message();
  EXPECT_THAT(tensors->broken(), IsEmpty());
}

// Else the cache would give the other pixels for the old content from then on.
TEST_F(TensorCacheTest, AnImageThatWasReplacedAfterItWasHashedNeverEntersTheCache) {
  const Split split = OpenSplit();
  options_ = TestDecodeOptions();
  const fs::path image = folder() / "d/test/a/2.bmp";
  const Bytes sound = *ReadFile(image);
  WriteTestFile(image, MakeBmp(3, 2, 99));
  const Status status = Ensure(split).status();
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_THAT(status.message(), HasSubstr("a/2.bmp: it was changed while qbench ran; run again"));
  WriteTestFile(image, sound);
  const Result<TensorCache> tensors = Ensure(split);
  ASSERT_TRUE(tensors.ok()) << tensors.status().message();
  EXPECT_EQ(tensors->pixels(1)[0], BmpValue(0, 1, 0, 2));
}

TEST_F(TensorCacheTest, CalibrationIsNeverDoneWithFewerImagesThanAsked) {
  WriteTestFile(folder() / "d/test/a/2.bmp", MakeBmp(3, 2, 'K'));  // its decoder is always killed
  Split split = OpenSplit();
  const Result<TensorCache> tested = Ensure(split);
  ASSERT_TRUE(tested.ok()) << tested.status().message();
  ASSERT_EQ(tested->broken().size(), 1u);
  EXPECT_EQ(tested->broken()[0].status, ImageStatus::kFailed);
  split.name = "calibration";
  cache_ = folder() / "another_cache";
  const Status status = Ensure(split).status();
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_THAT(status.message(), HasSubstr("1 of the 6 images of the calibration split"));
}

TEST_F(TensorCacheTest, NothingButBrokenImagesIsAnError) {
  for (int i = 0; i < 6; ++i) {
    WriteTestFile(folder() / fmt::format("d/test/{}/{}.bmp", i % 2 == 0 ? "a" : "b", i), {});
  }
  const Status status = Ensure(OpenSplit()).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.message(), HasSubstr("none of the 6 images"));
  EXPECT_THAT(status.message(), HasSubstr("an empty file"));
  EXPECT_TRUE(fs::is_empty(cache_ / "tensors"));
}

TEST_F(TensorCacheTest, AnyDamageIsNoticedAndRepaired) {
  const Split split = OpenSplit();
  const fs::path file = Ensure(split)->file();
  const Bytes whole = *ReadFile(file);
  const auto repaired = [&] {
    const Result<TensorCache> tensors = Ensure(split);
    return tensors.ok() && *ReadFile(file) == whole;
  };
  for (size_t size = 0; size < whole.size(); size += 13) {
    WriteTestFile(file, ByteSpan(whole).first(size));
    EXPECT_EQ(TensorCache::Open(file).status().code(), StatusCode::kCorrupt) << size;
  }
  EXPECT_TRUE(repaired());
  for (const size_t at :
       {size_t{0}, size_t{9}, size_t{40}, sizeof(TensorFileHeader), whole.size() - 1}) {
    Bytes damaged = whole;
    damaged[at] ^= 1;
    WriteTestFile(file, damaged);
    const Result<TensorCache> opened = TensorCache::Open(file);
    EXPECT_TRUE(!opened.ok() || !opened->CheckContent().ok() ||
                opened->key() != TensorKey(split, Input()))
        << at;
    EXPECT_TRUE(repaired()) << at;
  }
  // Of the same length, and the header is not hashed.
  Bytes turned = whole;
  std::swap_ranges(turned.begin() + offsetof(TensorFileHeader, width),
                   turned.begin() + offsetof(TensorFileHeader, height),
                   turned.begin() + offsetof(TensorFileHeader, height));
  ASSERT_NE(turned, whole);
  WriteTestFile(file, turned);
  EXPECT_TRUE(repaired());
}

TEST_F(TensorCacheTest, HostileSizesAreRefused) {
  TensorFileHeader header{};
  header.magic = kTensorMagic;
  header.version = kTensorVersion;
  for (const uint64_t huge : {uint64_t{1} << 31, uint64_t{1} << 62, ~uint64_t{0}}) {
    for (const uint32_t side : {0U, 4096U, ~0U}) {
      header.width = side;
      header.height = side;
      header.channels = 3;
      header.count = huge;
      header.reason_bytes = huge;
      WriteTestFile(folder() / "x",
                    ByteSpan(reinterpret_cast<const uint8_t*>(&header), sizeof(header)));
      EXPECT_EQ(TensorCache::Open(folder() / "x").status().code(), StatusCode::kCorrupt);
    }
  }
}

TEST_F(TensorCacheTest, WhatAKilledProcessLeftIsTakenOver) {
  const Split split = OpenSplit();
  const fs::path file = Ensure(split)->file();
  fs::remove(file);
  WriteTestFile(file.string() + ".unfinished", Bytes(100000, 7));
  ASSERT_TRUE(Ensure(split).ok());
  EXPECT_FALSE(fs::exists(file.string() + ".unfinished"));
}

TEST_F(TensorCacheTest, TwoWhoWantTheSameGetTheSame) {
  const Split split = OpenSplit();
  std::vector<std::string> checksums(4);
  std::vector<std::thread> threads;
  for (std::string& checksum : checksums) {
    threads.emplace_back([&] {
      const Result<TensorCache> tensors = Ensure(split);
      checksum = tensors.ok() ? tensors->content_sha256() : tensors.status().message();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(checksums[0].size(), 64u) << checksums[0];
  EXPECT_THAT(checksums, ::testing::Each(checksums[0]));
}

TEST_F(TensorCacheTest, AFolderThatCannotBeWrittenIsAnErrorWithTheNextStep) {
  WriteTestFile(cache_, AsBytes("a file where a folder should be"));
  const Status status = Ensure(OpenSplit()).status();
  EXPECT_EQ(status.code(), StatusCode::kIo);
  EXPECT_THAT(status.message(), HasSubstr("name another folder with --cache"));
}

TEST_F(TensorCacheTest, AReadOnlyCacheServesWhatItHas) {
  const Split split = OpenSplit();
  ASSERT_TRUE(Ensure(split).ok());
  chmod((cache_ / "tensors").c_str(), 0555);
  EXPECT_TRUE(Ensure(split).ok());
  Preprocessing other = Input();
  other.width = 5;
  const Status status = EnsureTensors(split, other, cache_, options_).status();
  chmod((cache_ / "tensors").c_str(), 0755);
  if (geteuid() == 0) GTEST_SKIP() << "root can write in every folder";
  EXPECT_THAT(status.message(), HasSubstr("name another folder with --cache"));
}

TEST_F(TensorCacheTest, NoRoomIsSaidBeforeDecoding) {
  Split split = OpenSplit();
  // 200,000 images of 48 MiB.
  Preprocessing huge = Input();
  huge.width = huge.height = kMaxInputSide;
  split.images.resize(200'000, split.images[0]);
  ForbidDecoding();
  const Status status = EnsureTensors(split, huge, cache_, options_).status();
  EXPECT_EQ(status.code(), StatusCode::kNoSpace);
  EXPECT_THAT(status.message(), HasSubstr("make room"));
}

// The dictionary of a .npy file, without the padding, and its data.
std::pair<std::string, Bytes> ReadNpy(const fs::path& file) {
  const Bytes bytes = *ReadFile(file);
  EXPECT_EQ(std::string(bytes.begin(), bytes.begin() + 8), std::string("\x93NUMPY\x01\x00", 8));
  const size_t length = LoadUnaligned<uint16_t>(ByteSpan(bytes).subspan(8));
  EXPECT_EQ((10 + length) % 64, 0u);
  std::string dictionary(bytes.begin() + 10, bytes.begin() + 10 + static_cast<ptrdiff_t>(length));
  EXPECT_EQ(dictionary.back(), '\n');
  dictionary.resize(dictionary.find_last_not_of(" \n") + 1);
  return {dictionary, Bytes(bytes.begin() + 10 + static_cast<ptrdiff_t>(length), bytes.end())};
}

TEST_F(TensorCacheTest, ExportLeavesBrokenImagesOut) {
  WriteTestFile(folder() / "d/test/a/2.bmp", AsBytes("nonsense"));
  const Split split = OpenSplit();
  const Result<TensorCache> tensors = Ensure(split);
  ASSERT_TRUE(tensors.ok());
  const Result<ExportedTensors> exported =
      ExportTensors(split, *tensors, Input(), folder() / "out.npy");
  ASSERT_TRUE(exported.ok()) << exported.status().message();
  EXPECT_EQ(exported->images, 5u);
  EXPECT_EQ(exported->left_out.size(), 1u);
  EXPECT_EQ(*ReadTextFile(exported->list),
            "0 a/0.bmp\n0 a/4.bmp\n1 b/1.bmp\n1 b/3.bmp\n1 b/5.bmp\n");
  const auto [dictionary, data] = ReadNpy(exported->npy);
  EXPECT_EQ(dictionary, "{'descr': '<f4', 'fortran_order': False, 'shape': (5, 2, 3, 3), }");
  ASSERT_EQ(data.size(), 5u * 18 * sizeof(float));
  std::vector<float> values(18);
  tensors->NormalizedInto(2, NormalizationTable(Input().mean, Input().std),
                          values.data());  // a/4.bmp
  const ByteSpan second = ByteSpan(data).subspan(18 * sizeof(float), 18 * sizeof(float));
  EXPECT_TRUE(std::equal(second.begin(), second.end(), AsBytes(values).begin()));
  EXPECT_EQ(ExportTensors(split, *tensors, Input(), folder() / "out.bin").status().code(),
            StatusCode::kInvalidArgument);
}

class NpyTest : public FolderTest {};

TEST_F(NpyTest, WritesBytesAndVectors) {
  Result<NpyWriter> writer = NpyWriter::Create(folder() / "a.npy", NpyWriter::Type::kUint8, {5});
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  EXPECT_TRUE(writer->Append(std::span<const uint8_t>(Bytes{1, 2, 3})).ok());
  EXPECT_FALSE(writer->Finish().ok());
  EXPECT_TRUE(writer->Append(std::span<const uint8_t>(Bytes{4, 5})).ok());
  EXPECT_FALSE(writer->Append(std::span<const uint8_t>(Bytes{6})).ok());
  EXPECT_FALSE(writer->Append(std::span<const float>(std::vector{1.0F})).ok());
  EXPECT_FALSE(fs::exists(folder() / "a.npy"));
  EXPECT_TRUE(writer->Finish().ok());
  const auto [dictionary, data] = ReadNpy(folder() / "a.npy");
  EXPECT_EQ(dictionary, "{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }");
  EXPECT_EQ(data, (Bytes{1, 2, 3, 4, 5}));
}

TEST_F(NpyTest, AnUnfinishedFileGoes) {
  { ASSERT_TRUE(NpyWriter::Create(folder() / "a.npy", NpyWriter::Type::kUint8, {5}).ok()); }
  EXPECT_TRUE(fs::is_empty(folder()));
  EXPECT_EQ(NpyWriter::Create(folder() / "no/a.npy", NpyWriter::Type::kUint8, {5}).status().code(),
            StatusCode::kIo);
  EXPECT_EQ(NpyWriter::Create(folder() / "a.npy", NpyWriter::Type::kFloat32,
                              {uint64_t{1} << 40, uint64_t{1} << 40})
                .status()
                .code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace qbench::datasets
