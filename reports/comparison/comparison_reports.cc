#include "reports/comparison/comparison_reports.h"

#include <algorithm>

#include "reports/comparison/comparison_words.h"

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

std::vector<std::pair<std::string, std::string>> WantedPictures(
    const results::Comparison& comparison) {
  std::vector<std::pair<std::string, std::string>> wanted;
  const std::vector<FlipGroup> groups = FlipGroups(comparison);
  size_t most = 0;
  for (const FlipGroup& group : groups) most = std::max(most, group.pair->flips.size());
  // The first of each group, then the second, …: where there is not room for all, each has some.
  for (size_t i = 0; i < std::min(most, kMostImages); ++i) {
    for (const FlipGroup& group : groups) {
      if (i >= group.pair->flips.size()) continue;
      if (wanted.size() == kMostOfAllImages) return wanted;
      const store::Image& image = group.split->images[group.pair->flips[i].image];
      std::pair<std::string, std::string> picture(group.split->sha256, image.path);
      if (std::ranges::find(wanted, picture) == wanted.end()) wanted.push_back(std::move(picture));
    }
  }
  return wanted;
}

}  // namespace qbench::reports
