#include "datasets/scenes/draw/texture.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace qbench::scenes {

cv::Point At(double x, double y) {
  return {static_cast<int>(std::lround(x)), static_cast<int>(std::lround(y))};
}

cv::Mat1f Noise(SceneRandom& random, cv::Size size, double cells_x, double cells_y, int octaves) {
  cv::Mat1f sum = cv::Mat1f::zeros(size);
  double amplitude = 0.6;
  for (int octave = 0; octave < octaves; ++octave) {
    const int columns = std::clamp(static_cast<int>(cells_x) + 1, 2, size.width);
    const int rows = std::clamp(static_cast<int>(cells_y) + 1, 2, size.height);
    cv::Mat1f lattice(rows, columns);
    for (float& value : lattice) value = static_cast<float>(random.Uniform(-1.0, 1.0));
    cv::Mat1f smooth;
    cv::resize(lattice, smooth, size, 0, 0, cv::INTER_CUBIC);
    sum += smooth * amplitude;
    amplitude *= 0.55;
    cells_x *= 2.0;
    cells_y *= 2.0;
  }
  return sum;
}

cv::Mat1f RidgedNoise(SceneRandom& random, cv::Size size, double cells, int octaves) {
  const cv::Mat1f noise = Noise(random, size, cells, cells, octaves);
  return 1.0 - cv::abs(noise) * 2.0;
}

std::vector<double> RidgeLine(SceneRandom& random, double middle, double height, double roughness) {
  std::vector<double> line(kCanvas + 1, middle);
  line.front() += random.Uniform(-0.5, 0.5) * height;
  line.back() += random.Uniform(-0.5, 0.5) * height;
  for (std::size_t step = kCanvas; step > 1; step /= 2) {
    for (std::size_t left = 0; left < kCanvas; left += step) {
      const double mean = (line[left] + line[left + step]) / 2.0;
      line[left + step / 2] = mean + random.Uniform(-1.0, 1.0) * height;
    }
    height *= roughness;
  }
  return line;
}

Polygon BelowLine(const std::vector<double>& line) {
  Polygon polygon;
  for (std::size_t x = 0; x < line.size(); ++x) {
    polygon.push_back(At(static_cast<double>(x), line[x]));
  }
  polygon.push_back(At(kCanvas, kCanvas));
  polygon.push_back(At(0, kCanvas));
  return polygon;
}

cv::Mat1b MaskOf(const Polygon& polygon) {
  cv::Mat1b mask = cv::Mat1b::zeros(kCanvas, kCanvas);
  cv::fillPoly(mask, std::vector<Polygon>{polygon}, cv::Scalar(255), cv::LINE_8);
  return mask;
}

void Fill(cv::Mat3b& canvas, const Polygon& polygon, const cv::Scalar& colour) {
  cv::fillPoly(canvas, std::vector<Polygon>{polygon}, colour, cv::LINE_AA);
}

void Shade(cv::Mat3b& canvas, const cv::Mat1b& mask, const cv::Mat1f& texture, double amount) {
  for (int y = 0; y < canvas.rows; ++y) {
    for (int x = 0; x < canvas.cols; ++x) {
      if (mask(y, x) == 0) continue;
      const double factor = 1.0 + amount * static_cast<double>(texture(y, x));
      for (int c = 0; c < 3; ++c) {
        canvas(y, x)[c] = cv::saturate_cast<uchar>(canvas(y, x)[c] * factor);
      }
    }
  }
}

void Blend(cv::Mat3b& canvas, const cv::Mat1b& mask, const cv::Mat1f& weight,
           const cv::Scalar& colour) {
  for (int y = 0; y < canvas.rows; ++y) {
    for (int x = 0; x < canvas.cols; ++x) {
      if (mask(y, x) == 0) continue;
      const double w = std::clamp(static_cast<double>(weight(y, x)), 0.0, 1.0);
      for (int c = 0; c < 3; ++c) {
        const double value = canvas(y, x)[c] * (1.0 - w) + colour[c] * w;
        canvas(y, x)[c] = cv::saturate_cast<uchar>(value);
      }
    }
  }
}

void Blend(cv::Mat3b& canvas, const cv::Mat1b& mask, double weight, const cv::Scalar& colour) {
  Blend(canvas, mask, cv::Mat1f(canvas.size(), static_cast<float>(weight)), colour);
}

cv::Mat1b Everywhere() {
  cv::Mat1b mask(kCanvas, kCanvas);
  mask.setTo(255);
  return mask;
}

}  // namespace qbench::scenes
