#include "quantize/ranges/value_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace qbench::quantize {
namespace {

int64_t BinOf(double value, double width) {
  return static_cast<int64_t>(std::floor(value / width));
}

int64_t BinsBetween(double low, double high, double width) {
  return BinOf(high, width) - BinOf(low, width) + 1;
}

// A power of two so small that [low, high] takes kMaxBins bins or more: DoubleWidth does the rest.
double FinestWidth(double low, double high) {
  const double span = std::max(high - low, std::abs(low) / ValueHistogram::kMaxBins);
  const double finest = span / static_cast<double>(ValueHistogram::kMaxBins);
  const double normal = std::numeric_limits<float>::min();
  return std::exp2(std::floor(std::log2(std::max(finest, normal))));
}

}  // namespace

void ValueHistogram::Add(std::span<const float> values, size_t stride) {
  if (values.empty()) return;
  float low = values.front();
  float high = values.front();
  for (size_t i = 0; i < values.size(); i += stride) {
    low = std::min(low, values[i]);
    high = std::max(high, values[i]);
  }
  MakeRoom(low, high);
  count_ += static_cast<int64_t>((values.size() + stride - 1) / stride);
  const double inverse = 1.0 / width_;  // exact: a power of two
  for (size_t i = 0; i < values.size(); i += stride) {
    const float value = values[i];
    if (value == 0.0F) {
      ++zeros_;
    } else {
      const auto bin = static_cast<int64_t>(std::floor(static_cast<double>(value) * inverse));
      ++counts_[static_cast<size_t>(bin - first_)];
    }
  }
}

std::vector<ValueHistogram::Bin> ValueHistogram::Bins() const {
  std::vector<Bin> bins;
  bins.reserve(counts_.size());
  for (size_t i = 0; i < counts_.size(); ++i) {
    bins.push_back({static_cast<double>(first_ + static_cast<int64_t>(i)) * width_, counts_[i]});
  }
  return bins;
}

// Widens the histogram so that it covers [low, high] and what it covered before.
void ValueHistogram::MakeRoom(double low, double high) {
  if (counts_.empty()) {
    width_ = FinestWidth(low, high);
    first_ = BinOf(low, width_);
  } else {
    low = std::min(low, static_cast<double>(first_) * width_);
    const int64_t last = first_ + static_cast<int64_t>(counts_.size()) - 1;
    high = std::max(high, static_cast<double>(last) * width_);
  }
  // In floating point first: the bins of a width that is far too small do not fit an integer.
  while ((high - low) / width_ > 2 * kMaxBins) DoubleWidth();
  while (BinsBetween(low, high, width_) > kMaxBins) DoubleWidth();
  const int64_t first = std::min(BinOf(low, width_), first_);
  const int64_t before = counts_.empty() ? 0 : first_ - first;
  std::vector<int64_t> counts(static_cast<size_t>(BinOf(high, width_) - first + 1), 0);
  std::copy(counts_.begin(), counts_.end(), counts.begin() + before);
  counts_ = std::move(counts);
  first_ = first;
}

void ValueHistogram::DoubleWidth() {
  width_ *= 2;
  // Rounded down, also below zero.
  const int64_t first = first_ >> 1;
  std::vector<int64_t> merged;
  if (!counts_.empty()) {
    const int64_t last = (first_ + static_cast<int64_t>(counts_.size()) - 1) >> 1;
    merged.assign(static_cast<size_t>(last - first + 1), 0);
    for (size_t i = 0; i < counts_.size(); ++i) {
      merged[static_cast<size_t>(((first_ + static_cast<int64_t>(i)) >> 1) - first)] += counts_[i];
    }
  }
  counts_ = std::move(merged);
  first_ = first;
}

}  // namespace qbench::quantize
