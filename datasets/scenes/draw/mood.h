// What all six classes share: weather, light and the colours of things.
//
// A class must be told by its structure, not by its colours, so every class draws its mood from the
// same distribution, and most of its materials too.
#ifndef QBENCH_DATASETS_SCENES_DRAW_MOOD_H_
#define QBENCH_DATASETS_SCENES_DRAW_MOOD_H_

#include <opencv2/core.hpp>

#include "datasets/scenes/draw/scene_random.h"

namespace qbench::scenes {

enum class Weather { kClear, kOvercast, kDusk, kFog, kSnow, kNight };

struct Mood {
  Weather weather = Weather::kClear;
  cv::Scalar sky_high;    // BGR, at the zenith
  cv::Scalar sky_low;     // at the horizon; distant things fade into it
  cv::Scalar light;       // factor a channel on every material
  double haze = 0.0;      // how much of a thing at the horizon is lost, 0..1
  double sun_side = 1.0;  // +1: lit from the right, -1: from the left
  cv::Scalar main;        // the scene's two materials, unlit
  cv::Scalar second;
};

// The materials, unlit. A class names two as typical of it.
enum class Material {
  kStone,
  kSlate,
  kSand,
  kBrick,
  kSoil,
  kMoss,
  kLeaf,
  kDeepWater,
  kShallowWater,
  kSnow,
  kIce,
  kPlaster,
};

// `main` and `second` are used in kTypicalShare of the images, any material otherwise.
inline constexpr double kTypicalShare = 0.55;
Mood DrawMood(SceneRandom& random, Material main, Material second);

// Any material, mixed with a little of another.
cv::Scalar DrawMaterial(SceneRandom& random);

// `material` as seen at `distance` (0 near, 1 horizon), `shade` times as bright.
cv::Scalar Seen(const Mood& mood, const cv::Scalar& material, double distance, double shade);

cv::Scalar Mix(const cv::Scalar& a, const cv::Scalar& b, double weight_of_b);

}  // namespace qbench::scenes

#endif  // QBENCH_DATASETS_SCENES_DRAW_MOOD_H_
