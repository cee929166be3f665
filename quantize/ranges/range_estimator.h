// How the range of an activation is found from its values on the calibration images. Values beyond
// the range saturate; the narrower it is, the finer are the steps inside of it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/status.h"
#include "quantize/ranges/calibration.h"
#include "quantize/ranges/value_histogram.h"

namespace qbench::quantize {

enum class CalibrationMethod {
  // The smallest and the largest value of all. Nothing saturates.
  kMinMax,
  // The smallest and the largest value of each image, smoothed over the images in their order: the
  // range keeps kSmoothing of itself and takes the rest from the next image (Jacob et al. 2018,
  // arXiv 1712.05877, section 3.1).
  kMovingAverage,
  // Leaves (100 - percentile) % of the values out at each end.
  kPercentile,
  // The range with the smallest mean squared quantization error: a search over both ends.
  kMse,
  // The symmetric clipping value with the smallest mean squared error, by the fixed-point iteration
  // of OCTAV (Sakr et al. 2022, arXiv 2206.06501, equation 6).
  kOctav,
  // The symmetric clipping value whose quantized distribution is closest to that of the values by
  // Kullback-Leibler divergence (Migacz, "8-bit Inference with TensorRT", GTC 2017).
  kEntropy,
};
inline constexpr float kSmoothing = 0.95F;

// "minmax", "moving-average", "percentile", "mse", "octav" or "entropy".
CalibrationMethod ParseCalibrationMethod(std::string_view name);

struct CalibrationOptions {
  CalibrationMethod method = CalibrationMethod::kMinMax;
  double percentile = 99.99;  // in (50, 100]
  uint64_t images = 100;      // the first so many of the calibration split
  // Steps of the integers that the activations will be: 255 for int8, 65,534 for int16.
  double steps = 255;
  // A larger model is calibrated in stages (model_stages.h), each over all images: the activations
  // of two objects of a runtime, and its library, then fit a board with 1 GB many times over.
  int64_t most_stage_bytes = int64_t{24} << 20;
  // On the disk, for what one stage leaves to the next; with more, images are taken in batches.
  int64_t most_file_bytes = int64_t{64} << 20;
};

inline constexpr size_t kMostHistogramValues = size_t{1} << 17;

// The range of one tensor. Memory does not depend on the number of images. Not synchronized.
class RangeEstimator {
 public:
  explicit RangeEstimator(const CalibrationOptions& options) : options_(options) {}

  // The values of one image. kInvalidArgument where one is not finite. Of more than
  // kMostHistogramValues, a histogram takes an even choice; the smallest and largest are of all.
  Status Add(std::span<const float> values);
  // Empty before the first image. Never wider than the values seen. Every method but kMinMax and
  // kMovingAverage keeps zero inside.
  std::optional<ValueRange> Range() const;

 private:
  CalibrationOptions options_;
  std::optional<ValueRange> seen_;
  std::optional<ValueRange> smoothed_;
  ValueHistogram histogram_;
};

// The searches, for tests: `seen` are the smallest and the largest value of the histogram's.
ValueRange PercentileRange(const ValueHistogram& histogram, ValueRange seen, double percentile);
ValueRange MseRange(const ValueHistogram& histogram, ValueRange seen, double steps);
ValueRange OctavRange(const ValueHistogram& histogram, ValueRange seen, double steps);
ValueRange EntropyRange(const ValueHistogram& histogram, ValueRange seen, double steps);

}  // namespace qbench::quantize
