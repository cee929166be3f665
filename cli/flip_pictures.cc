#include "cli/flip_pictures.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/interrupt.h"
#include "base/one_line.h"
#include "cli/terminal.h"
#include "datasets/thumbnail.h"
#include "harness/store/command_line.h"
#include "reports/text_format.h"

namespace qbench::cli {
namespace {

using reports::Pictures;

// What may lead to the data set of a split, without repetition.
std::vector<std::string> PlacesOf(const std::vector<const store::RunData*>& runs,
                                  const std::string& split_sha256) {
  std::vector<std::string> places;
  const auto add = [&](const std::string& place) {
    if (!place.empty() && std::ranges::find(places, place) == places.end()) {
      places.push_back(place);
    }
  };
  for (const store::RunData* run : runs) {
    for (const auto& [id, split] : run->splits) {
      if (split.sha256 == split_sha256) add(store::OptionOf(run->run, "--dataset"));
    }
  }
  return places;
}

// The files of a split by their paths below its folder; where there are none, why.
struct FoundSplit {
  std::map<std::string, datasets::ImageFile> files;
  std::string missing;
};

FoundSplit FindSplit(const std::vector<std::string>& places, const std::string& split_sha256,
                     const plan::Folders& folders) {
  FoundSplit found;
  if (places.empty()) {
    found.missing = "the runs do not say where the images are: name them with --dataset";
  }
  for (const std::string& place : places) {
    const Result<datasets::Dataset> dataset = datasets::OpenDataset(place, folders.datasets);
    if (!dataset.ok()) {
      found.missing = SafeLine(dataset.status().message());
      continue;
    }
    for (const datasets::Split& split : dataset->splits) {
      if (split.sha256 != split_sha256) continue;
      for (const datasets::Image& image : split.images) {
        found.files[image.path] = {image.file, image.sha256};
      }
      found.missing.clear();
      return found;
    }
    found.missing = fmt::format("{} holds other images than were measured", SafeName(place));
  }
  return found;
}

// "3 of 40 pictures are missing: …", of one split.
void TakeThumbnails(const std::string& split_sha256, const std::vector<std::string>& paths,
                    const std::vector<datasets::Thumbnail>& thumbnails, Pictures* pictures) {
  int64_t no_room = 0;
  int64_t broken = 0;
  std::string why;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (!thumbnails[i].source.empty()) {
      pictures->sources[{split_sha256, paths[i]}] = thumbnails[i].source;
    } else if (thumbnails[i].reason.empty()) {
      ++no_room;
    } else {
      ++broken;
      why = thumbnails[i].reason;
    }
  }
  if (no_room > 0) {
    pictures->missing.push_back(fmt::format("{} left out, so that the page stays small.",
                                            reports::Counted(no_room, "picture")));
  }
  if (broken > 0) {
    pictures->missing.push_back(fmt::format("{} cannot be shown ({}).",
                                            reports::Counted(broken, "picture"), SafeLine(why)));
  }
}

}  // namespace

Result<Pictures> CollectPictures(const std::vector<reports::PictureKey>& wanted,
                                 const std::vector<const store::RunData*>& runs,
                                 const std::string& named, const plan::Folders& folders) {
  Pictures pictures;
  std::map<std::string, std::vector<std::string>> by_split;
  for (const auto& [split, path] : wanted) by_split[split].push_back(path);
  datasets::ThumbnailSettings settings;
  datasets::DecodeOptions options;
  options.progress = [](size_t, size_t) { return !Interrupted(); };
  settings.total_chars /= std::max<size_t>(by_split.size(), 1);
  for (const auto& [sha256, paths] : by_split) {
    if (Interrupted()) return InterruptStatus("reading the images");
    const std::vector<std::string> places =
        named.empty() ? PlacesOf(runs, sha256) : std::vector<std::string>{named};
    const FoundSplit found = FindSplit(places, sha256, folders);
    if (!found.missing.empty()) {
      pictures.missing.push_back("There are no pictures: " + found.missing + ".");
      continue;
    }
    std::vector<datasets::ImageFile> files;
    std::vector<std::string> known;
    for (const std::string& path : paths) {
      const auto file = found.files.find(path);
      if (file == found.files.end()) continue;
      files.push_back(file->second);
      known.push_back(path);
    }
    const auto thumbnails = datasets::MakeThumbnails(files, settings, options);
    if (!thumbnails.ok()) {
      if (thumbnails.status().code() == StatusCode::kCancelled) return thumbnails.status();
      pictures.missing.push_back(
          fmt::format("There are no pictures: {}.", SafeLine(thumbnails.status().message())));
      continue;
    }
    TakeThumbnails(sha256, known, *thumbnails, &pictures);
  }
  return pictures;
}

}  // namespace qbench::cli
