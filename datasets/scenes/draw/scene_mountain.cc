// Mountain: ridges one behind another, with or without snow, over a valley, a lake or trees.
#include <opencv2/imgproc.hpp>

#include "datasets/scenes/draw/scenery.h"
#include "datasets/scenes/draw/scenes.h"

namespace qbench::scenes {
namespace {

void PaintTreeLine(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double base) {
  double x = -10;
  while (x < kCanvas + 10) {
    PaintConifer(canvas, mood, random,
                 {.x = x,
                  .foot = base + random.Uniform(0, 40),
                  .size = random.Uniform(20, 70),
                  .distance = 0.3});
    x += random.Uniform(8, 40);
  }
}

}  // namespace

void PaintMountain(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  const double base = random.Uniform(150, 230);
  PaintSky(canvas, mood, random, base);
  const int ridges = random.Integer(1, 4);
  const double top = random.Uniform(50, 110);
  const double snow = random.Chance(0.55) ? random.Uniform(0.15, 0.9) : 0.0;
  for (int i = 0; i < ridges; ++i) {
    const double near = (i + 1.0) / (ridges + 1.0);
    const double middle = top + (base - top) * (near - 0.3);
    const double height = random.Uniform(35, 75) * (1.15 - 0.5 * near);
    PaintRock(canvas, mood, random, RidgeLine(random, middle, height, 0.55), 1.0 - near,
              snow * (1.0 - near));
  }
  switch (random.Weighted({0.35, 0.2, 0.25, 0.2})) {
    case 0:
      PaintGround(canvas, mood, random, base, mood.second);
      break;
    case 1:
      PaintWater(canvas, mood, random, base, kCanvas, 0.0);
      break;
    case 2:
      PaintGround(canvas, mood, random, base, mood.second);
      PaintTreeLine(canvas, mood, random, base);
      break;
    default:
      PaintRock(canvas, mood, random, RidgeLine(random, base - 10, 25, 0.6), 0.05, snow * 0.4);
      break;
  }
}

}  // namespace qbench::scenes
