#include "reports/html_flips.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "reports/flipped_images.h"
#include "reports/html_sections.h"

namespace qbench::reports {

// Made at build time from page/.
extern const std::string_view kFlippedImagesPartial;

namespace {

using kainjow::mustache::data;

// The right class, with what became of it.
data FlippedImage(const store::DatasetSplit& split, const results::Flip& flip,
                  const Pictures& pictures) {
  const store::Image& image = split.images[flip.image];
  const auto label = [&](int32_t index) { return split.labels[static_cast<size_t>(index)]; };
  const bool lost = flip.base_class == image.label;
  const bool gained = flip.new_class == image.label;
  data item("image", image.path);
  item.set("change", lost ? "lost" : gained ? "gained" : "other");
  item.set("label", label(image.label));
  item.set("what", lost ? ": lost" : gained ? ": gained" : ": wrong both times");
  item.set("base", label(flip.base_class));
  item.set("new", label(flip.new_class));
  item.set("confidence", fmt::format("{:.2f}", flip.new_confidence));
  const auto source = pictures.sources.find({split.sha256, image.path});
  if (source != pictures.sources.end()) item.set("src", source->second);
  return item;
}

}  // namespace

data FlippedImages(const store::DatasetSplit& split, const std::vector<results::Flip>& flips,
                   size_t shown, const Pictures& pictures) {
  data images(data::type::list);
  for (size_t i = 0; i < std::min(shown, flips.size()); ++i) {
    images.push_back(FlippedImage(split, flips[i], pictures));
  }
  return images;
}

data FlippedImagesPartial() {
  return data(kainjow::mustache::partial([] { return std::string(kFlippedImagesPartial); }));
}

Data FlipSections(const RunView& run, const Pictures& pictures) {
  Data list(Data::type::list);
  size_t room = kMostOfAllImages;
  for (const FloatFlips& group : FlipsAgainstFloat(run)) {
    const size_t shown = std::min({group.flips.size(), kMostImages, room});
    room -= shown;
    Data section("names", group.names);
    section.set("summary", group.summary);
    section.set("images", FlippedImages(*group.first->split, group.flips, shown, pictures));
    if (shown < group.flips.size()) {
      section.set("rest",
                  fmt::format("… and {} more: qbench report --format csv --predictions has all.",
                              group.flips.size() - shown));
    }
    list.push_back(section);
  }
  return list;
}

}  // namespace qbench::reports
