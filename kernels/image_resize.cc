#include "kernels/image_resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace qbench::kernels {
namespace {

// Input pixels in one output pixel. With aligned corners the first and the last pixels' centers
// stay where they are.
float ScaleOf(int32_t in, int32_t out, bool align_corners) {
  return align_corners && out > 1 ? static_cast<float>(in - 1) / static_cast<float>(out - 1)
                                  : static_cast<float>(in) / static_cast<float>(out);
}

// The input pixel of each output pixel of one direction.
std::vector<int32_t> NearestPixels(int32_t in, int32_t out, const graph::ResizeOptions& options) {
  const float scale = ScaleOf(in, out, options.align_corners);
  const float offset = options.half_pixel_centers ? 0.5F : 0.0F;
  std::vector<int32_t> pixels;
  for (int32_t i = 0; i < out; ++i) {
    const float place = (static_cast<float>(i) + offset) * scale;
    const float pixel = options.align_corners ? std::round(place) : std::floor(place);
    pixels.push_back(std::clamp(static_cast<int32_t>(pixel), 0, in - 1));
  }
  return pixels;
}

// The two input pixels between which an output pixel lies, and how near to the second.
struct Between {
  int32_t first = 0, second = 0;
  float weight = 0.0F;
};
std::vector<Between> PixelsBetween(int32_t in, int32_t out, const graph::ResizeOptions& options) {
  const float scale = ScaleOf(in, out, options.align_corners);
  std::vector<Between> pixels;
  for (int32_t i = 0; i < out; ++i) {
    const float place = options.half_pixel_centers ? (static_cast<float>(i) + 0.5F) * scale - 0.5F
                                                   : static_cast<float>(i) * scale;
    const float below = std::floor(place);
    const auto first = static_cast<int32_t>(below);
    pixels.push_back({.first = std::clamp(first, 0, in - 1),
                      .second = std::clamp(first + 1, 0, in - 1),
                      .weight = place - below});
  }
  return pixels;
}

}  // namespace

Result<Run> PrepareResizeNearest(const OpContext& context) {
  const auto& options = context.options<graph::ResizeOptions>();
  const graph::Shape& in = context.input(0).shape();
  const graph::Shape& out = context.output().shape();
  const size_t pixel = static_cast<size_t>(in[3]) * graph::DataTypeSize(context.output().type());
  const size_t row = pixel * static_cast<size_t>(in[2]);
  return Run([=, batches = in[0], image = row * static_cast<size_t>(in[1]),
              rows = NearestPixels(in[1], out[1], options),
              columns = NearestPixels(in[2], out[2], options), from = context.input(0).data,
              to = context.output().data] {
    uint8_t* next = to;
    for (int32_t n = 0; n < batches; ++n) {
      for (const int32_t y : rows) {
        for (const int32_t x : columns) {
          std::memcpy(next,
                      from + static_cast<size_t>(n) * image + static_cast<size_t>(y) * row +
                          static_cast<size_t>(x) * pixel,
                      pixel);
          next += pixel;
        }
      }
    }
  });
}

Result<Run> PrepareResizeBilinearFloat(const OpContext& context) {
  const auto& options = context.options<graph::ResizeOptions>();
  const graph::Shape& in = context.input(0).shape();
  const graph::Shape& out = context.output().shape();
  return Run([in, rows = PixelsBetween(in[1], out[1], options),
              columns = PixelsBetween(in[2], out[2], options), from = context.input(0).As<float>(),
              to = context.output().As<float>()] {
    float* next = to;
    const int64_t channels = in[3];
    for (int64_t n = 0; n < in[0]; ++n) {
      const auto pixel = [&](int64_t y, int64_t x) {
        return from + ((n * in[1] + y) * in[2] + x) * channels;
      };
      for (const Between& y : rows) {
        for (const Between& x : columns) {
          const float* corners[] = {pixel(y.first, x.first), pixel(y.first, x.second),
                                    pixel(y.second, x.first), pixel(y.second, x.second)};
          for (int64_t c = 0; c < channels; ++c) {
            *next++ = corners[0][c] * (1 - y.weight) * (1 - x.weight) +
                      corners[1][c] * (1 - y.weight) * x.weight +
                      corners[2][c] * y.weight * (1 - x.weight) +
                      corners[3][c] * y.weight * x.weight;
          }
        }
      }
    }
  });
}

}  // namespace qbench::kernels
