#include "datasets/scenes/draw/mood.h"

#include <array>

namespace qbench::scenes {
namespace {

// BGR, in the order of Material.
const std::array<cv::Scalar, 12> kMaterials = {{
    {122, 122, 118},
    {150, 130, 110},
    {120, 165, 190},
    {70, 85, 150},
    {60, 80, 105},
    {55, 95, 80},
    {60, 120, 95},
    {120, 110, 60},
    {150, 150, 95},
    {235, 228, 218},
    {220, 200, 165},
    {175, 190, 200},
}};

cv::Scalar ColourOf(Material material) { return kMaterials.at(static_cast<std::size_t>(material)); }

void SetSky(Mood& mood) {
  switch (mood.weather) {
    case Weather::kClear:
      mood.sky_high = {205, 140, 80};
      mood.sky_low = {230, 210, 180};
      mood.light = {0.95, 1.0, 1.05};
      break;
    case Weather::kOvercast:
      mood.sky_high = {165, 160, 152};
      mood.sky_low = {205, 202, 196};
      mood.light = {0.85, 0.83, 0.8};
      break;
    case Weather::kDusk:
      mood.sky_high = {130, 85, 75};
      mood.sky_low = {90, 150, 230};
      mood.light = {0.55, 0.68, 0.9};
      break;
    case Weather::kFog:
      mood.sky_high = {200, 200, 195};
      mood.sky_low = {212, 212, 208};
      mood.light = {0.85, 0.85, 0.83};
      break;
    case Weather::kSnow:
      mood.sky_high = {210, 200, 190};
      mood.sky_low = {228, 222, 216};
      mood.light = {1.0, 0.95, 0.9};
      break;
    case Weather::kNight:
      mood.sky_high = {50, 28, 18};
      mood.sky_low = {85, 60, 48};
      mood.light = {0.42, 0.36, 0.32};
      break;
  }
}

}  // namespace

cv::Scalar Mix(const cv::Scalar& a, const cv::Scalar& b, double weight_of_b) {
  return a * (1.0 - weight_of_b) + b * weight_of_b;
}

cv::Scalar DrawMaterial(SceneRandom& random) {
  constexpr int kLast = static_cast<int>(kMaterials.size()) - 1;
  const cv::Scalar first = ColourOf(static_cast<Material>(random.Integer(0, kLast)));
  const cv::Scalar second = ColourOf(static_cast<Material>(random.Integer(0, kLast)));
  const cv::Scalar mixed = Mix(first, second, random.Uniform(0.0, 0.4));
  return mixed * random.Uniform(0.75, 1.2);
}

Mood DrawMood(SceneRandom& random, Material main, Material second) {
  Mood mood;
  mood.weather = static_cast<Weather>(random.Weighted({0.3, 0.2, 0.15, 0.12, 0.13, 0.1}));
  SetSky(mood);
  const cv::Scalar cast{random.Uniform(0.85, 1.15), random.Uniform(0.92, 1.08),
                        random.Uniform(0.85, 1.15)};
  mood.sky_high = mood.sky_high.mul(cast);
  mood.sky_low = mood.sky_low.mul(cast);
  const bool fog = mood.weather == Weather::kFog;
  mood.haze = fog ? random.Uniform(0.75, 0.95) : random.Uniform(0.2, 0.6);
  mood.sun_side = random.Chance(0.5) ? 1.0 : -1.0;
  mood.main = DrawMaterial(random);
  mood.second = DrawMaterial(random);
  if (random.Chance(kTypicalShare)) {
    mood.main = ColourOf(main) * random.Uniform(0.8, 1.2);
    mood.second = ColourOf(second) * random.Uniform(0.8, 1.2);
  }
  if (mood.weather == Weather::kSnow) {
    mood.main = Mix(mood.main, {235, 228, 218}, random.Uniform(0.2, 0.6));
  }
  return mood;
}

cv::Scalar Seen(const Mood& mood, const cv::Scalar& material, double distance, double shade) {
  return Mix(material.mul(mood.light) * shade, mood.sky_low, mood.haze * distance);
}

}  // namespace qbench::scenes
