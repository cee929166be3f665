#include "datasets/verify.h"

#include <span>

namespace qbench::datasets {
namespace {

// The report has each finding of a split as a line of its own up to this many.
constexpr size_t kLinesOfAKind = 20;

// Adds a line, or one that says that there are more.
void AddLine(std::vector<std::string>& lines, size_t& of_this_kind, std::string line) {
  if (++of_this_kind <= kLinesOfAKind) lines.push_back(std::move(line));
}

void AddMore(std::vector<std::string>& lines, size_t of_this_kind, std::string_view kind) {
  if (of_this_kind > kLinesOfAKind) {
    lines.push_back(fmt::format("and {} more {}", of_this_kind - kLinesOfAKind, kind));
  }
}

// `decoded` has the split's images first.
SplitReport CheckSplit(const Split& split, const Dataset& dataset,
                       std::span<const DecodedImage> decoded, VerifyReport& report) {
  SplitReport result{split.name, split.sha256, split.images.size(), {}, {}};
  result.images_of_label.resize(dataset.labels.size());
  size_t broken = 0;
  for (size_t i = 0; i < split.images.size(); ++i) {
    const Image& image = split.images[i];
    ++result.images_of_label[static_cast<size_t>(image.label)];
    if (decoded[i].status == ImageStatus::kOk) {
      ++result.sizes[fmt::format("{}x{}", decoded[i].width, decoded[i].height)];
    } else {
      AddLine(report.errors, broken,
              fmt::format("{} cannot be decoded: {}", image.file.string(), decoded[i].reason));
    }
  }
  AddMore(report.errors, broken, "images that cannot be decoded");
  size_t duplicates = 0;
  for (const size_t i : FindDuplicates(split)) {
    AddLine(report.warnings, duplicates,
            fmt::format("{}/{} has the content of an earlier image of its split", split.name,
                        split.images[i].path));
  }
  AddMore(report.warnings, duplicates, "duplicates");
  return result;
}

// The files against the manifest: which split differs, and how many images it should have.
void CheckChecksums(const Dataset& dataset, VerifyReport& report) {
  if (!dataset.manifest) return;
  for (const Split& split : dataset.splits) {
    const SplitManifest& expected = dataset.manifest->splits.at(split.name);
    if (split.sha256 == expected.sha256) continue;
    report.errors.push_back(
        fmt::format("the {} split has {} images with checksum {}; the manifest says {} with {}; "
                    "install or import {} again",
                    split.name, split.images.size(), split.sha256, expected.images, expected.sha256,
                    dataset.name));
  }
}

}  // namespace

Result<VerifyReport> VerifyDataset(const Dataset& dataset, const DecodeOptions& options) {
  VerifyReport report;
  report.warnings = dataset.unused;
  CheckChecksums(dataset, report);
  size_t overlaps = 0;
  for (const Overlap& overlap : FindOverlaps(dataset)) {
    AddLine(report.errors, overlaps,
            fmt::format("{} and {} have the same content; remove one of them", overlap.first,
                        overlap.second));
  }
  AddMore(report.errors, overlaps, "images in two splits");
  size_t contradictions = 0;
  for (const Overlap& pair : FindContradictions(dataset)) {
    AddLine(report.errors, contradictions,
            fmt::format("{} and {} have the same content and two labels; remove the wrong one",
                        pair.first, pair.second));
  }
  AddMore(report.errors, contradictions, "images with two labels");
  std::vector<ImageFile> files;
  for (const Split& split : dataset.splits) {
    for (const Image& image : split.images) files.push_back({image.file, image.sha256});
  }
  QB_ASSIGN_OR_RETURN(const std::vector<DecodedImage> decoded, ProbeImages(files, options));
  std::span<const DecodedImage> rest(decoded);
  for (const Split& split : dataset.splits) {
    report.splits.push_back(CheckSplit(split, dataset, rest, report));
    rest = rest.subspan(split.images.size());
  }
  return report;
}

}  // namespace qbench::datasets
