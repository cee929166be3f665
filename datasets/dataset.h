// Data sets: labelled images in splits, opened by name or from any folder with one sub-folder a
// class. Nothing here decodes an image; the tensors are made by datasets/tensor_cache.h.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "datasets/manifest.h"

namespace qbench::datasets {

struct Image {
  std::string path;            // below the split's folder: "<class>/<file>", as EscapeName shows it
  std::filesystem::path file;  // absolute
  int label = 0;               // index into Dataset::labels
  std::string sha256;          // of the file's bytes
};

struct Split {
  std::string name;  // "train", "calibration" or "test"
  std::filesystem::path folder;
  std::vector<Image> images;  // in byte order of their paths
  std::string sha256;         // SplitSha256(images)
};

struct Dataset {
  std::string name;
  std::filesystem::path folder;
  std::vector<std::string> labels;
  std::vector<Split> splits;
  std::optional<Manifest> manifest;
  std::string split_rule;  // how the splits came about, in words for the user
  // Split -> why there is none of this name, and what to do, where that is known.
  std::map<std::string, std::string> why_missing;
  std::vector<std::string> unused;  // files and splits that are not used: one line a folder
  // What the user should know, one line each: `unused`, images in two
  // splits or two classes, classes without test images, a checksum that differs.
  std::vector<std::string> warnings;

  // kNotFound, naming the splits there are, and what to do.
  Result<const Split*> FindSplit(std::string_view split) const;
};

// A data set that has to be imported before it can be used: what is said of it until then.
struct ImportableDataset {
  std::string name;
  std::string title;
  std::string hint;  // where to get it, and the command that imports it
};

// Where names are looked up.
struct SearchPath {
  std::filesystem::path data_home;  // imported data sets are in datasets/ below it (base/paths.h)
  std::filesystem::path share;      // shipped ones are in datasets/ below it
  std::filesystem::path cache;      // hashes of image files are kept below it; empty: nowhere
  std::vector<ImportableDataset> importable = {};  // datasets/import/importers.h
};

// The search path from the environment and the options --data and --cache (empty: not given).
Result<SearchPath> DefaultSearchPath(const std::filesystem::path& data = {},
                                     const std::filesystem::path& cache = {});

// Opens the data set that `name_or_folder` means: an existing folder, else a name among the
// imported data sets, else a shipped one. A folder holds a manifest.toml, or split folders with one
// folder a class each (datasets/split_folders.h says which, and what each is used for), or one
// folder a class, whose images SplitRule() splits. Reads and hashes every image whose hash is not
// in the cache.
//
// Errors, each with the next step: kNotFound (an unknown name: lists the known ones; one that is
// not imported yet), kInvalidArgument (a class folder without images or with a name that is no
// label, classes that differ between the splits), kIo (a folder or image that cannot be read).
Result<Dataset> OpenDataset(const std::string& name_or_folder, const SearchPath& search);

// What `qbench dataset list` shows.
struct DatasetSummary {
  std::string name;
  std::string title;
  std::string licence;
  std::filesystem::path folder;  // empty where it has not been imported yet
  std::string kind;              // "shipped", "imported" or "not imported"
  std::vector<std::string> labels;
  std::vector<std::string> default_models;
  std::map<std::string, SplitManifest> splits;
  std::string note;  // how to get it, or what is wrong with its manifest; else empty
};
std::vector<DatasetSummary> ListDatasets(const SearchPath& search);

// SHA-256 over the lines that `sha256sum` prints for the images, in the order given (of escaped
// names, Image::path).
std::string SplitSha256(const std::vector<Image>& images);

// The same content in two splits.
struct Overlap {
  std::string first;  // "<split>/<path>"
  std::string second;
};
std::vector<Overlap> FindOverlaps(const Dataset& dataset);
// The same content in two classes, in one split or two: at most one of the labels is right.
std::vector<Overlap> FindContradictions(const Dataset& dataset);

// Images of a split whose content an earlier image of it has: indices, ascending.
std::vector<size_t> FindDuplicates(const Split& split);

// `count` images (all of them if there are fewer), the classes in turn, each class in the order of
// its content hashes: the same images whatever the files are called. Another `seed` than 0 orders
// them by the hash of seed and content hash: other images, the same on every machine. For
// calibration. Indices into split.images.
std::vector<size_t> SampleImages(const Split& split, size_t count, uint64_t seed = 0);

// The split of an image in a folder that has none: with h the first 8 hexadecimal digits of its
// SHA-256 over 2^32, h < 0.10 is calibration, h < 0.30 test, the rest train. The same content is
// always in the same split.
std::string_view SplitOfHash(std::string_view sha256);
// Whether a training image becomes a calibration image, where a folder has no such split: h < 0.10.
bool IsCalibrationHash(std::string_view sha256);
// The rule in words.
std::string_view SplitRule();

}  // namespace qbench::datasets
