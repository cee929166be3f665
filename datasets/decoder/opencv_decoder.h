// Image files to pixels by OpenCV's imgcodecs: the only code that uses it.
#pragma once

#include "datasets/decode_worker.h"

namespace qbench::datasets {

// A Decoder. As Pillow's convert("RGB"): grey becomes three equal channels, palettes are resolved,
// transparency is dropped, 16 bits are cut to the upper 8.
Result<Pixmap> DecodeWithOpenCv(ByteSpan file, bool exif_rotation);

}  // namespace qbench::datasets
