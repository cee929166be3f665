// The rows of a comparison's CSVs and JSON, with the tables of their columns.
#pragma once

#include <string>
#include <tuple>

#include "harness/results/comparison.h"

namespace qbench::reports {

// A pair of cells with the words to its figures.
struct ComparedCell : results::CellComparison {
  std::string why;
};

// What names a pair of cells, and an image of it that changed its class.
struct FlippedImage {
  std::string cell;
  std::string dataset;
  std::string split;
  std::string image;
  std::string label;
  std::string base_predicted;
  std::string new_predicted;
  std::string change;
  float base_confidence = 0;
  float new_confidence = 0;
};

}  // namespace qbench::reports

namespace qbench::store {

template <>
inline constexpr auto kFields<reports::ComparedCell> = std::tuple_cat(
    kFields<results::CellComparison>,
    std::tuple{Field{"why", &reports::ComparedCell::why, "",
                     "the figures in words, one line; what failed, with its reason"}});

template <>
inline constexpr auto kFields<reports::FlippedImage> = std::tuple{
    Field{"cell", &reports::FlippedImage::cell, "",
          "the pair of cells, by the parts of its name that differ between the pairs"},
    Field{"dataset", &reports::FlippedImage::dataset, "", "name of the data set"},
    Field{"split", &reports::FlippedImage::split, "", "the split that was measured"},
    Field{"image", &reports::FlippedImage::image, "", "path below the split's folder"},
    Field{"label", &reports::FlippedImage::label, "", "name of the image's class"},
    Field{"base_predicted", &reports::FlippedImage::base_predicted, "",
          "name of the class that the base predicts"},
    Field{"new_predicted", &reports::FlippedImage::new_predicted, "",
          "name of the class that the new side predicts"},
    Field{"change", &reports::FlippedImage::change, "",
          "`lost`: the base is right; `gained`: the new side is; `other`: neither"},
    Field{"base_confidence", &reports::FlippedImage::base_confidence, "",
          "the base's score for its class"},
    Field{"new_confidence", &reports::FlippedImage::new_confidence, "",
          "the new side's score for its class"},
};

}  // namespace qbench::store
