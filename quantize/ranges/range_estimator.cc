#include "quantize/ranges/range_estimator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace qbench::quantize {
namespace {

using Bins = std::vector<ValueHistogram::Bin>;

ValueRange WithZero(const ValueRange& range) {
  return {std::min(range.min, 0.0F), std::max(range.max, 0.0F)};
}

ValueRange ClippedTo(double limit, const ValueRange& seen) {
  return {std::max(seen.min, static_cast<float>(-limit)),
          std::min(seen.max, static_cast<float>(limit))};
}

// The value below which `share` of all values lie: linear within a bin.
double QuantileOf(const Bins& bins, const ValueHistogram& histogram, double share) {
  double left = share * static_cast<double>(histogram.count());
  for (const ValueHistogram::Bin& bin : bins) {
    // Zeros lie between the last negative bin and the first other one.
    if (bin.low == 0.0) {
      left -= static_cast<double>(histogram.zeros());
      if (left <= 0) return 0;
    }
    const auto count = static_cast<double>(bin.count);
    if (left <= count) return count == 0 ? bin.low : bin.low + histogram.width() * left / count;
    left -= count;
  }
  return bins.empty() ? 0 : bins.back().low + histogram.width();
}

// The squared error of quantizing every value with `steps` steps over the range: step^2 / 12 inside
// (zeros are exact), the distance to the end outside.
double SquaredError(const Bins& bins, double width, double low, double high, double steps) {
  const double step = (high - low) / steps;
  const double inside = step * step / 12;
  double error = 0;
  for (const ValueHistogram::Bin& bin : bins) {
    const double center = bin.center(width);
    const double beyond = center < low ? low - center : center > high ? center - high : 0.0;
    error += static_cast<double>(bin.count) * (inside + beyond * beyond);
  }
  return error;
}

// The magnitudes of all values but zero, in bins of the histogram's width.
std::vector<double> Magnitudes(const ValueHistogram& histogram) {
  std::vector<double> magnitudes;
  for (const ValueHistogram::Bin& bin : histogram.Bins()) {
    const auto place =
        static_cast<size_t>(std::abs(bin.center(histogram.width())) / histogram.width());
    if (place >= magnitudes.size()) magnitudes.resize(place + 1, 0.0);
    magnitudes[place] += static_cast<double>(bin.count);
  }
  return magnitudes;
}

// The divergence of the first `kept` bins, with what lies beyond them added to the last one, from
// the same quantized to `levels` levels and spread again over the bins that were not empty.
double Divergence(const std::vector<double>& magnitudes, size_t kept, size_t levels) {
  double beyond = 0;
  for (size_t i = kept; i < magnitudes.size(); ++i) beyond += magnitudes[i];
  double total = beyond;
  double quantized_total = 0;
  for (size_t i = 0; i < kept; ++i) {
    total += magnitudes[i];
    quantized_total += magnitudes[i];
  }
  if (total == 0 || quantized_total == 0) return std::numeric_limits<double>::infinity();
  double divergence = 0;
  for (size_t level = 0; level < levels; ++level) {
    const size_t first = level * kept / levels;
    const size_t last = (level + 1) * kept / levels;
    double sum = 0;
    size_t filled = 0;
    for (size_t i = first; i < last; ++i) {
      sum += magnitudes[i];
      filled += magnitudes[i] > 0 ? 1 : 0;
    }
    for (size_t i = first; i < last; ++i) {
      const double value = magnitudes[i] + (i + 1 == kept ? beyond : 0.0);
      if (value == 0) continue;
      if (magnitudes[i] == 0) return std::numeric_limits<double>::infinity();
      const double p = value / total;
      divergence += p * std::log(p / (sum / static_cast<double>(filled) / quantized_total));
    }
  }
  return divergence;
}

}  // namespace

CalibrationMethod ParseCalibrationMethod(std::string_view name) {
  if (name == "moving-average") return CalibrationMethod::kMovingAverage;
  if (name == "percentile") return CalibrationMethod::kPercentile;
  if (name == "mse") return CalibrationMethod::kMse;
  if (name == "octav") return CalibrationMethod::kOctav;
  if (name == "entropy") return CalibrationMethod::kEntropy;
  return CalibrationMethod::kMinMax;
}

ValueRange PercentileRange(const ValueHistogram& histogram, ValueRange seen, double percentile) {
  const Bins bins = histogram.Bins();
  const double tail = 1 - percentile / 100;
  const auto low = static_cast<float>(QuantileOf(bins, histogram, tail));
  const auto high = static_cast<float>(QuantileOf(bins, histogram, 1 - tail));
  return WithZero({std::clamp(low, seen.min, seen.max), std::clamp(high, seen.min, seen.max)});
}

ValueRange MseRange(const ValueHistogram& histogram, ValueRange seen, double steps) {
  constexpr int kShares = 100;  // candidates of an end: 1 %, 2 %, … of the widest range
  constexpr int kRounds = 3;    // one end after the other; more change nothing
  const Bins bins = histogram.Bins();
  const ValueRange widest = WithZero(seen);
  double low = widest.min;
  double high = widest.max;
  double best = SquaredError(bins, histogram.width(), low, high, steps);
  for (int round = 0; round < kRounds; ++round) {
    for (const bool upper : {true, false}) {
      const double end = upper ? widest.max : widest.min;
      if (end == 0) continue;
      for (int share = 1; share <= kShares; ++share) {
        const double candidate = end * share / kShares;
        const double error = SquaredError(bins, histogram.width(), upper ? low : candidate,
                                          upper ? candidate : high, steps);
        if (error >= best) continue;
        best = error;
        (upper ? high : low) = candidate;
      }
    }
  }
  return {static_cast<float>(low), static_cast<float>(high)};
}

ValueRange OctavRange(const ValueHistogram& histogram, ValueRange seen, double steps) {
  constexpr int kIterations = 50;
  const Bins bins = histogram.Bins();
  const bool one_sided = seen.min >= 0 || seen.max <= 0;
  // Noise of a value inside, as a share of the square of the clipping value: the step is s / steps
  // on one side of zero and 2 s / steps on both.
  const double noise = (one_sided ? 1.0 : 4.0) / (12 * steps * steps);
  double limit = 0;
  for (int i = 0; i < kIterations; ++i) {
    double outside_sum = 0;
    double outside = 0;
    double inside = 0;
    for (const ValueHistogram::Bin& bin : bins) {
      const double magnitude = std::abs(bin.center(histogram.width()));
      const auto count = static_cast<double>(bin.count);
      if (magnitude > limit) {
        outside_sum += magnitude * count;
        outside += count;
      } else {
        inside += count;
      }
    }
    const double next = outside_sum / (noise * inside + outside);
    if (!(next > limit)) break;  // it grows to its fixed point, or nothing is outside
    limit = next;
  }
  return WithZero(ClippedTo(limit, seen));
}

ValueRange EntropyRange(const ValueHistogram& histogram, ValueRange seen, double steps) {
  constexpr size_t kCandidates = 256;
  const bool one_sided = seen.min >= 0 || seen.max <= 0;
  const auto levels = static_cast<size_t>((steps + 1) / (one_sided ? 1 : 2));
  const std::vector<double> magnitudes = Magnitudes(histogram);
  if (magnitudes.size() <= levels) return WithZero(seen);  // finer than the histogram
  size_t best = magnitudes.size();
  double smallest = std::numeric_limits<double>::infinity();
  for (size_t i = 1; i <= kCandidates; ++i) {
    const size_t kept = levels + (magnitudes.size() - levels) * i / kCandidates;
    const double divergence = Divergence(magnitudes, kept, levels);
    if (divergence >= smallest) continue;
    smallest = divergence;
    best = kept;
  }
  return WithZero(ClippedTo(static_cast<double>(best) * histogram.width(), seen));
}

namespace {

// From one value to the next that a histogram takes. A prime, so that it takes all channels in
// turn: their number is hardly ever a multiple of it.
size_t StrideFor(size_t values) {
  constexpr std::array<size_t, 6> kPrimes = {11, 23, 47, 97, 197, 397};
  if (values <= kMostHistogramValues) return 1;
  for (const size_t prime : kPrimes) {
    if (values / prime <= kMostHistogramValues) return prime;
  }
  return kPrimes.back();
}

}  // namespace

Status RangeEstimator::Add(std::span<const float> values) {
  std::optional<ValueRange> of_image;
  QB_RETURN_IF_ERROR(WidenRange(values, of_image));
  if (!of_image) return OkStatus();
  seen_ = seen_
              ? ValueRange{std::min(seen_->min, of_image->min), std::max(seen_->max, of_image->max)}
              : *of_image;
  if (options_.method == CalibrationMethod::kMinMax) return OkStatus();
  if (options_.method == CalibrationMethod::kMovingAverage) {
    if (!smoothed_) smoothed_ = of_image;
    smoothed_->min = kSmoothing * smoothed_->min + (1 - kSmoothing) * of_image->min;
    smoothed_->max = kSmoothing * smoothed_->max + (1 - kSmoothing) * of_image->max;
    return OkStatus();
  }
  histogram_.Add(values, StrideFor(values.size()));
  return OkStatus();
}

std::optional<ValueRange> RangeEstimator::Range() const {
  if (!seen_) return std::nullopt;
  switch (options_.method) {
    case CalibrationMethod::kMinMax:
      return seen_;
    case CalibrationMethod::kMovingAverage:
      return smoothed_;
    case CalibrationMethod::kPercentile:
      return PercentileRange(histogram_, *seen_, options_.percentile);
    case CalibrationMethod::kMse:
      return MseRange(histogram_, *seen_, options_.steps);
    case CalibrationMethod::kOctav:
      return OctavRange(histogram_, *seen_, options_.steps);
    case CalibrationMethod::kEntropy:
      return EntropyRange(histogram_, *seen_, options_.steps);
  }
  return seen_;
}

}  // namespace qbench::quantize
