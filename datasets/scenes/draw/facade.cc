#include "datasets/scenes/draw/facade.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "datasets/scenes/draw/texture.h"

namespace qbench::scenes {
namespace {

constexpr int kSide = 128;  // of the flat drawing, before it is put into perspective

struct WindowStyle {
  double width;  // shares of a bay and of a storey
  double height;
  bool frame;
  bool ledge;
  cv::Scalar glass;
};

WindowStyle DrawStyle(const Mood& mood, SceneRandom& random) {
  const bool ribbon = random.Chance(0.25);
  WindowStyle style;
  style.width = ribbon ? 1.0 : random.Uniform(0.35, 0.75);
  style.height = random.Uniform(0.4, 0.75);
  style.frame = random.Chance(0.5);
  style.ledge = random.Chance(0.5);
  style.glass = Mix(mood.sky_high * 0.6, {45, 40, 38}, random.Uniform(0.2, 0.9));
  return style;
}

void PaintWindow(cv::Mat3b& flat, const Mood& mood, SceneRandom& random, const WindowStyle& style,
                 const cv::Rect2d& cell, const cv::Scalar& wall) {
  const double margin_x = cell.width * (1.0 - style.width) / 2.0;
  const double margin_y = cell.height * (1.0 - style.height) / 2.0;
  const cv::Point low = At(cell.x + margin_x, cell.y + margin_y);
  const cv::Point high = At(cell.x + cell.width - margin_x, cell.y + cell.height - margin_y);
  cv::Scalar glass = style.glass * random.Uniform(0.7, 1.3);
  const double lit_share = mood.weather == Weather::kNight ? 0.45 : 0.04;
  if (random.Chance(lit_share)) glass = {120, 200, 240};
  cv::rectangle(flat, low, high, glass, cv::FILLED);
  if (style.frame) cv::rectangle(flat, low, high, wall * 1.35, 1);
  if (style.ledge) cv::line(flat, {low.x - 1, high.y + 1}, {high.x + 1, high.y + 1}, wall * 0.6);
}

}  // namespace

Quad UprightQuad(double left, double top, double right, double bottom) {
  const auto point = [](double x, double y) {
    return cv::Point2f(static_cast<float>(x), static_cast<float>(y));
  };
  return {point(left, top), point(right, top), point(right, bottom), point(left, bottom)};
}

void PaintFacade(cv::Mat3b& canvas, const Mood& mood, SceneRandom& random, const Facade& facade) {
  const auto& [quad, storeys, bays, material, shade] = facade;
  const cv::Scalar wall = Seen(mood, material, 0.15, shade);
  cv::Mat3b flat(kSide, kSide,
                 cv::Vec3b(cv::saturate_cast<uchar>(wall[0]), cv::saturate_cast<uchar>(wall[1]),
                           cv::saturate_cast<uchar>(wall[2])));
  const cv::Mat1b all(kSide, kSide, static_cast<uchar>(255));
  const cv::Mat1f stains = Noise(random, {kSide, kSide}, 5, 5, 4);
  Shade(flat, all, stains, random.Uniform(0.05, 0.3));
  const WindowStyle style = DrawStyle(mood, random);
  const double roof = kSide * 0.04;
  const double storey = (kSide - roof) / storeys;
  const double bay = static_cast<double>(kSide) / bays;
  const bool bands = random.Chance(0.3);
  for (int row = 0; row < storeys; ++row) {
    const double y = roof + row * storey;
    for (int column = 0; column < bays; ++column) {
      PaintWindow(flat, mood, random, style, {column * bay, y, bay, storey}, wall);
    }
    if (bands) cv::line(flat, At(0, y), At(kSide, y), wall * 0.7, 1);
  }
  cv::line(flat, {0, 0}, {kSide, 0}, wall * 0.5, std::max(1, static_cast<int>(roof)));
  if (random.Chance(0.6)) {
    const double x = random.Integer(0, bays - 1) * bay;
    cv::rectangle(flat, At(x + bay * 0.25, kSide - storey * 0.8), At(x + bay * 0.75, kSide),
                  wall * 0.35, cv::FILLED);
  }

  const Quad corners = UprightQuad(0, 0, kSide, kSide);
  const cv::Mat transform = cv::getPerspectiveTransform(corners.data(), quad.data());
  cv::warpPerspective(flat, canvas, transform, canvas.size(), cv::INTER_LINEAR,
                      cv::BORDER_TRANSPARENT);
}

}  // namespace qbench::scenes
