// Noise and the ways of putting it on a canvas.
//
// A canvas is a square cv::Mat3b (BGR). Scenes are drawn on kCanvas pixels a side; finish.h crops,
// turns and shrinks that to the size of the data set.
#ifndef QBENCH_DATASETS_SCENES_DRAW_TEXTURE_H_
#define QBENCH_DATASETS_SCENES_DRAW_TEXTURE_H_

#include <opencv2/core.hpp>
#include <vector>

#include "datasets/scenes/draw/scene_random.h"

namespace qbench::scenes {

inline constexpr int kCanvas = 256;

using Polygon = std::vector<cv::Point>;

cv::Point At(double x, double y);

// Fractal value noise in about [-1, 1]: `cells_x` by `cells_y` random values across `size`,
// smoothly interpolated, and `octaves` of it, each with half the cell and 0.55 of the amplitude.
cv::Mat1f Noise(SceneRandom& random, cv::Size size, double cells_x, double cells_y, int octaves);

// 1 - |noise|, the sharp crests of rock and ice, in about [0, 1].
cv::Mat1f RidgedNoise(SceneRandom& random, cv::Size size, double cells, int octaves);

// A line from the left to the right edge at `middle`, by midpoint displacement: kCanvas + 1
// heights, whose first displacement is `height` and shrinks by `roughness` at each halving.
std::vector<double> RidgeLine(SceneRandom& random, double middle, double height, double roughness);

// The region below a line, to the lower edge of the canvas.
Polygon BelowLine(const std::vector<double>& line);

cv::Mat1b MaskOf(const Polygon& polygon);

// Fills a polygon with one colour, its edges smoothed.
void Fill(cv::Mat3b& canvas, const Polygon& polygon, const cv::Scalar& colour);

// Within `mask`, multiplies the canvas by 1 + amount * texture.
void Shade(cv::Mat3b& canvas, const cv::Mat1b& mask, const cv::Mat1f& texture, double amount);

// Within `mask`, blends towards `colour` by `weight` (0..1, a pixel each; clipped).
void Blend(cv::Mat3b& canvas, const cv::Mat1b& mask, const cv::Mat1f& weight,
           const cv::Scalar& colour);

// The same with one weight.
void Blend(cv::Mat3b& canvas, const cv::Mat1b& mask, double weight, const cv::Scalar& colour);

// A mask of the whole canvas.
cv::Mat1b Everywhere();

}  // namespace qbench::scenes

#endif  // QBENCH_DATASETS_SCENES_DRAW_TEXTURE_H_
