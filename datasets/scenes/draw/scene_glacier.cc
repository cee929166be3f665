// Glacier: an ice front over water, a crevassed ice field, or a tongue of ice between slopes.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "datasets/scenes/draw/scenery.h"
#include "datasets/scenes/draw/scenes.h"

namespace qbench::scenes {
namespace {

cv::Scalar DrawIce(SceneRandom& random) {
  const cv::Scalar clean = Mix({236, 230, 222}, {225, 195, 150}, random.Uniform(0.0, 1.0));
  const cv::Scalar dirt = DrawMaterial(random);
  return Mix(clean, dirt, random.Uniform(0.0, 0.45));
}

// Cracks across the ice inside `mask`: wandering lines, dark on one side and bright on the other,
// closer together towards the horizon.
void PaintCrevasses(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const cv::Mat1b& mask,
                    double horizon) {
  cv::Mat3b cracked = canvas.clone();
  const cv::Scalar deep = Seen(mood, {150, 105, 60}, 0.1, random.Uniform(0.5, 0.9));
  const cv::Scalar lip = Seen(mood, {245, 240, 235}, 0.1, 1.0);
  const double tilt = random.Uniform(-0.5, 0.5);
  const int cracks = random.Integer(14, 36);
  for (int i = 0; i < cracks; ++i) {
    const double near = std::pow(random.Uniform(0.0, 1.0), 1.3);
    double x = random.Uniform(-60, kCanvas);
    double y = horizon + near * (kCanvas - horizon);
    const int thick = 1 + static_cast<int>(near * 4.0);
    const double step = 6.0 + 8.0 * near;
    const int length = random.Integer(3, 14);
    for (int k = 0; k < length; ++k) {
      const double next_x = x + step;
      const double next_y = y + step * tilt + random.Uniform(-0.45, 0.45) * step;
      cv::line(cracked, At(x, y + thick), At(next_x, next_y + thick), lip, 1, cv::LINE_AA);
      cv::line(cracked, At(x, y), At(next_x, next_y), deep, thick, cv::LINE_AA);
      x = next_x;
      y = next_y;
    }
  }
  cracked.copyTo(canvas, mask);
}

void PaintBackdrop(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double horizon) {
  PaintSky(canvas, mood, random, horizon);
  if (random.Chance(0.75)) {
    const double snow = random.Uniform(0.0, 0.8);
    const double middle = horizon - random.Uniform(15, 50);
    const double height = random.Uniform(20, 45);
    PaintRock(canvas, mood, random, RidgeLine(random, middle, height, 0.55), 0.8, snow);
  }
}

// A broken wall of ice that stands in water.
void PaintFront(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  const double water = random.Uniform(130, 215);
  const double height = random.Uniform(30, 95);
  PaintBackdrop(canvas, mood, random, water - height * 0.7);
  std::vector<double> edge = RidgeLine(random, water - height, height * 0.25, 0.7);
  const cv::Mat1b ice = MaskOf(BelowLine(edge));
  Fill(canvas, BelowLine(edge), Seen(mood, DrawIce(random), 0.2, 0.95));
  const cv::Mat1f streaks = Noise(random, canvas.size(), 45, 4, 3);
  Shade(canvas, ice, streaks, random.Uniform(0.2, 0.5));
  const cv::Scalar deep = Seen(mood, {150, 105, 60}, 0.2, random.Uniform(0.5, 1.0));
  const int splits = random.Integer(10, 30);
  for (int i = 0; i < splits; ++i) {
    const double x = random.Uniform(0, kCanvas);
    const double from = edge[static_cast<std::size_t>(x)];
    const double lean = random.Uniform(-8, 8);
    const double length = random.Uniform(0.3, 1.0) * height;
    cv::line(canvas, At(x, from), At(x + lean, from + length), deep, random.Integer(1, 3),
             cv::LINE_AA);
  }
  PaintWater(canvas, mood, random, water, kCanvas, 0.0);
  const int floes = random.Integer(0, 14);
  for (int i = 0; i < floes; ++i) {
    const double near = random.Uniform(0.0, 1.0);
    const double x = random.Uniform(0, kCanvas);
    const double y = water + near * (kCanvas - water);
    const double size = 4 + 18 * near * random.Uniform(0.4, 1.0);
    const double peak = size * random.Uniform(0.3, 0.9);
    const cv::Scalar floe = DrawIce(random);
    Fill(canvas,
         {At(x - size, y), At(x - size * 0.4, y - peak), At(x + size * 0.5, y - size * 0.5),
          At(x + size, y)},
         Seen(mood, floe, 0.1, random.Uniform(0.8, 1.0)));
  }
}

void PaintField(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  const double horizon = random.Uniform(60, 150);
  PaintBackdrop(canvas, mood, random, horizon);
  const std::vector<double> edge = RidgeLine(random, horizon, 12, 0.6);
  const cv::Mat1b ice = MaskOf(BelowLine(edge));
  Fill(canvas, BelowLine(edge), Seen(mood, DrawIce(random), 0.15, 0.95));
  const cv::Mat1f dirt = Noise(random, canvas.size(), 6, 12, 5);
  Shade(canvas, ice, dirt, random.Uniform(0.15, 0.4));
  PaintCrevasses(canvas, mood, random, ice, horizon);
}

// Ice that flows towards the viewer between two dark slopes, with moraine along the flow.
void PaintTongue(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  const double horizon = random.Uniform(70, 130);
  PaintBackdrop(canvas, mood, random, horizon);
  const std::vector<double> slopes = RidgeLine(random, horizon - 10, 30, 0.6);
  PaintRock(canvas, mood, random, slopes, 0.4, random.Uniform(0, 0.4));
  const double source = random.Uniform(90, 166);
  const double bend = random.Uniform(-40, 40);
  const auto edge = [&](double t, double side) {
    const double width = 12 + 110 * t * t;
    return At(source + bend * t * (1 - t) * 4 + side * width,
              horizon + 4 + t * (kCanvas + 20 - horizon));
  };
  Polygon outline;
  for (int i = 0; i <= 20; ++i) outline.push_back(edge(i / 20.0, -1.0));
  for (int i = 20; i >= 0; --i) outline.push_back(edge(i / 20.0, 1.0));
  const cv::Mat1b ice = MaskOf(outline);
  Fill(canvas, outline, Seen(mood, DrawIce(random), 0.2, 0.95));
  const cv::Mat1f flow = Noise(random, canvas.size(), 8, 24, 4);
  Shade(canvas, ice, flow, random.Uniform(0.2, 0.45));
  const cv::Scalar moraine = Seen(mood, mood.second, 0.2, 0.6);
  const int bands = random.Integer(1, 4);
  for (int band = 0; band < bands; ++band) {
    const double side = random.Uniform(-0.7, 0.7);
    for (int i = 0; i < 20; ++i) {
      cv::line(canvas, edge(i / 20.0, side), edge((i + 1) / 20.0, side), moraine, 1 + i / 6,
               cv::LINE_AA);
    }
  }
  if (random.Chance(0.7)) PaintCrevasses(canvas, mood, random, ice, horizon);
}

}  // namespace

void PaintGlacier(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  switch (random.Weighted({0.4, 0.35, 0.25})) {
    case 0:
      PaintFront(canvas, mood, random);
      break;
    case 1:
      PaintField(canvas, mood, random);
      break;
    default:
      PaintTongue(canvas, mood, random);
      break;
  }
}

}  // namespace qbench::scenes
