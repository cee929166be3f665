// Small pictures of images, for pages that carry them within themselves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "datasets/decode.h"

namespace qbench::datasets {

struct ThumbnailSettings {
  // A JPEG or PNG of at most so many bytes is its own picture.
  uint64_t whole_bytes = uint64_t{24} << 10;
  // Others are decoded (by qbench-decode) and made so wide and high, whatever their shape.
  int side = 96;
  // Characters of all sources together; the pictures beyond are left out.
  uint64_t total_chars = uint64_t{2'800} << 10;
};

struct Thumbnail {
  // What an <img> shows, of the characters of base64 alone behind the comma:
  // "data:image/jpeg;base64,…". Empty: there is none.
  std::string source;
  std::string reason;  // why not, one line without the file's name; empty: there was no room
};

// One for each file, in their order. Only bytes that have the hash that was asked for are shown.
// The errors of DecodeImages; kIo where the temporary folder cannot be written to.
Result<std::vector<Thumbnail>> MakeThumbnails(const std::vector<ImageFile>& files,
                                              const ThumbnailSettings& settings,
                                              const DecodeOptions& options);

}  // namespace qbench::datasets
