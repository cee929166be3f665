#include "reports/comparison/comparison_reports.h"

#include <algorithm>

#include "reports/comparison/comparison_words.h"
#include "reports/flipped_images.h"

namespace qbench::reports {

Result<ComparisonFormat> ComparisonFormatFromName(std::string_view name) {
  if (name == "text") return ComparisonFormat::kText;
  if (name == "html") return ComparisonFormat::kHtml;
  if (name == "md" || name == "markdown") return ComparisonFormat::kMarkdown;
  if (name == "csv") return ComparisonFormat::kCsv;
  if (name == "json") return ComparisonFormat::kJson;
  return Error(StatusCode::kInvalidArgument,
               "no format '{}' of a comparison: choose text, html, md, csv or json", name);
}

std::vector<PictureKey> WantedPictures(const results::Comparison& comparison) {
  std::vector<FlipListing> listings;
  for (const FlipGroup& group : FlipGroups(comparison)) {
    listings.push_back({group.split, &group.pair->flips});
  }
  return PicturesOf(listings);
}

}  // namespace qbench::reports
