// A histogram of a tensor's values that is filled as they come, in bounded memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace qbench::quantize {

// Bins have one width, a power of two, and zero is an edge between two. Where the values need more
// than kMaxBins, pairs of bins are merged and the width doubles. So the result depends on the
// values alone, not on their order. Zeros are counted apart: after a ReLU they are many, and they
// are exact in every quantization. Not synchronized.
class ValueHistogram {
 public:
  static constexpr int64_t kMaxBins = 4096;

  // Finite values: the first, and every `stride`-th after it.
  void Add(std::span<const float> values, size_t stride = 1);

  struct Bin {
    double low = 0;  // it holds values in [low, low + width())
    int64_t count = 0;
    double center(double width) const { return low + width / 2; }
  };
  std::vector<Bin> Bins() const;  // in ascending order, the empty ones too
  double width() const { return width_; }
  int64_t zeros() const { return zeros_; }
  int64_t count() const { return count_; }  // of all values

 private:
  void MakeRoom(double low, double high);
  void DoubleWidth();

  double width_ = 0;
  int64_t first_ = 0;  // bin i of counts_ starts at (first_ + i) * width_
  std::vector<int64_t> counts_;
  int64_t zeros_ = 0;
  int64_t count_ = 0;
};

}  // namespace qbench::quantize
