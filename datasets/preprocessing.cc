#include "datasets/preprocessing.h"

#include <array>
#include <cmath>
#include <utility>

namespace qbench::datasets {
namespace {

constexpr std::array<std::pair<Channels, std::string_view>, 3> kChannelsNames = {{
    {Channels::kRgb, "RGB"},
    {Channels::kBgr, "BGR"},
    {Channels::kGray, "GRAY"},
}};

constexpr std::array<std::pair<Resize, std::string_view>, 4> kResizeNames = {{
    {Resize::kPilBilinear, "pil-bilinear"},
    {Resize::kTfBilinear, "tf-bilinear"},
    {Resize::kNearest, "nearest"},
    {Resize::kArea, "area"},
}};

template <typename Names, typename Value>
std::string_view NameOf(const Names& names, Value value) {
  for (const auto& [candidate, name] : names) {
    if (candidate == value) return name;
  }
  return "unknown";
}

Status CheckSide(std::string_view name, int side) {
  if (side >= 1 && side <= kMaxInputSide) return OkStatus();
  return Error(StatusCode::kInvalidArgument, "{} is {}; it must be from 1 to {}", name, side,
               kMaxInputSide);
}

Status CheckValues(std::string_view name, const std::vector<float>& values, int channels,
                   bool zero_allowed) {
  if (values.size() != static_cast<size_t>(channels)) {
    return Error(StatusCode::kInvalidArgument, "{} has {} values; it must have one a channel, {}",
                 name, values.size(), channels);
  }
  for (const float value : values) {
    if (!std::isfinite(value) || (value == 0.0F && !zero_allowed)) {
      return Error(StatusCode::kInvalidArgument, "{} holds {}, by which no pixel can be scaled",
                   name, value);
    }
  }
  return OkStatus();
}

}  // namespace

size_t Preprocessing::pixel_bytes() const {
  return static_cast<size_t>(width) * static_cast<size_t>(height) *
         static_cast<size_t>(channel_count());
}

std::string_view ChannelsName(Channels channels) { return NameOf(kChannelsNames, channels); }
std::string_view ResizeName(Resize resize) { return NameOf(kResizeNames, resize); }

Result<Channels> ParseChannels(std::string_view name) {
  for (const auto& [value, candidate] : kChannelsNames) {
    if (candidate == name) return value;
  }
  return Error(StatusCode::kInvalidArgument, "channels \"{}\" is none of RGB, BGR, GRAY", name);
}

Result<Resize> ParseResize(std::string_view name) {
  for (const auto& [value, candidate] : kResizeNames) {
    if (candidate == name) return value;
  }
  return Error(StatusCode::kInvalidArgument,
               "resize \"{}\" is none of pil-bilinear, tf-bilinear, nearest, area", name);
}

Status CheckPreprocessing(const Preprocessing& preprocessing) {
  QB_RETURN_IF_ERROR(CheckSide("width", preprocessing.width));
  QB_RETURN_IF_ERROR(CheckSide("height", preprocessing.height));
  const int channels = preprocessing.channel_count();
  QB_RETURN_IF_ERROR(CheckValues("mean", preprocessing.mean, channels, true));
  return CheckValues("std", preprocessing.std, channels, false);
}

std::string PixelKey(const Preprocessing& preprocessing) {
  return fmt::format("{}x{} {} {}{}", preprocessing.width, preprocessing.height,
                     ChannelsName(preprocessing.channels), ResizeName(preprocessing.resize),
                     preprocessing.exif_rotation ? " exif" : "");
}

}  // namespace qbench::datasets
