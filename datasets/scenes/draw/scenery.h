// Things that more than one class shows: skies, ridges, trees, water, cars.
//
// Coordinates are canvas pixels, y downwards. `distance` is 0 near and 1 at the horizon.
//
// The order in which a call's arguments are evaluated is the compiler's choice, that of a braced
// list is not: so that every compiler draws the same, no call has two arguments that draw random
// numbers, and what needs several is a struct, filled in braces.
#ifndef QBENCH_DATASETS_SCENES_DRAW_SCENERY_H_
#define QBENCH_DATASETS_SCENES_DRAW_SCENERY_H_

#include <opencv2/core.hpp>
#include <vector>

#include "datasets/scenes/draw/mood.h"
#include "datasets/scenes/draw/scene_random.h"
#include "datasets/scenes/draw/texture.h"

namespace qbench::scenes {

// Sky over the whole canvas, its gradient ending at `horizon`, with clouds.
void PaintSky(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double horizon);

// Flat ground with grain that coarsens towards the viewer, from `horizon` down.
void PaintGround(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double horizon,
                 const cv::Scalar& material);

// Rock below `line`, lit from the sun's side; `snow` in 0..1 is how far down snow lies.
void PaintRock(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random,
               const std::vector<double>& line, double distance, double snow);

// Water between `top` and `bottom`: waves that grow towards the viewer, glints, foam (0..1).
void PaintWater(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double top, double bottom,
                double foam);

// Where a thing stands: the middle of its foot, its height (trees) or width (cars, boats).
struct Place {
  double x;
  double foot;
  double size;
  double distance = 0.0;
};

void PaintConifer(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const Place& place);

// A broad-leaved tree: trunk and a crown of blobs.
void PaintLeafTree(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const Place& place);

// A car seen from behind or from the side.
void PaintCar(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const Place& place);

void PaintBoat(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const Place& place);

}  // namespace qbench::scenes

#endif  // QBENCH_DATASETS_SCENES_DRAW_SCENERY_H_
