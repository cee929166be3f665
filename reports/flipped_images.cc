#include "reports/flipped_images.h"

#include <algorithm>
#include <set>
#include <utility>

#include "fmt/format.h"
#include "reports/prediction_groups.h"
#include "reports/reports.h"
#include "reports/text_format.h"

namespace qbench::reports {

std::vector<PictureKey> PicturesOf(const std::vector<FlipListing>& listings) {
  std::vector<PictureKey> wanted;
  std::set<PictureKey> known;
  size_t most = 0;
  for (const FlipListing& listing : listings) most = std::max(most, listing.flips->size());
  for (size_t i = 0; i < std::min(most, kMostImages); ++i) {
    for (const FlipListing& listing : listings) {
      if (i >= listing.flips->size()) continue;
      if (wanted.size() == kMostOfAllImages) return wanted;
      PictureKey picture(listing.split->sha256,
                         listing.split->images[(*listing.flips)[i].image].path);
      if (known.insert(picture).second) wanted.push_back(std::move(picture));
    }
  }
  return wanted;
}

std::string FlipSummary(int64_t images, int64_t flipped, int64_t lost, int64_t gained) {
  std::string summary = fmt::format("{} of {} changed class: {} lost, {} gained", Count(flipped),
                                    Counted(images, "image"), Count(lost), Count(gained));
  const int64_t other = flipped - lost - gained;
  if (other > 0) summary += fmt::format(", {} wrong both times", Count(other));
  return summary;
}

std::vector<FloatFlips> FlipsAgainstFloat(const RunView& run) {
  std::vector<FloatFlips> groups;
  for (const PredictionGroup& group : GroupByPredictions(run)) {
    const auto index = static_cast<size_t>(group.first - run.variants.data());
    const auto base = results::FloatCellOf(*run.data, index);
    if (!base || *base == index) continue;
    const Variant& float_variant = run.variants[*base];
    if (results::AccuracyOf(*float_variant.cell) == nullptr) continue;
    FloatFlips made{
        group.names, group.first, &float_variant,
        results::FlipsBetween(*float_variant.cell, *group.first->cell, *group.first->split), ""};
    if (made.flips.empty()) continue;
    const auto paired =
        results::ComparePaired(*float_variant.cell, *group.first->cell, *group.first->split);
    made.summary = FlipSummary(paired.images, static_cast<int64_t>(made.flips.size()), paired.lost,
                               paired.gained);
    groups.push_back(std::move(made));
  }
  return groups;
}

std::vector<PictureKey> WantedPictures(const Runs& runs) {
  std::vector<FlipListing> listings;
  std::vector<std::vector<FloatFlips>> groups;  // whose flips the listings point to
  for (const store::RunData& data : runs) {
    // A page of so many cells shows none (and has no confidences to sort them by).
    if (data.cells.size() > kMostPageCells) continue;
    groups.push_back(FlipsAgainstFloat(RunView(data)));
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const FloatFlips& group : groups[i]) {
      listings.push_back({group.first->split, &group.flips});
    }
  }
  return PicturesOf(listings);
}

}  // namespace qbench::reports
