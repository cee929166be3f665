// Street: a road towards a vanishing point between house fronts, with kerbs, markings, lamps, cars.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "datasets/scenes/draw/facade.h"
#include "datasets/scenes/draw/scenery.h"
#include "datasets/scenes/draw/scenes.h"

namespace qbench::scenes {
namespace {

// The camera looks along the road. A point `across` metres right of the road's middle, `up` above
// it and `ahead` away is seen at the vanishing point plus (across, eye height - up) * focal /
// ahead.
struct RoadView {
  double vanish_x;
  double horizon;
  double focal;
  double eye;
  double half_road;

  cv::Point2f See(double across, double up, double ahead) const {
    const double scale = focal / ahead;
    return {static_cast<float>(vanish_x + across * scale),
            static_cast<float>(horizon + (eye - up) * scale)};
  }
};

constexpr double kFar = 60.0;
constexpr double kNear = 1.6;

Polygon Strip(const RoadView& view, double left, double right, double near, double far) {
  return {cv::Point(view.See(left, 0, far)), cv::Point(view.See(right, 0, far)),
          cv::Point(view.See(right, 0, near)), cv::Point(view.See(left, 0, near))};
}

void PaintRoad(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const RoadView& view) {
  const cv::Scalar asphalt = Seen(mood, mood.main, 0.2, random.Uniform(0.55, 0.85));
  const cv::Scalar paint = Seen(mood, {225, 228, 230}, 0.2, 0.9);
  const double half = view.half_road;
  const Polygon road = Strip(view, -half, half, kNear, kFar);
  Fill(canvas, road, asphalt);
  const cv::Mat1f grain = Noise(random, canvas.size(), 30, 60, 2);
  Shade(canvas, MaskOf(road), grain, random.Uniform(0.05, 0.25));
  for (const double side : {-half, half}) {
    Fill(canvas, Strip(view, side - 0.15, side + 0.15, kNear, kFar), paint * 0.8);
  }
  if (random.Chance(0.7)) {
    const double first = random.Uniform(1.6, 4.0);
    for (int dash = 0; first + 6.0 * dash < kFar; ++dash) {
      const double ahead = first + 6.0 * dash;
      Fill(canvas, Strip(view, -0.1, 0.1, ahead, ahead + 3.0), paint);
    }
  }
  if (random.Chance(0.2)) {
    const double ahead = random.Uniform(5.0, 9.0);
    const double first = -half + 0.4;
    for (int bar = 0; first + bar < half - 0.4; ++bar) {
      Fill(canvas, Strip(view, first + bar, first + bar + 0.5, ahead, ahead + 3.0), paint);
    }
  }
}

// One side of the road, from far to near; `density` is the share of plots that are built on.
void PaintSide(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const RoadView& view,
               double side, double density) {
  const double front = side * (view.half_road + random.Uniform(1.5, 3.5));
  const double shade = side * mood.sun_side < 0 ? 1.0 : 0.65;
  double far = kFar;
  while (far > 2.2) {
    const double near = std::max(2.0, far - random.Uniform(6.0, 14.0) * (far > 20 ? 1.5 : 0.8));
    if (random.Chance(density)) {
      const double height = random.Uniform(5.0, 17.0);
      const cv::Scalar wall = Seen(mood, DrawMaterial(random), 0.6, 0.5);
      const cv::Point2f corner = view.See(front, height, far);
      const cv::Point2f foot = view.See(front, 0.0, far);
      cv::rectangle(canvas, corner, cv::Point2f(foot.x + static_cast<float>(side) * 60.0F, foot.y),
                    wall, cv::FILLED);
      Quad quad = {view.See(front, height, far), view.See(front, height, near),
                   view.See(front, 0, near), view.See(front, 0, far)};
      PaintFacade(canvas, mood, random,
                  {.quad = quad,
                   .storeys = std::max(2, static_cast<int>(height / 3.2)),
                   .bays = std::max(2, static_cast<int>((far - near) / 2.5)),
                   .material = DrawMaterial(random),
                   .shade = shade});
    } else {
      const cv::Point2f foot = view.See(front, 0.0, near);
      const double tall = view.focal / near * random.Uniform(4.0, 7.0);
      PaintLeafTree(canvas, mood, random,
                    {.x = static_cast<double>(foot.x),
                     .foot = static_cast<double>(foot.y),
                     .size = std::min(tall, 220.0),
                     .distance = near / kFar});
    }
    far = near;
  }
}

void PaintLamps(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const RoadView& view) {
  const double side = random.Chance(0.5) ? 1.0 : -1.0;
  const double across = side * (view.half_road + 0.6);
  const cv::Scalar iron = Seen(mood, {60, 60, 60}, 0.2, 0.8);
  for (const double ahead : {40.0, 31.0, 22.0, 13.0}) {
    const int thick = std::max(1, static_cast<int>(view.focal / ahead * 0.12));
    const cv::Point2f head = view.See(across - side * 1.2, 6.0, ahead);
    cv::line(canvas, view.See(across, 0, ahead), view.See(across, 6.0, ahead), iron, thick);
    cv::line(canvas, view.See(across, 6.0, ahead), head, iron, thick);
    const cv::Scalar glow = mood.weather == Weather::kNight ? cv::Scalar(150, 220, 250) : iron;
    cv::circle(canvas, head, thick + 1, glow, cv::FILLED, cv::LINE_AA);
  }
}

void PaintTraffic(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const RoadView& view) {
  const int cars = random.Integer(0, 4);
  for (int i = cars; i > 0; --i) {
    const double ahead = 4.0 + 6.0 * i + random.Uniform(0.0, 3.0);
    const double side = random.Chance(0.5) ? 1.0 : -1.0;
    const double lane = side * view.half_road * random.Uniform(0.4, 0.8);
    const cv::Point2f foot = view.See(lane, 0, ahead);
    PaintCar(canvas, mood, random,
             {.x = static_cast<double>(foot.x),
              .foot = static_cast<double>(foot.y),
              .size = view.focal / ahead * 1.8});
  }
  const int walkers = random.Integer(0, 5);
  for (int i = 0; i < walkers; ++i) {
    const double ahead = random.Uniform(4.0, 20.0);
    const double side = random.Chance(0.5) ? 1.0 : -1.0;
    const double across = side * (view.half_road + random.Uniform(-0.5, 1.5));
    const double metre = view.focal / ahead;
    const cv::Scalar coat = Seen(mood, DrawMaterial(random), 0.1, 0.6);
    cv::ellipse(canvas, view.See(across, 0.8, ahead), cv::Size(At(metre * 0.2 + 1, metre * 0.75)),
                0, 0, 360, coat, cv::FILLED, cv::LINE_AA);
    cv::circle(canvas, view.See(across, 1.65, ahead), static_cast<int>(metre * 0.14) + 1,
               coat * 1.3, cv::FILLED, cv::LINE_AA);
  }
}

}  // namespace

void PaintStreet(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  RoadView view = {};
  view.vanish_x = kCanvas * random.Uniform(0.3, 0.7);
  view.horizon = kCanvas * random.Uniform(0.38, 0.62);
  view.focal = random.Uniform(170.0, 260.0);
  view.eye = random.Uniform(1.6, 3.2);
  view.half_road = random.Uniform(2.2, 5.0);
  PaintSky(canvas, mood, random, view.horizon);
  if (random.Chance(0.25)) {
    PaintRock(canvas, mood, random, RidgeLine(random, view.horizon - 20, 25, 0.55), 0.95, 0.2);
  }
  PaintGround(canvas, mood, random, view.horizon, mood.second);
  PaintRoad(canvas, mood, random, view);
  const double density = random.Chance(0.2) ? random.Uniform(0.1, 0.4) : random.Uniform(0.75, 1.0);
  PaintSide(canvas, mood, random, view, -1.0, density);
  PaintSide(canvas, mood, random, view, 1.0, density);
  if (random.Chance(0.6)) PaintLamps(canvas, mood, random, view);
  PaintTraffic(canvas, mood, random, view);
}

}  // namespace qbench::scenes
