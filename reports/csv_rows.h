// The rows of the CSVs that have several of a cell, with the tables of their columns. In the CSV
// they stand after what names the cell (store::kNamesCell).
#pragma once

#include <optional>
#include <string>
#include <tuple>

#include "harness/store/records.h"

namespace qbench::reports {

// An image of a cell that has predictions.
struct PredictedImage {
  std::string image;
  std::string label;
  std::string predicted;
  std::optional<float> confidence;
};

// An operator of a cell that was profiled, or a step of its runtime.
struct ProfiledOperator : store::OperatorProfile {
  std::string delegate;
  std::optional<double> share;
  std::optional<double> gmacs_per_s;
  std::optional<double> gbytes_per_s;
};

}  // namespace qbench::reports

namespace qbench::store {

template <>
inline constexpr auto kFields<reports::PredictedImage> = std::tuple{
    Field{"image", &reports::PredictedImage::image, "", "path below the split's folder"},
    Field{"label", &reports::PredictedImage::label, "", "name of the image's class"},
    Field{"predicted", &reports::PredictedImage::predicted, "",
          "name of the predicted class; empty: the image could not be used"},
    Field{"confidence", &reports::PredictedImage::confidence, "",
          "the model's score for that class"},
};

template <>
inline constexpr auto kFields<reports::ProfiledOperator> = std::tuple{
    RowOf(&OperatorProfile::op),
    RowOf(&OperatorProfile::kind),
    RowOf(&OperatorProfile::name),
    RowOf(&OperatorProfile::input_type),
    RowOf(&OperatorProfile::weight_type),
    RowOf(&OperatorProfile::output_type),
    RowOf(&OperatorProfile::steps),
    Field{"delegate", &reports::ProfiledOperator::delegate, "",
          "the runtime's delegate; empty: it works without one"},
    RowOf(&OperatorProfile::partition),
    RowOf(&OperatorProfile::median_us),
    Field{"share", &reports::ProfiledOperator::share, "fraction",
          "of the sum over all rows of the cell"},
    RowOf(&OperatorProfile::macs),
    RowOf(&OperatorProfile::bytes_read),
    RowOf(&OperatorProfile::bytes_written),
    Field{"gmacs_per_s", &reports::ProfiledOperator::gmacs_per_s, "10⁹/s",
          "`macs` over the time; empty where that is 0"},
    Field{"gbytes_per_s", &reports::ProfiledOperator::gbytes_per_s, "10⁹ bytes/s",
          "both bytes over the time; empty where that is 0"},
};

}  // namespace qbench::store
