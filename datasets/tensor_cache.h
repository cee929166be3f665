// The decoded and resized images of a split in one memory-mapped file, made once by the decode
// process and read by all others.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "datasets/decode.h"
#include "datasets/preprocessing.h"

namespace qbench::datasets {

struct BrokenImage {
  size_t index = 0;  // in the split
  ImageStatus status = ImageStatus::kBroken;
  std::string reason;
};

// What each value of a pixel becomes, channel by channel: (pixel - mean) / std in float32, as numpy
// computes it. (x / 127.5 - 1 may differ from it in the last bit.)
class NormalizationTable {
 public:
  // mean and std have one value a channel.
  NormalizationTable(std::span<const float> mean, std::span<const float> std);
  size_t channels() const { return values_.size(); }
  float Value(size_t channel, uint8_t pixel) const { return values_[channel][pixel]; }

 private:
  std::vector<std::array<float, 256>> values_;
};

// Read-only; reading it from several threads is safe. A worker opens it by path and key.
class TensorCache {
 public:
  // kNotFound, kIo, or kCorrupt where header, key and length do not fit together.
  static Result<TensorCache> Open(const std::filesystem::path& file);

  // Images, the broken ones included: the index is that of split.images.
  size_t size() const { return count_; }
  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }
  size_t pixel_bytes() const;

  ImageStatus status(size_t i) const { return static_cast<ImageStatus>(status_[i]); }
  // The index into Dataset::labels.
  int label(size_t i) const { return LoadUnaligned<int32_t>(labels_.subspan(i * 4)); }
  // Height x width x channels, 8 bits; all zero where the status is not kOk.
  std::span<const uint8_t> pixels(size_t i) const;
  // Writes pixel_bytes() values: the pixels through a table of channels() channels. However many
  // images are read this way, hardly more than one is in this process's memory.
  void NormalizedInto(size_t i, const NormalizationTable& table, float* out) const;

  const std::vector<BrokenImage>& broken() const { return broken_; }
  const std::string& key() const { return key_; }
  // Of statuses, labels and pixels, as it was when the file was written.
  const std::string& content_sha256() const { return content_sha256_; }
  const std::filesystem::path& file() const { return file_; }

  // Hashes the whole content: kCorrupt where it is not what was written, kCancelled
  // (base/interrupt.h).
  Status CheckContent() const;

 private:
  explicit TensorCache(MappedFile mapping) : mapping_(std::move(mapping)) {}
  Status Parse();
  Status ParseReasons(std::string_view text);

  MappedFile mapping_;
  std::filesystem::path file_;
  size_t count_ = 0;
  int width_ = 0;
  int height_ = 0;
  int channels_ = 0;
  std::string key_;
  std::string content_sha256_;
  ByteSpan status_;
  ByteSpan labels_;  // int32
  ByteSpan pixels_;
  std::vector<BrokenImage> broken_;
};

// The cache's key: SHA-256 of format version, split content, label indices and PixelKey.
std::string TensorKey(const Split& split, const Preprocessing& preprocessing);

// Opens the tensors of a split below `cache_dir`/tensors (their content is checked), making them
// first where they are missing, damaged, or hold an image with status kFailed. Of two processes
// that want the same tensors, one makes them and the other waits. A broken image is no error (see
// broken()); kCorrupt where all are broken. kIo names folder and bytes needed where the disk is
// full or read-only.
Result<TensorCache> EnsureTensors(const Split& split, const Preprocessing& preprocessing,
                                  const std::filesystem::path& cache_dir,
                                  const DecodeOptions& options);

// How many bytes EnsureTensors will write: 0 where the cache seems to have the tensors.
uint64_t MissingTensorBytes(const Split& split, const Preprocessing& preprocessing,
                            const std::filesystem::path& cache_dir);

// "2 of 600 images cannot be decoded and are left out: sea/1.jpg (truncated …), …"; empty where
// there are none.
std::string DescribeBroken(const Split& split, const TensorCache& tensors);

}  // namespace qbench::datasets
