// Splits as sets of content hashes: the rule, the checksum, overlaps and samples.
#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "base/sha256.h"
#include "datasets/dataset.h"

namespace qbench::datasets {
namespace {

double HashFraction(std::string_view sha256) {
  uint32_t value = 0;
  std::from_chars(sha256.data(), sha256.data() + std::min<size_t>(sha256.size(), 8), value, 16);
  return static_cast<double>(value) / 4294967296.0;
}

}  // namespace

bool IsCalibrationHash(std::string_view sha256) { return HashFraction(sha256) < 0.10; }

std::string_view SplitOfHash(std::string_view sha256) {
  if (IsCalibrationHash(sha256)) return "calibration";
  return HashFraction(sha256) < 0.30 ? "test" : "train";
}

std::string_view SplitRule() {
  return "split by content: with h the first 8 hexadecimal digits of an image's SHA-256 / 2^32, "
         "h < 0.10 is calibration, 0.10 <= h < 0.30 test, the rest train; accuracy is that of "
         "unseen "
         "images only if the model was trained on none but those of train";
}

std::string SplitSha256(const std::vector<Image>& images) {
  Sha256 hash;
  for (const Image& image : images) hash.Update(fmt::format("{}  {}\n", image.sha256, image.path));
  return hash.HexDigest();
}

namespace {

// Pairs of an image and the first one of the same content, where `differ` says so of them.
template <typename Differ>
std::vector<Overlap> FindPairs(const Dataset& dataset, Differ&& differ) {
  std::vector<Overlap> pairs;
  struct Seen {
    const Split* split;
    const Image* image;
  };
  std::unordered_map<std::string_view, Seen> seen;
  for (const Split& split : dataset.splits) {
    for (const Image& image : split.images) {
      const Seen here{&split, &image};
      const auto [first, is_new] = seen.try_emplace(image.sha256, here);
      if (is_new || !differ(first->second, here)) continue;
      pairs.push_back({fmt::format("{}/{}", first->second.split->name, first->second.image->path),
                       fmt::format("{}/{}", split.name, image.path)});
    }
  }
  return pairs;
}

}  // namespace

std::vector<Overlap> FindOverlaps(const Dataset& dataset) {
  return FindPairs(dataset, [](const auto& a, const auto& b) { return a.split != b.split; });
}

std::vector<Overlap> FindContradictions(const Dataset& dataset) {
  return FindPairs(dataset,
                   [](const auto& a, const auto& b) { return a.image->label != b.image->label; });
}

std::vector<size_t> FindDuplicates(const Split& split) {
  std::vector<size_t> duplicates;
  std::unordered_set<std::string_view> seen;
  for (size_t i = 0; i < split.images.size(); ++i) {
    if (!seen.insert(split.images[i].sha256).second) duplicates.push_back(i);
  }
  return duplicates;
}

std::vector<size_t> SampleImages(const Split& split, size_t count, uint64_t seed) {
  std::vector<std::string> keys;
  for (const Image& image : split.images) {
    keys.push_back(seed == 0 ? image.sha256 : Sha256Hex(fmt::format("{} {}", seed, image.sha256)));
  }
  std::map<int, std::vector<size_t>> of_label;
  for (size_t i = 0; i < split.images.size(); ++i) of_label[split.images[i].label].push_back(i);
  for (auto& [label, indices] : of_label) {
    std::sort(indices.begin(), indices.end(), [&](size_t a, size_t b) {
      return std::tie(keys[a], split.images[a].path) < std::tie(keys[b], split.images[b].path);
    });
  }
  std::vector<size_t> sample;
  count = std::min(count, split.images.size());
  for (size_t turn = 0; sample.size() < count; ++turn) {
    for (const auto& [label, indices] : of_label) {
      if (turn < indices.size() && sample.size() < count) sample.push_back(indices[turn]);
    }
  }
  return sample;
}

}  // namespace qbench::datasets
