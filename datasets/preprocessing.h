// How an image file becomes a model's input: decode, EXIF rotation, channel order, resize to 8-bit
// pixels (done once, in the decode process), then (pixel - mean) / std in float32.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace qbench::datasets {

enum class Channels { kRgb, kBgr, kGray };

enum class Resize {
  kPilBilinear,  // Pillow's BILINEAR: antialiased
  kTfBilinear,   // tf.image.resize(method="bilinear"): not antialiased
  kNearest,
  kArea,
};

struct Preprocessing {
  int width = 0;
  int height = 0;
  Channels channels = Channels::kRgb;
  Resize resize = Resize::kPilBilinear;
  std::vector<float> mean;  // one a channel, in the order in which the model sees them
  std::vector<float> std;
  bool exif_rotation = false;

  int channel_count() const { return channels == Channels::kGray ? 1 : 3; }
  // Bytes of the resized 8-bit image: height x width x channels.
  size_t pixel_bytes() const;
};

// The names in sidecars: "RGB", "pil-bilinear".
std::string_view ChannelsName(Channels channels);
std::string_view ResizeName(Resize resize);
Result<Channels> ParseChannels(std::string_view name);
Result<Resize> ParseResize(std::string_view name);

inline constexpr int kMaxInputSide = 4096;

// kInvalidArgument where a side is not 1 to kMaxInputSide, mean or std has not one entry a channel,
// or a value of std is 0 or anything is not finite.
Status CheckPreprocessing(const Preprocessing& preprocessing);

// What determines the 8-bit pixels, as text: the cache's key is made of it. Neither mean nor std.
std::string PixelKey(const Preprocessing& preprocessing);

}  // namespace qbench::datasets
