// What an image file says about itself, read without decoding it: format, size, and whether its
// structure reaches its end. libjpeg fills what a truncated file lacks with grey and calls it a
// success; here it is found out first.
#pragma once

#include "base/bytes.h"
#include "base/status.h"

namespace qbench::datasets {

enum class ImageFormat { kJpeg, kPng, kBmp };

struct ImageHeader {
  ImageFormat format = ImageFormat::kJpeg;
  uint32_t width = 0;
  uint32_t height = 0;
  int components = 0;  // JPEG: 1 grey, 3 colour, 4 CMYK
};

// kCorrupt: no image, truncated, a size of zero. kUnsupported: another format (it is named), or a
// CMYK JPEG, whose colours depend on the reader. Messages have no file name in them.
Result<ImageHeader> ReadImageHeader(ByteSpan file);

}  // namespace qbench::datasets
