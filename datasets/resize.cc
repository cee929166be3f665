#include "datasets/resize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace qbench::datasets {
namespace {

// Pixel (x, y) of an image starts at this index.
size_t PixelIndex(const Pixmap& image, int x, int y) {
  return (static_cast<size_t>(y) * static_cast<size_t>(image.width) + static_cast<size_t>(x)) *
         static_cast<size_t>(image.channels);
}

Pixmap Blank(int width, int height, int channels) {
  Pixmap image{width, height, channels, {}};
  image.pixels.resize(static_cast<size_t>(width) * static_cast<size_t>(height) *
                      static_cast<size_t>(channels));
  return image;
}

// The source pixels first … first + weights.size() - 1 that make up one output coordinate.
template <typename Weight>
struct Window {
  int first = 0;
  std::vector<Weight> weights;
};

template <typename Weight>
using Axis = std::vector<Window<Weight>>;

// Pillow's filter: 22 bits of fraction leave room for 8 bits of pixel and the sign in 32 bits.
constexpr int kPilBits = 32 - 8 - 2;

Axis<int32_t> PilAxis(int in, int out) {
  const double scale = static_cast<double>(in) / out;
  const double support = std::max(scale, 1.0);  // the triangle's half width is 1 when enlarging
  // As Pillow rounds: 0.5 added, the rest cut off.
  // NOLINTBEGIN(bugprone-incorrect-roundings)
  Axis<int32_t> axis(static_cast<size_t>(out));
  for (int x = 0; x < out; ++x) {
    const double center = (x + 0.5) * scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int last = std::min(static_cast<int>(center + support + 0.5), in);
    std::vector<double> weights;
    double sum = 0;
    for (int i = first; i < last; ++i) {
      const double distance = std::abs((i - center + 0.5) * (1.0 / support));
      weights.push_back(std::max(1.0 - distance, 0.0));
      sum += weights.back();
    }
    Window<int32_t>& window = axis[static_cast<size_t>(x)];
    window.first = first;
    for (const double weight : weights) {
      const double normalized = sum != 0 ? weight / sum : weight;
      window.weights.push_back(static_cast<int32_t>(0.5 + normalized * (1 << kPilBits)));
    }
  }
  // NOLINTEND(bugprone-incorrect-roundings)
  return axis;
}

Axis<double> AreaAxis(int in, int out) {
  const double scale = static_cast<double>(in) / out;
  Axis<double> axis(static_cast<size_t>(out));
  for (int x = 0; x < out; ++x) {
    const double begin = x * scale, end = (x + 1) * scale;
    Window<double>& window = axis[static_cast<size_t>(x)];
    window.first = std::min(static_cast<int>(begin), in - 1);
    for (int i = window.first; i < in && i < end; ++i) {
      const double covered = std::min(end, i + 1.0) - std::max(begin, static_cast<double>(i));
      window.weights.push_back(covered / scale);
    }
  }
  return axis;
}

uint8_t RoundPil(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> kPilBits, 0, 255)); }

// Filters the rows: `rows` x in x channels to `rows` x out x channels. `first` is what each sum
// starts with (one half, for rounding), `round` makes a sum into an output value.
template <typename In, typename Out, typename Weight, typename Round>
std::vector<Out> FilterRows(const std::vector<In>& source, size_t rows, size_t in, size_t channels,
                            const Axis<Weight>& axis, Weight first, Round round) {
  std::vector<Out> target(rows * axis.size() * channels);
  Out* next = target.data();
  for (size_t y = 0; y < rows; ++y) {
    const In* row = source.data() + y * in * channels;
    for (const Window<Weight>& window : axis) {
      const In* begin = row + static_cast<size_t>(window.first) * channels;
      for (size_t c = 0; c < channels; ++c) {
        Weight sum = first;
        for (size_t i = 0; i < window.weights.size(); ++i) {
          sum += static_cast<Weight>(begin[i * channels + c]) * window.weights[i];
        }
        *next++ = round(sum);
      }
    }
  }
  return target;
}

// Filters the columns: in x width x channels (`width` counts both) to out x width.
template <typename In, typename Weight, typename Round>
Bytes FilterColumns(const std::vector<In>& source, size_t width, const Axis<Weight>& axis,
                    Weight first, Round round) {
  Bytes target(axis.size() * width);
  std::vector<Weight> sums(width);
  for (size_t y = 0; y < axis.size(); ++y) {
    std::fill(sums.begin(), sums.end(), first);
    for (size_t i = 0; i < axis[y].weights.size(); ++i) {
      const In* row = source.data() + (static_cast<size_t>(axis[y].first) + i) * width;
      const Weight weight = axis[y].weights[i];
      for (size_t x = 0; x < width; ++x) sums[x] += static_cast<Weight>(row[x]) * weight;
    }
    std::transform(sums.begin(), sums.end(), target.begin() + static_cast<ptrdiff_t>(y * width),
                   round);
  }
  return target;
}

Pixmap PilBilinear(const Pixmap& image, int width, int height) {
  const int32_t half = 1 << (kPilBits - 1);
  const auto channels = static_cast<size_t>(image.channels);
  const Bytes rows = FilterRows<uint8_t, uint8_t>(image.pixels, static_cast<size_t>(image.height),
                                                  static_cast<size_t>(image.width), channels,
                                                  PilAxis(image.width, width), half, RoundPil);
  return {width, height, image.channels,
          FilterColumns(rows, static_cast<size_t>(width) * channels, PilAxis(image.height, height),
                        half, RoundPil)};
}

Pixmap Area(const Pixmap& image, int width, int height) {
  const auto channels = static_cast<size_t>(image.channels);
  const std::vector<double> rows = FilterRows<uint8_t, double>(
      image.pixels, static_cast<size_t>(image.height), static_cast<size_t>(image.width), channels,
      AreaAxis(image.width, width), 0.0, [](double sum) { return sum; });
  return {
      width, height, image.channels,
      FilterColumns(rows, static_cast<size_t>(width) * channels, AreaAxis(image.height, height),
                    0.0, [](double sum) {
                      return static_cast<uint8_t>(std::clamp(std::floor(sum + 0.5), 0.0, 255.0));
                    })};
}

// TensorFlow's: between pixels `lower` and `upper`, `lerp` of the way.
struct Interpolation {
  int lower;
  int upper;
  float lerp;
};

std::vector<Interpolation> TfAxis(int in, int out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  std::vector<Interpolation> axis;
  axis.reserve(static_cast<size_t>(out));
  for (int x = 0; x < out; ++x) {
    const float position = (static_cast<float>(x) + 0.5F) * scale - 0.5F;
    const float floor = std::floor(position);
    axis.push_back({std::max(static_cast<int>(floor), 0),
                    std::min(static_cast<int>(std::ceil(position)), in - 1), position - floor});
  }
  return axis;
}

Pixmap TfBilinear(const Pixmap& image, int width, int height) {
  Pixmap result = Blank(width, height, image.channels);
  const std::vector<Interpolation> columns = TfAxis(image.width, width);
  uint8_t* next = result.pixels.data();
  for (const Interpolation& y : TfAxis(image.height, height)) {
    for (const Interpolation& x : columns) {
      for (int c = 0; c < image.channels; ++c) {
        const auto at = [&](int column, int row) {
          return static_cast<float>(
              image.pixels[PixelIndex(image, column, row) + static_cast<size_t>(c)]);
        };
        const float left = at(x.lower, y.lower), bottom_left = at(x.lower, y.upper);
        const float top = left + (at(x.upper, y.lower) - left) * x.lerp;
        const float bottom = bottom_left + (at(x.upper, y.upper) - bottom_left) * x.lerp;
        const float value = top + (bottom - top) * y.lerp;
        *next++ = static_cast<uint8_t>(std::clamp(std::floor(value + 0.5F), 0.0F, 255.0F));
      }
    }
  }
  return result;
}

// As TensorFlow computes it, in float32, which matters where it is a whole number.
int NearestSource(int x, int in, int out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  return std::min(static_cast<int>(std::floor((static_cast<float>(x) + 0.5F) * scale)), in - 1);
}

Pixmap Nearest(const Pixmap& image, int width, int height) {
  Pixmap result = Blank(width, height, image.channels);
  const auto channels = static_cast<size_t>(image.channels);
  uint8_t* next = result.pixels.data();
  for (int y = 0; y < height; ++y) {
    const int row = NearestSource(y, image.height, height);
    for (int x = 0; x < width; ++x, next += channels) {
      const size_t source = PixelIndex(image, NearestSource(x, image.width, width), row);
      std::memcpy(next, image.pixels.data() + source, channels);
    }
  }
  return result;
}

}  // namespace

Pixmap ResizePixmap(const Pixmap& image, int width, int height, Resize method) {
  if (image.width == width && image.height == height) return image;
  switch (method) {
    case Resize::kPilBilinear:
      return PilBilinear(image, width, height);
    case Resize::kTfBilinear:
      return TfBilinear(image, width, height);
    case Resize::kNearest:
      return Nearest(image, width, height);
    case Resize::kArea:
      break;
  }
  return Area(image, width, height);
}

Pixmap SwapRedAndBlue(Pixmap image) {
  for (size_t i = 0; i + 2 < image.pixels.size(); i += 3) {
    std::swap(image.pixels[i], image.pixels[i + 2]);
  }
  return image;
}

Pixmap GrayFromRgb(const Pixmap& image) {
  Pixmap gray = Blank(image.width, image.height, 1);
  const uint8_t* rgb = image.pixels.data();
  for (uint8_t& pixel : gray.pixels) {
    // 0.299, 0.587 and 0.114 times 65536.
    pixel = static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
    rgb += 3;
  }
  return gray;
}

}  // namespace qbench::datasets
