// The ways in which pixels usually become a network's numbers: what `qbench init` tries.
#pragma once

#include <string>
#include <vector>

#include "datasets/preprocessing.h"

namespace qbench::datasets {

// The network sees (pixel - mean) / std, pixels 0 to 255.
struct Normalization {
  std::string name;         // for people: "0 to 1"
  std::vector<float> mean;  // one a channel, in the order red, green, blue
  std::vector<float> std;
  bool operator==(const Normalization&) const = default;
};

// By these names, in this order, each with `channels` (1 or 3) numbers: kPixels, kZeroToOne,
// kMinusOneToOne, then of colours kImageNet and kCaffe.
inline constexpr char kPixels[] = "0 to 255";
inline constexpr char kZeroToOne[] = "0 to 1";
inline constexpr char kMinusOneToOne[] = "-1 to 1";
inline constexpr char kImageNet[] = "ImageNet mean/std";
inline constexpr char kCaffe[] = "Caffe mean";
std::vector<Normalization> UsualNormalizations(int channels);

// One of them.
Normalization UsualNormalization(const char* name, int channels);

// Whether a network could hardly tell the two apart: no value for any pixel differs by more than
// 2 % of the values' range.
bool AreAlike(const Normalization& a, const Normalization& b);

// The least and the largest value of any channel.
struct ValueRange {
  float min = 0;
  float max = 0;
};
ValueRange RangeOf(const Normalization& normalization);

// Sets mean and std of `input`, in the order of its channels.
void Apply(const Normalization& normalization, Preprocessing& input);

}  // namespace qbench::datasets
