// Sea: open water, a beach with surf, or a rocky coast.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "datasets/scenes/draw/scenery.h"
#include "datasets/scenes/draw/scenes.h"

namespace qbench::scenes {
namespace {

// The path of light that a low sun leaves on the water.
void PaintGlint(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double horizon) {
  const double x = random.Uniform(50, 206);
  const cv::Scalar light = mood.sky_low * 1.25;
  const double up = random.Uniform(5, 60);
  cv::circle(canvas, At(x, horizon - up), random.Integer(4, 10), light, cv::FILLED, cv::LINE_AA);
  const int dashes = random.Integer(30, 80);
  for (int i = 0; i < dashes; ++i) {
    const double near = random.Uniform(0.0, 1.0);
    const double y = horizon + near * (kCanvas - horizon);
    const double at = x + random.Normal() * (4 + 22 * near);
    const double half = 2 + 8 * near;
    cv::line(canvas, At(at - half, y), At(at + half, y), light, 1 + static_cast<int>(2 * near),
             cv::LINE_AA);
  }
}

// Breakers: broken lines of foam that follow the shore.
void PaintSurf(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double horizon) {
  const cv::Scalar foam = Seen(mood, {242, 240, 236}, 0.05, 1.0);
  const int rows = random.Integer(2, 6);
  for (int row = 0; row < rows; ++row) {
    const double near = (row + random.Uniform(0.2, 0.8)) / rows;
    const double middle = horizon + near * near * (kCanvas - horizon);
    const std::vector<double> line = RidgeLine(random, middle, 3 + 8 * near, 0.55);
    double gap = random.Uniform(0, 40);
    for (std::size_t x = 0; x + 2 < line.size(); x += 2) {
      gap -= 2;
      if (gap < -random.Uniform(30, 160)) gap = random.Uniform(5, 30);
      if (gap > 0) continue;
      cv::line(canvas, At(static_cast<double>(x), line[x]),
               At(static_cast<double>(x) + 2, line[x + 2]), foam,
               1 + static_cast<int>(near * random.Uniform(1, 6)), cv::LINE_AA);
    }
  }
}

void PaintBeach(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double horizon) {
  const double left = horizon + random.Uniform(20, 140);
  const double right = horizon + random.Uniform(20, 140);
  std::vector<double> shore = RidgeLine(random, 0, 10, 0.5);
  for (std::size_t x = 0; x < shore.size(); ++x) {
    shore[x] += left + (right - left) * static_cast<double>(x) / kCanvas;
  }
  const Polygon sand = BelowLine(shore);
  Fill(canvas, sand, Seen(mood, mood.second, 0.1, 0.95));
  const cv::Mat1f grain = Noise(random, canvas.size(), 30, 50, 3);
  Shade(canvas, MaskOf(sand), grain, random.Uniform(0.05, 0.25));
  const Polygon edge(sand.begin(), sand.end() - 2);
  cv::polylines(canvas, std::vector<Polygon>{edge}, false, Seen(mood, {242, 240, 236}, 0.05, 1.0),
                random.Integer(2, 6), cv::LINE_AA);
}

// Cliffs that come in from one side and stand in the water.
void PaintCliffs(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double horizon) {
  const cv::Mat3b before = canvas.clone();
  const double height = random.Uniform(25, 90);
  const double reach = random.Uniform(60, 200);
  const bool from_left = random.Chance(0.5);
  std::vector<double> line = RidgeLine(random, 0, 14, 0.6);
  for (std::size_t x = 0; x < line.size(); ++x) {
    const double inland = from_left ? static_cast<double>(x) : kCanvas - static_cast<double>(x);
    const double fall = std::clamp((inland - reach * 0.5) / reach, 0.0, 1.0);
    line[x] += horizon - height + (height + 30) * fall;
  }
  PaintRock(canvas, mood, random, line, 0.3, 0.0);
  const double foot = horizon + random.Uniform(5, 50);
  const int first = std::clamp(static_cast<int>(foot), 0, kCanvas - 1);
  before.rowRange(first, kCanvas).copyTo(canvas.rowRange(first, kCanvas));
}

}  // namespace

void PaintSea(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  const double horizon = random.Uniform(50, 160);
  PaintSky(canvas, mood, random, horizon);
  const double foam = random.Chance(0.5) ? random.Uniform(0.2, 0.8) : 0.0;
  if (random.Chance(0.25)) {
    const std::vector<double> coast = RidgeLine(random, horizon - 10, 18, 0.55);
    PaintRock(canvas, mood, random, coast, 0.9, random.Uniform(0, 0.4));
  }
  PaintWater(canvas, mood, random, horizon, kCanvas, foam);
  if (random.Chance(0.3)) PaintGlint(canvas, mood, random, horizon);
  if (random.Chance(0.5)) PaintSurf(canvas, mood, random, horizon);
  if (random.Chance(0.35)) PaintCliffs(canvas, mood, random, horizon);
  if (random.Chance(0.35)) PaintBeach(canvas, mood, random, horizon);
  if (random.Chance(0.25)) {
    PaintBoat(canvas, mood, random,
              {.x = random.Uniform(30, 220),
               .foot = horizon + random.Uniform(2, 60),
               .size = random.Uniform(5, 22),
               .distance = 0.3});
  }
}

}  // namespace qbench::scenes
