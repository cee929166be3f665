// Forest: among trunks, a wall of conifers, or crowns behind a meadow.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "datasets/scenes/draw/scenery.h"
#include "datasets/scenes/draw/scenes.h"

namespace qbench::scenes {
namespace {

void PaintTrunk(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double distance,
                double ground) {
  const double near = 1.0 - distance;
  const double x = random.Uniform(-10, kCanvas + 10);
  const double foot = ground + near * near * (kCanvas - ground) * 0.9;
  const double half = 1.0 + near * near * random.Uniform(4.0, 11.0);
  const double lean = random.Uniform(-0.08, 0.08) * kCanvas;
  const cv::Scalar bark = Seen(mood, mood.second, distance, random.Uniform(0.35, 0.65));
  Fill(canvas,
       {At(x - half * 1.5, foot), At(x - half * 0.7 + lean, -5), At(x + half * 0.7 + lean, -5),
        At(x + half * 1.5, foot)},
       bark);
  const double edge = half * 0.5 * mood.sun_side;
  cv::line(canvas, At(x + edge, foot), At(x + edge * 0.5 + lean, -5), bark * 1.45,
           std::max(1, static_cast<int>(half * 0.4)), cv::LINE_AA);
  const int branches = random.Integer(0, 3);
  for (int i = 0; i < branches; ++i) {
    const double y = foot * random.Uniform(0.1, 0.7);
    const double reach = random.Uniform(-1.0, 1.0) * (15.0 + 50.0 * near);
    const double at = x + lean * (1.0 - y / foot);
    cv::line(canvas, At(at, y), At(at + reach, y - std::abs(reach) * 0.5), bark,
             std::max(1, static_cast<int>(half * 0.4)), cv::LINE_AA);
  }
}

void PaintLeaves(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double distance,
                 double bottom) {
  const cv::Scalar leaf = Seen(mood, mood.main, distance, random.Uniform(0.5, 0.95));
  cv::Mat1f cover = Noise(random, canvas.size(), 9, 9, 4);
  for (int y = 0; y < kCanvas; ++y) {
    const double here = 0.25 - 0.9 * std::max(0.0, y - bottom * 0.3) / bottom;
    cover.row(y) += here;
  }
  Blend(canvas, Everywhere(), cover * 5.0, leaf);
}

void PaintInside(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  const double ground = random.Uniform(130, 190);
  PaintSky(canvas, mood, random, ground);
  Blend(canvas, Everywhere(), random.Uniform(0.2, 0.8), Seen(mood, mood.main, 0.9, 0.7));
  PaintGround(canvas, mood, random, ground, Mix(mood.main, mood.second, 0.5));
  if (random.Chance(0.25)) {
    const double x = random.Uniform(80, 176);
    Fill(canvas, {At(x - 3, ground), At(x + 3, ground), At(x + 50, kCanvas), At(x - 50, kCanvas)},
         Seen(mood, mood.second, 0.2, 0.95));
  }
  const int trunks = random.Integer(14, 40);
  for (int i = 0; i < trunks; ++i) {
    const double distance = 1.0 - static_cast<double>(i) / trunks;
    PaintTrunk(canvas, mood, random, distance, ground);
    if (i % 8 == 3) PaintLeaves(canvas, mood, random, distance, ground);
  }
  if (random.Chance(0.6)) PaintLeaves(canvas, mood, random, 0.05, ground * 0.7);
}

void PaintConiferWall(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  const double top = random.Uniform(20, 110);
  PaintSky(canvas, mood, random, top + 60);
  if (random.Chance(0.3)) {
    const double snow = random.Uniform(0, 0.5);
    PaintRock(canvas, mood, random, RidgeLine(random, top, 40, 0.55), 0.9, snow);
  }
  PaintGround(canvas, mood, random, top + 60, mood.second);
  const int rows = random.Integer(3, 6);
  for (int row = 0; row < rows; ++row) {
    const double near = (row + 1.0) / rows;
    const double foot = top + 60 + (kCanvas + 10 - top - 60) * near;
    const double height = 45 + 110 * near;
    double x = random.Uniform(-20, 0);
    while (x < kCanvas + 20) {
      PaintConifer(canvas, mood, random,
                   {.x = x,
                    .foot = foot + random.Uniform(-8, 8),
                    .size = height * random.Uniform(0.7, 1.2),
                    .distance = 1.0 - near});
      x += height * random.Uniform(0.15, 0.4);
    }
  }
}

void PaintCrowns(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  const double ground = random.Uniform(150, 230);
  PaintSky(canvas, mood, random, ground);
  PaintGround(canvas, mood, random, ground, Mix(mood.main, mood.second, random.Uniform(0, 1)));
  const int trees = random.Integer(10, 24);
  for (int i = 0; i < trees; ++i) {
    const double near = static_cast<double>(i) / trees;
    PaintLeafTree(canvas, mood, random,
                  {.x = random.Uniform(-10, kCanvas + 10),
                   .foot = ground + near * 30,
                   .size = random.Uniform(90, 140) + 70 * near,
                   .distance = 0.7 * (1.0 - near)});
  }
}

}  // namespace

void PaintForest(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  switch (random.Weighted({0.45, 0.3, 0.25})) {
    case 0:
      PaintInside(canvas, mood, random);
      break;
    case 1:
      PaintConiferWall(canvas, mood, random);
      break;
    default:
      PaintCrowns(canvas, mood, random);
      break;
  }
}

}  // namespace qbench::scenes
