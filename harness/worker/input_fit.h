// What can be told of a model's preprocessing from the model itself, beside what it predicts: its
// first layer's outputs against what batch normalization says of them, and the range of its
// integers against the pixels.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "graph/ir.h"
#include "harness/host/sample_source.h"

namespace qbench::worker {

// (pixel - mean) / std, pixels 0 to 255; one number each a channel.
struct PixelScaling {
  std::vector<float> mean;
  std::vector<float> std;
};

// The first layer's outputs, taken to be normal, against those that batch normalization describes:
// the median over the channels of the Kullback-Leibler divergence
//   ((s² + (m - mu)²) / sigma² - 1 - log(s² / sigma²)) / 2
// of the measured mean m and deviation s from the expected mu and sigma. 0: the same; an input of
// twice the range has about 0.4 and more.
struct InputFit {
  std::string layer;
  int64_t images = 0;
  double divergence = 0;
  // The same with the usual scalings in place of the sidecar's own, but for those that equal it.
  struct Other {
    PixelScaling scaling;
    double divergence = 0;
  };
  std::vector<Other> others;
};

// Images that are looked at, evenly over the split, at most.
inline constexpr size_t kFitImages = 100;

// Of a convolution that reads the picture, padded or not, and has statistics
// (graph/output_statistics.h). Its outputs are linear in the pixels, so one look at the pixels'
// moments tells of every scaling; nothing is run. Places at the edge are left out. Nothing where
// the model has no such layer, or one of too large windows, or there is no sound image.
// `read(image, values)` writes the image as `own` makes it; `images` are the sound ones.
std::optional<InputFit> FitFirstLayer(
    const graph::Model& model, const PixelScaling& own, std::span<const size_t> images,
    const std::function<void(size_t image, std::span<float> values)>& read);

// How much of the pixels lies beyond what an input's integers reach.
struct InputReach {
  double low = 0;  // the least and the largest value that the integers stand for
  double high = 0;
  double pixels_low = 0;  // the same of pixels from 0 to 255 as the sidecar scales them
  double pixels_high = 0;
  double outside = 0;  // the share of the images' values that lies beyond by a twentieth of the
                       // integers' range or more
};

// Nothing where the artifact's input is not quantized, at once or by itself.
std::optional<InputReach> ReachOfInput(
    const graph::Model& artifact, const PixelScaling& own, std::span<const size_t> images,
    const std::function<void(size_t image, std::span<float> values)>& read);

// Both as the conditions of an accuracy measurement keep them (harness/results/input_doubts.h reads
// them): {"fit": …, "reach": …}, each left out where there is none; null where both are.
Json InputJson(const std::optional<InputFit>& fit, const std::optional<InputReach>& reach);

}  // namespace qbench::worker
