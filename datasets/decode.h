// The parent's side of qbench-decode, the only program that decodes images: hands it files, watches
// it, and learns what became of each. A broken image, even one that crashes the decoder, costs that
// image alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "datasets/preprocessing.h"

namespace qbench::datasets {

struct DecodeLimits {
  uint64_t file_bytes = uint64_t{64} << 20;
  uint64_t pixels = 50'000'000;
  std::chrono::milliseconds image_time{30'000};
  uint64_t resident_bytes = uint64_t{640} << 20;  // of one decode process
  int processes = 0;                              // 0: one a core
};

// Called in the caller's thread, now and then; returns false to cancel.
using DecodeProgress = std::function<bool(size_t done, size_t total)>;

struct DecodeOptions {
  std::filesystem::path program;  // empty: qbench-decode beside the running program
  DecodeLimits limits;
  DecodeProgress progress;
};

enum class ImageStatus : uint8_t {
  kOk = 0,
  kBroken = 1,  // its bytes are no image that can be decoded
  kFailed = 2,  // not decoded for a reason that may go away: out of time or memory
  kGone = 3,    // its file cannot be read, or holds other bytes than were asked for
};

struct ImageFile {
  std::filesystem::path path;
  std::string sha256;  // of the bytes that it must have; empty: any
};

struct DecodedImage {
  ImageStatus status = ImageStatus::kFailed;
  std::string reason;  // one line where it is not kOk, without the file's name
  int width = 0;       // of the file, 0 where unknown
  int height = 0;
};

// Decodes each file and writes its pixels (resized; 8-bit HWC) at
// `offset` + i * preprocessing.pixel_bytes() of `output`, which exists and is large enough. The
// pixels of an image that is not kOk stay as they are. A decoder that is killed from outside is
// started again for what is left. Errors are those of the process, not of an
// image: kNotFound (no qbench-decode), kCancelled (by `progress` or base/interrupt.h), kCrashed,
// kIo.
Result<std::vector<DecodedImage>> DecodeImages(const std::vector<ImageFile>& files,
                                               const Preprocessing& preprocessing,
                                               const std::filesystem::path& output, uint64_t offset,
                                               const DecodeOptions& options);

// Decodes each file and keeps nothing: which ones are whole, and how large they are.
Result<std::vector<DecodedImage>> ProbeImages(const std::vector<ImageFile>& files,
                                              const DecodeOptions& options);

}  // namespace qbench::datasets
