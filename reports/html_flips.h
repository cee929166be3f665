// Flipped images as data for page/flipped_images.mustache. Internal to reports.
#pragma once

#include <kainjow/mustache.hpp>

#include "harness/results/comparison.h"
#include "reports/pictures.h"

namespace qbench::reports {

// [{change, src, image, label, what, base, new, confidence}]: the first `shown` of the flips.
kainjow::mustache::data FlippedImages(const store::DatasetSplit& split,
                                      const std::vector<results::Flip>& flips, size_t shown,
                                      const Pictures& pictures);
// That template, to be set as "flipped_images" in the data of one that includes it.
kainjow::mustache::data FlippedImagesPartial();

}  // namespace qbench::reports
