// The images that cells of a run put into another class than float does, and which of such images a
// page shows. Internal to reports.
#pragma once

#include <string>
#include <vector>

#include "harness/results/comparison.h"
#include "reports/pictures.h"
#include "reports/variants.h"

namespace qbench::reports {

// What a page shows of the images of one group, and of all of them together; the rest is told with
// its number, so that the page stays below 5 MB.
inline constexpr size_t kMostImages = 120;
inline constexpr size_t kMostOfAllImages = 600;

// Flips of images of one split, those that matter most first.
struct FlipListing {
  const store::DatasetSplit* split;
  const std::vector<results::Flip>* flips;
};

// The images that a page would show of these: the first of each list, then the second, …, so that
// each has some where there is not room for all; each image once.
std::vector<PictureKey> PicturesOf(const std::vector<FlipListing>& listings);

// Cells with the same predictions as one, against their float cell.
struct FloatFlips {
  std::string names;     // "int8, uint8"
  const Variant* first;  // stands for all of them
  const Variant* base;   // the float cell
  std::vector<results::Flip> flips;
  std::string summary;  // "9 of 3,000 images changed class: 5 lost, 3 gained, 1 wrong both times"
};

// In the run's order; those without a flip are left out.
std::vector<FloatFlips> FlipsAgainstFloat(const RunView& run);

// "9 of 3,000 images changed class: …", of images that both sides could use.
std::string FlipSummary(int64_t images, int64_t flipped, int64_t lost, int64_t gained);

}  // namespace qbench::reports
