// Resizing of 8-bit images, equal to what the user's training pipeline did: each method is defined
// by the library that it is named after.
#pragma once

#include "base/bytes.h"
#include "datasets/preprocessing.h"

namespace qbench::datasets {

// 8-bit pixels, height x width x channels.
struct Pixmap {
  int width = 0;
  int height = 0;
  int channels = 0;
  Bytes pixels;
};

// The image at another size; all sides are at least 1. The methods:
//
// kPilBilinear: Pillow's Image.resize(…, BILINEAR), to the bit. A triangle filter whose support
//   grows with the reduction (so it antialiases), weights in fixed point with 22 bits, first the
//   rows and then the columns, with 8-bit pixels in between (Pillow, src/libImaging/Resample.c).
// kTfBilinear: tf.image.resize(…, "bilinear"), which looks at four pixels however much it reduces
//   (half-pixel centres, float32), rounded to 8 bits, halves up. TensorFlow itself hands on the
//   unrounded value, which differs by at most 0.5 of 255.
// kNearest: tf.image.resize(…, "nearest"): pixel floor((x + 1/2) * scale) in float32. Pillow's
// NEAREST
//   is the same, but for rounding where that is a whole number.
// kArea: the mean over the rectangle that an output pixel covers, pixels at its edge counting in
//   part (tf.image.resize(…, "area"); OpenCV's INTER_AREA when reducing), rounded halves up.
Pixmap ResizePixmap(const Pixmap& image, int width, int height, Resize method);

// Three channels, the first and the last exchanged: RGB to BGR or back.
Pixmap SwapRedAndBlue(Pixmap image);

// RGB to one channel: ITU-R 601 luma in 16-bit fixed point, as Pillow's convert("L").
Pixmap GrayFromRgb(const Pixmap& image);

}  // namespace qbench::datasets
