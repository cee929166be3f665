#include "datasets/scenes/draw/finish.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "datasets/scenes/draw/texture.h"

namespace qbench::scenes {
namespace {

// Shares of the images that are made hard; they set the accuracy that a good model reaches.
constexpr double kCloseCrop = 0.1;
constexpr double kOccluded = 0.2;
constexpr double kBlurred = 0.12;
constexpr double kVeiled = 0.1;

const cv::Size kImage(kImageSide, kImageSide);

cv::Mat3b Photograph(const cv::Mat3b& canvas, SceneRandom& random) {
  const bool close = random.Chance(kCloseCrop);
  const double side = kCanvas * (close ? random.Uniform(0.4, 0.6) : random.Uniform(0.72, 0.95));
  const double slack = (kCanvas - side) / 2.0;
  const double angle = random.Normal() * 0.05;
  const double scale = side / kImageSide;
  const double mirror = random.Chance(0.5) ? -1.0 : 1.0;
  const double a = scale * std::cos(angle);
  const double b = scale * std::sin(angle);
  const double half = kImageSide / 2.0;
  const double centre_x = kCanvas / 2.0 + random.Uniform(-slack, slack);
  const double centre_y = kCanvas / 2.0 + random.Uniform(-slack, slack);
  const cv::Matx23d transform(mirror * a, -b, centre_x - (mirror * a - b) * half,  //
                              mirror * b, a, centre_y - (mirror * b + a) * half);
  cv::Mat3b soft;
  cv::GaussianBlur(canvas, soft, {0, 0}, 0.35 * scale);
  cv::Mat3b image;
  cv::warpAffine(soft, image, transform, kImage, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP,
                 cv::BORDER_REFLECT);
  return image;
}

// Something out of focus in front of the lens: a post, a leaf, a railing.
void Occlude(cv::Mat3b& image, const Mood& mood, SceneRandom& random) {
  cv::Mat1b mask = cv::Mat1b::zeros(kImage);
  const cv::Point centre{random.Integer(0, kImageSide), random.Integer(0, kImageSide)};
  const int lean = random.Integer(-15, 15);
  switch (random.Integer(0, 2)) {
    case 0:
      cv::line(mask, centre, {centre.x + lean, kImageSide}, cv::Scalar(255), random.Integer(4, 14));
      break;
    case 1:
      cv::ellipse(mask, centre, {random.Integer(15, 45), random.Integer(10, 40)}, 6.0 * lean, 0,
                  360, cv::Scalar(255), cv::FILLED);
      break;
    default:
      cv::rectangle(mask, {0, kImageSide - random.Integer(10, 45)}, {kImageSide, kImageSide},
                    cv::Scalar(255), cv::FILLED);
      break;
  }
  cv::GaussianBlur(mask, mask, {0, 0}, random.Uniform(0.5, 3.0));
  cv::Mat1f weight;
  mask.convertTo(weight, CV_32F, 1.0 / 255.0);
  const cv::Mat1b all(kImage, static_cast<uchar>(255));
  Blend(image, all, weight, Seen(mood, DrawMaterial(random), 0.0, 0.6));
}

void Snowfall(cv::Mat3b& image, SceneRandom& random) {
  const int flakes = random.Integer(20, 220);
  for (int i = 0; i < flakes; ++i) {
    const cv::Point at{random.Integer(0, kImageSide), random.Integer(0, kImageSide)};
    cv::circle(image, at, random.Chance(0.15) ? 1 : 0, {240, 238, 235}, cv::FILLED, cv::LINE_AA);
  }
}

// Moves each channel's mean and spread towards targets that do not depend on the class, as an
// automatic exposure and a filter do: colour statistics alone must not tell the class.
void Grade(cv::Mat3b& image, const Mood& mood, SceneRandom& random) {
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(image, mean, deviation);
  const bool night = mood.weather == Weather::kNight;
  const double level = night ? random.Uniform(40, 80) : random.Uniform(85, 165);
  const double spread = random.Uniform(28, 60) * (night ? 0.7 : 1.0);
  const double strength = random.Uniform(0.5, 1.0);
  const double warmth = random.Normal() * 14.0;
  const double tint[3] = {-warmth, random.Normal() * 5.0, warmth};
  for (cv::Vec3b& pixel : image) {
    for (int c = 0; c < 3; ++c) {
      const double graded =
          (pixel[c] - mean[c]) / std::max(deviation[c], 8.0) * spread + level + tint[c];
      pixel[c] = cv::saturate_cast<uchar>(pixel[c] * (1.0 - strength) + graded * strength);
    }
  }
}

void AddNoise(cv::Mat3b& image, SceneRandom& random) {
  const double sigma = random.Chance(0.15) ? random.Uniform(4.0, 12.0) : random.Uniform(0.0, 2.5);
  for (cv::Vec3b& pixel : image) {
    const double grey = random.Normal() * sigma;
    for (int c = 0; c < 3; ++c) pixel[c] = cv::saturate_cast<uchar>(pixel[c] + grey);
  }
}

}  // namespace

cv::Mat3b Finish(const cv::Mat3b& canvas, const Mood& mood, SceneRandom& random) {
  cv::Mat3b image = Photograph(canvas, random);
  if (random.Chance(kOccluded)) Occlude(image, mood, random);
  if (mood.weather == Weather::kSnow && random.Chance(0.6)) Snowfall(image, random);
  Grade(image, mood, random);
  if (random.Chance(kVeiled)) {
    const cv::Mat1b all(kImage, static_cast<uchar>(255));
    Blend(image, all, random.Uniform(0.3, 0.75), mood.sky_low);
  }
  if (random.Chance(kBlurred)) cv::GaussianBlur(image, image, {0, 0}, random.Uniform(1.0, 2.6));
  AddNoise(image, random);
  return image;
}

}  // namespace qbench::scenes
