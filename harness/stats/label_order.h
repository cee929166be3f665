// Whether a classifier's outputs are named in another order than it was trained with: told from
// labels and predictions alone. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace qbench::stats {

// Classes whose names went around in a circle: images of label classes[i] are predicted as
// classes[i + 1], those of the last as classes[0].
struct LabelCycle {
  std::vector<int32_t> classes;  // two or more, the lowest first
  int64_t images = 0;            // with one of these labels
  int64_t right = 0;             // of them, predicted as they are labelled
  int64_t right_moved = 0;       // of them, predicted as the next class of the circle
  double p = 1;                  // see below
};

// The level below which FindLabelCycles calls a circle real.
inline constexpr double kLabelOrderLevel = 0.01;

// The circles by which the labels are out of order, the one with the most images first; empty where
// they are in order, or the images are too few to say. `labels` and `predicted` have one entry an
// image; one below 0 or not below `classes` leaves the image out.
//
// A permutation of the classes is chosen by the counts, the largest first, and held as right only
// circle by circle: where each of its classes is predicted as the next at least as often as as
// itself, half of its images and more are right then, and the exact sign test over the images that
// are right in one order alone says so. That test is of the better of two that both allow for the
// choice (Bonferroni: p is twice the smaller one):
//  - over all images, times the number of circles of k among n classes, n! / ((n - k)! k), and
//    times k (k - 1), as 1 / (k (k - 1)) over all k is 1 in total;
//  - with the circle chosen by every other image of each class and tested on the rest, times the
//    number of circles that these propose: then nothing was chosen by what is tested.
// The first tells of few images and classes, the second of many classes.
std::vector<LabelCycle> FindLabelCycles(std::span<const int32_t> labels,
                                        std::span<const int32_t> predicted, int32_t classes);

}  // namespace qbench::stats
