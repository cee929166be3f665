// Buildings: fronts that fill the frame, a skyline, or a house with a pitched roof.
#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "datasets/scenes/draw/facade.h"
#include "datasets/scenes/draw/scenery.h"
#include "datasets/scenes/draw/scenes.h"

namespace qbench::scenes {
namespace {

void PaintPlants(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double ground) {
  const int plants = random.Integer(0, 3);
  for (int i = 0; i < plants; ++i) {
    PaintLeafTree(canvas, mood, random,
                  {.x = random.Uniform(0, kCanvas),
                   .foot = ground + random.Uniform(4, 20),
                   .size = random.Uniform(30, 110),
                   .distance = 0.1});
  }
}

// One or two towers from below: their sides converge upwards.
void PaintTowers(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  PaintSky(canvas, mood, random, kCanvas);
  const int towers = random.Integer(1, 3);
  for (int i = 0; i < towers; ++i) {
    const double left = random.Uniform(-30, 130);
    const double right = left + random.Uniform(70, 170);
    const double top = random.Uniform(-60, 70);
    const double lean = random.Uniform(0.0, 0.5);
    const double centre = kCanvas * random.Uniform(0.35, 0.65);
    Quad quad = UprightQuad(left, top, right, kCanvas + 10);
    quad[0].x += static_cast<float>((centre - left) * lean);
    quad[1].x += static_cast<float>((centre - right) * lean);
    const double drop = random.Uniform(-40, 40);
    quad[1].y += static_cast<float>(drop);
    quad[2].y += static_cast<float>(std::abs(drop) * 0.3);
    PaintFacade(canvas, mood, random,
                {.quad = quad,
                 .storeys = random.Integer(5, 16),
                 .bays = random.Integer(3, 9),
                 .material = DrawMaterial(random),
                 .shade = random.Uniform(0.6, 1.05)});
  }
}

void PaintSkyline(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  const double ground = random.Uniform(170, 235);
  PaintSky(canvas, mood, random, ground);
  if (random.Chance(0.35)) {
    PaintWater(canvas, mood, random, ground, kCanvas, 0.0);
  } else {
    PaintGround(canvas, mood, random, ground, mood.second);
  }
  const int count = random.Integer(5, 12);
  for (int i = 0; i < count; ++i) {
    const double width = random.Uniform(25, 70);
    const double left = random.Uniform(-20, kCanvas - 20);
    const double height = random.Uniform(40, 180) * (0.4 + 0.6 * i / count);
    const Quad quad = UprightQuad(left, ground - height, left + width, ground + i);
    PaintFacade(canvas, mood, random,
                {.quad = quad,
                 .storeys = std::max(3, static_cast<int>(height / 14)),
                 .bays = std::max(2, static_cast<int>(width / 10)),
                 .material = DrawMaterial(random),
                 .shade = random.Uniform(0.6, 1.0)});
  }
  PaintPlants(canvas, mood, random, ground);
}

void PaintHouses(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  const double ground = random.Uniform(185, 225);
  PaintSky(canvas, mood, random, ground);
  if (random.Chance(0.3)) {
    PaintRock(canvas, mood, random, RidgeLine(random, 120, 40, 0.55), 0.9, 0.2);
  }
  PaintGround(canvas, mood, random, ground, mood.second);
  double left = random.Uniform(-40, 60);
  const int houses = random.Integer(1, 3);
  for (int i = 0; i < houses; ++i) {
    const double width = random.Uniform(70, 150);
    const double height = random.Uniform(45, 110);
    const double roof = random.Uniform(20, 55);
    const double top = ground - height;
    PaintFacade(canvas, mood, random,
                {.quad = UprightQuad(left, top, left + width, ground + 4),
                 .storeys = random.Integer(1, 3),
                 .bays = random.Integer(2, 5),
                 .material = DrawMaterial(random),
                 .shade = random.Uniform(0.75, 1.05)});
    const cv::Scalar tiles = Seen(mood, DrawMaterial(random), 0.1, 0.6);
    const double inset = random.Uniform(0.1, 0.5) * width;
    Fill(canvas,
         {At(left - 6, top), At(left + inset, top - roof), At(left + width - inset, top - roof),
          At(left + width + 6, top)},
         tiles);
    left += width + random.Uniform(-10, 30);
  }
  if (random.Chance(0.3)) {
    PaintCar(canvas, mood, random,
             {.x = random.Uniform(30, 220), .foot = ground + 24, .size = random.Uniform(35, 60)});
  }
  PaintPlants(canvas, mood, random, ground);
}

}  // namespace

void PaintBuildings(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  switch (random.Weighted({0.4, 0.3, 0.3})) {
    case 0:
      PaintTowers(canvas, mood, random);
      break;
    case 1:
      PaintSkyline(canvas, mood, random);
      break;
    default:
      PaintHouses(canvas, mood, random);
      break;
  }
}

}  // namespace qbench::scenes
