// How a filter slides over an image: the geometry that convolutions and poolings share. Images are
// NHWC: batch, height, width, channels, the channels contiguous.
#pragma once

#include <algorithm>
#include <cstdint>

#include "graph/ir.h"

namespace qbench::kernels {

struct Window {
  int32_t batches = 0;
  int32_t in_h = 0, in_w = 0, in_c = 0;
  int32_t out_h = 0, out_w = 0, out_c = 0;
  int32_t filter_h = 1, filter_w = 1;
  int32_t stride_h = 1, stride_w = 1;
  int32_t dilation_h = 1, dilation_w = 1;
  int32_t pad_top = 0, pad_left = 0;

  int64_t in_image() const { return static_cast<int64_t>(in_h) * in_w * in_c; }
  // Products in one output of a convolution.
  int64_t patch() const { return static_cast<int64_t>(filter_h) * filter_w * in_c; }
};

// The window of an operator whose input and output are these NHWC shapes. The padding follows from
// the sizes (TensorFlow's SAME; for VALID it comes out as 0): half of what the last position of the
// filter reaches beyond the image, the odd pixel at the bottom and right. kUnsupported where a
// filter, stride or dilation is absurdly large.
template <typename Options>
Result<Window> MakeWindow(const graph::Shape& input, const graph::Shape& output, int32_t filter_h,
                          int32_t filter_w, int32_t dilation_h, int32_t dilation_w,
                          const Options& options) {
  constexpr int64_t kMaxReach = 1 << 24;
  Window w;
  w.batches = input[0];
  w.in_h = input[1], w.in_w = input[2], w.in_c = input[3];
  w.out_h = output[1], w.out_w = output[2], w.out_c = output[3];
  w.filter_h = filter_h, w.filter_w = filter_w;
  w.stride_h = options.stride_h, w.stride_w = options.stride_w;
  w.dilation_h = dilation_h, w.dilation_w = dilation_w;
  const auto reach = [](int64_t out, int64_t filter, int64_t stride, int64_t dilation) {
    return (out - 1) * stride + (filter - 1) * dilation + 1;
  };
  const int64_t reach_h = reach(w.out_h, filter_h, w.stride_h, dilation_h);
  const int64_t reach_w = reach(w.out_w, filter_w, w.stride_w, dilation_w);
  if (std::max({reach_h, reach_w, int64_t{w.stride_h}, int64_t{w.stride_w}}) > kMaxReach) {
    return Error(StatusCode::kUnsupported, "its filter, stride or dilation is above {}", kMaxReach);
  }
  w.pad_top = static_cast<int32_t>(std::max<int64_t>(reach_h - w.in_h, 0) / 2);
  w.pad_left = static_cast<int32_t>(std::max<int64_t>(reach_w - w.in_w, 0) / 2);
  return w;
}

// The filter's taps [begin, end) that fall into the image when the filter starts at `origin`.
struct Taps {
  int32_t begin = 0;
  int32_t end = 0;
};
inline Taps TapsInside(int32_t origin, int32_t size, int32_t filter, int32_t dilation) {
  Taps taps;
  taps.begin = origin >= 0 ? 0 : (-origin + dilation - 1) / dilation;
  taps.end = origin >= size ? 0 : std::min(filter, (size - origin - 1) / dilation + 1);
  taps.begin = std::min(taps.begin, filter);
  taps.end = std::max(taps.end, taps.begin);
  return taps;
}

// Calls visit(y, x) for every position of the output.
template <typename Visit>
void ForEachOutput(const Window& w, const Visit& visit) {
  for (int32_t y = 0; y < w.out_h; ++y) {
    for (int32_t x = 0; x < w.out_w; ++x) visit(y, x);
  }
}

// Copies the patch of `image` under the filter at output (y, x) to `patch`, in the order of the
// filter's weights (row, column, channel), less `zero_point`; 0 where the filter hangs over the
// edge. A convolution is the dot product of this patch with each filter.
template <typename Element, typename PatchElement>
void GatherPatch(const Window& w, const Element* image, int32_t y, int32_t x,
                 PatchElement zero_point, PatchElement* patch) {
  const int32_t top = y * w.stride_h - w.pad_top;
  const int32_t left = x * w.stride_w - w.pad_left;
  const Taps rows = TapsInside(top, w.in_h, w.filter_h, w.dilation_h);
  const Taps columns = TapsInside(left, w.in_w, w.filter_w, w.dilation_w);
  const bool whole =
      rows.end - rows.begin == w.filter_h && columns.end - columns.begin == w.filter_w;
  if (!whole) std::fill_n(patch, w.patch(), PatchElement{0});
  for (int32_t fy = rows.begin; fy < rows.end; ++fy) {
    for (int32_t fx = columns.begin; fx < columns.end; ++fx) {
      const int64_t row = top + fy * w.dilation_h;
      const int64_t column = left + fx * w.dilation_w;
      const Element* from = image + (row * w.in_w + column) * w.in_c;
      PatchElement* to = patch + (static_cast<int64_t>(fy) * w.filter_w + fx) * w.in_c;
      for (int32_t c = 0; c < w.in_c; ++c) {
        to[c] = static_cast<PatchElement>(static_cast<PatchElement>(from[c]) - zero_point);
      }
    }
  }
}

}  // namespace qbench::kernels
