#include "datasets/scenes/draw/scenery.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace qbench::scenes {
namespace {

const cv::Size kWhole(kCanvas, kCanvas);

cv::Mat1b RowsFrom(double top, double bottom) {
  cv::Mat1b mask = cv::Mat1b::zeros(kCanvas, kCanvas);
  const int first = std::clamp(static_cast<int>(top), 0, kCanvas);
  const int last = std::clamp(static_cast<int>(bottom), first, kCanvas);
  mask.rowRange(first, last).setTo(255);
  return mask;
}

// A texture whose grain is fine at `top` and coarse at `bottom`, as on a plane seen at a slant:
// row y of the result is row 1 / (y - top + 1) of the noise, spread around `centre`.
cv::Mat1f PlaneNoise(SceneRandom& random, double top, double bottom, double stretch) {
  const cv::Mat1f flat = Noise(random, cv::Size(512, 512), 40.0, 40.0 * stretch, 2);
  cv::Mat1f map_x(kWhole);
  cv::Mat1f map_y(kWhole);
  const double depth = std::max(bottom - top, 8.0);
  for (int y = 0; y < kCanvas; ++y) {
    const double below = std::max(y - top, 0.0) / depth;
    const double inverse = 1.0 / (below + 0.12);
    for (int x = 0; x < kCanvas; ++x) {
      map_x(y, x) = static_cast<float>(256.0 + (x - kCanvas / 2.0) * inverse * 0.45);
      map_y(y, x) = static_cast<float>(500.0 - inverse * 58.0);
    }
  }
  cv::Mat1f plane;
  cv::remap(flat, plane, map_x, map_y, cv::INTER_LINEAR, cv::BORDER_REFLECT);
  return plane;
}

}  // namespace

void PaintSky(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double horizon) {
  for (int y = 0; y < kCanvas; ++y) {
    const double t = std::clamp(y / std::max(horizon, 1.0), 0.0, 1.0);
    const cv::Scalar colour = Mix(mood.sky_high, mood.sky_low, t * t);
    canvas.row(y).setTo(colour);
  }
  const double cover = random.Uniform(-0.5, 0.35);
  const double cells = random.Uniform(2.0, 4.0);
  const cv::Mat1f clouds = Noise(random, kWhole, cells, 6.0, 4) + cover;
  const double opacity = random.Uniform(0.4, 1.2);
  const cv::Scalar colour = mood.sky_low * random.Uniform(0.7, 1.15);
  Blend(canvas, Everywhere(), clouds * opacity, colour);
}

void PaintGround(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double horizon,
                 const cv::Scalar& material) {
  const cv::Mat1b mask = RowsFrom(horizon, kCanvas);
  for (int y = std::max(0, static_cast<int>(horizon)); y < kCanvas; ++y) {
    const double distance = 1.0 - (y - horizon) / (kCanvas - horizon + 1.0);
    canvas.row(y).setTo(Seen(mood, material, distance * distance, 0.9));
  }
  const cv::Mat1f grain = PlaneNoise(random, horizon, kCanvas, 1.0);
  Shade(canvas, mask, grain, random.Uniform(0.15, 0.4));
}

void PaintRock(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random,
               const std::vector<double>& line, double distance, double snow) {
  const Polygon outline = BelowLine(line);
  const cv::Mat1b mask = MaskOf(outline);
  Fill(canvas, outline, Seen(mood, mood.main, distance, 0.8));
  const double cells = random.Uniform(3.0, 6.0);
  const cv::Mat1f height = RidgedNoise(random, kWhole, cells, 5);
  cv::Mat1f slope_x;
  cv::Mat1f slope_y;
  cv::Sobel(height, slope_x, CV_32F, 1, 0, 3);
  cv::Sobel(height, slope_y, CV_32F, 0, 1, 3);
  const cv::Mat1f lit = slope_x * mood.sun_side + slope_y * 0.5;
  const double contrast = (1.0 - 0.8 * mood.haze * distance) * random.Uniform(0.5, 0.9);
  if (snow > 0.0) {
    cv::Mat1f cover(kWhole);
    const double reach = snow * kCanvas * 0.6;
    for (int y = 0; y < kCanvas; ++y) {
      for (int x = 0; x < kCanvas; ++x) {
        const double depth = (y - line[static_cast<std::size_t>(x)]) / reach;
        const double wind = 0.5 * static_cast<double>(height(y, x));
        cover(y, x) = static_cast<float>((1.0 - depth - wind) * 4.0);
      }
    }
    Blend(canvas, mask, cover, Seen(mood, {238, 230, 222}, distance, 1.0));
  }
  Shade(canvas, mask, lit, contrast);
}

void PaintWater(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, double top, double bottom,
                double foam) {
  const cv::Mat1b mask = RowsFrom(top, bottom);
  for (int y = std::max(0, static_cast<int>(top));
       y < std::min<int>(kCanvas, static_cast<int>(bottom)); ++y) {
    const double distance = 1.0 - (y - top) / (kCanvas - top + 1.0);
    const cv::Scalar water = Seen(mood, mood.main, 0.5 * distance, 0.75);
    canvas.row(y).setTo(Mix(water, mood.sky_low, 0.35 * distance * distance));
  }
  const double stretch = random.Uniform(3.0, 5.0);
  const cv::Mat1f waves = PlaneNoise(random, top, kCanvas, stretch);
  Shade(canvas, mask, waves, random.Uniform(0.15, 0.5));
  if (foam > 0.0) {
    const cv::Mat1f crests = PlaneNoise(random, top, kCanvas, 3.5);
    Blend(canvas, mask, (crests - (1.0 - 0.8 * foam)) * 5.0, Seen(mood, {240, 238, 235}, 0.0, 1.0));
  }
}

void PaintConifer(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const Place& place) {
  const auto [x, foot, height, distance] = place;
  const cv::Scalar dark = Seen(mood, mood.main, distance, random.Uniform(0.35, 0.6));
  const cv::Scalar trunk = Seen(mood, mood.second, distance, 0.35);
  const double half = height * random.Uniform(0.16, 0.26);
  cv::rectangle(canvas, At(x - height * 0.02 - 0.5, foot - height * 0.2),
                At(x + height * 0.02 + 0.5, foot), trunk, cv::FILLED);
  const int tiers = std::max(3, static_cast<int>(height / 12.0));
  for (int tier = tiers - 1; tier >= 0; --tier) {
    const double top = foot - height + height * 0.85 * tier / tiers;
    const double low = foot - height + height * 0.92 * (tier + 1.6) / (tiers + 0.6);
    const double reach = half * (tier + 1.0) / tiers * random.Uniform(0.85, 1.15);
    const cv::Scalar shade = dark * random.Uniform(0.8, 1.25);
    Fill(canvas, {At(x, top), At(x + reach, low), At(x, low - height * 0.03), At(x - reach, low)},
         shade);
  }
  if (mood.weather == Weather::kSnow) {
    Fill(canvas,
         {At(x, foot - height), At(x + half * 0.4, foot - height * 0.72),
          At(x - half * 0.4, foot - height * 0.72)},
         Seen(mood, {238, 230, 222}, distance, 0.95));
  }
}

void PaintLeafTree(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const Place& place) {
  const auto [x, foot, height, distance] = place;
  const cv::Scalar trunk = Seen(mood, mood.second, distance, 0.4);
  const cv::Scalar leaf = Seen(mood, mood.main, distance, 0.7);
  const double thick = std::max(1.0, height * 0.05);
  Fill(canvas,
       {At(x - thick, foot), At(x - thick * 0.5, foot - height * 0.6),
        At(x + thick * 0.5, foot - height * 0.6), At(x + thick, foot)},
       trunk);
  const int blobs = 14 + static_cast<int>(height / 6.0);
  for (int i = 0; i < blobs; ++i) {
    const double angle = random.Uniform(0.0, 6.283);
    const double reach = std::sqrt(random.Uniform(0.0, 1.0)) * height * 0.27;
    const double size = height * random.Uniform(0.04, 0.1);
    const double bx = x + reach * std::cos(angle);
    const double by = foot - height * 0.68 + reach * std::sin(angle);
    const double lit = 1.0 + 0.3 * mood.sun_side * std::cos(angle) - 0.3 * std::sin(angle);
    const double turn = random.Uniform(0.0, 180.0);
    const cv::Scalar colour = leaf * (lit * random.Uniform(0.7, 1.1));
    cv::ellipse(canvas, At(bx, by), cv::Size(At(size + 1.0, size * 0.75 + 1.0)), turn, 0, 360,
                colour, cv::FILLED, cv::LINE_AA);
  }
}

void PaintCar(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const Place& place) {
  const auto [x, foot, width, distance] = place;
  const cv::Scalar body = Seen(mood, DrawMaterial(random), distance, 0.85);
  const double h = width * random.Uniform(0.4, 0.7);
  const double w = width / 2.0;
  Fill(canvas,
       {At(x - w * 0.7, foot - h), At(x + w * 0.7, foot - h), At(x + w, foot - h * 0.5),
        At(x + w, foot - h * 0.12), At(x - w, foot - h * 0.12), At(x - w, foot - h * 0.5)},
       body);
  Fill(canvas,
       {At(x - w * 0.6, foot - h * 0.92), At(x + w * 0.6, foot - h * 0.92),
        At(x + w * 0.8, foot - h * 0.52), At(x - w * 0.8, foot - h * 0.52)},
       body * 0.35);
  const int wheel = std::max(1, static_cast<int>(width * 0.09));
  cv::circle(canvas, At(x - w * 0.65, foot - wheel), wheel, {25, 25, 25}, cv::FILLED, cv::LINE_AA);
  cv::circle(canvas, At(x + w * 0.65, foot - wheel), wheel, {25, 25, 25}, cv::FILLED, cv::LINE_AA);
}

void PaintBoat(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const Place& place) {
  const auto [x, foot, size, distance] = place;
  const cv::Scalar hull = Seen(mood, DrawMaterial(random), distance, 0.7);
  Fill(canvas,
       {At(x - size, foot - size * 0.35), At(x + size, foot - size * 0.35),
        At(x + size * 0.7, foot), At(x - size * 0.7, foot)},
       hull);
  if (random.Chance(0.6)) {
    Fill(canvas,
         {At(x, foot - size * 0.4), At(x, foot - size * 2.4), At(x + size, foot - size * 0.4)},
         Seen(mood, {230, 232, 235}, distance, 0.95));
  } else {
    cv::rectangle(canvas, At(x - size * 0.3, foot - size * 0.8),
                  At(x + size * 0.4, foot - size * 0.3), hull * 1.5, cv::FILLED);
  }
}

}  // namespace qbench::scenes
