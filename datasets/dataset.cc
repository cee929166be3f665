#include "datasets/dataset.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/paths.h"
#include "base/sha256.h"
#include "datasets/file_names.h"
#include "datasets/folder_layout.h"
#include "datasets/hash_cache.h"
#include "datasets/name_differences.h"
#include "datasets/split_folders.h"
#include "fmt/ranges.h"

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;

// The images of class folders below `folder`, with labels by `labels` and their hashes.
Result<std::vector<Image>> HashImages(const fs::path& folder, const ClassFolders& scan,
                                      const std::vector<std::string>& labels, HashCache& hashes) {
  std::vector<Image> images;
  for (const auto& [name, files] : scan.files) {
    const auto label = std::find(labels.begin(), labels.end(), name);
    for (const std::string& file : files) {
      Image image;
      image.path = fmt::format("{}/{}", name, EscapeName(file));
      image.file = folder / name / file;
      image.label = static_cast<int>(label - labels.begin());
      QB_ASSIGN_OR_RETURN(image.sha256, hashes.Hash(image.file));
      images.push_back(std::move(image));
    }
  }
  return images;
}

Split MakeSplit(std::string name, fs::path folder, std::vector<Image> images) {
  std::sort(images.begin(), images.end(),
            [](const Image& a, const Image& b) { return a.path < b.path; });
  Split split{std::move(name), std::move(folder), std::move(images), {}};
  split.sha256 = SplitSha256(split.images);
  return split;
}

// kInvalidArgument, naming the differing classes, unless the folders are just the labels; a small
// calibration split may lack some.
Status CheckClasses(const fs::path& folder, const std::vector<std::string>& classes,
                    const std::vector<std::string>& labels, const std::string& expected_by,
                    bool may_lack) {
  NameDifferences names = CompareNames(labels, classes);
  if (may_lack) names.only_first.clear();
  if (names.empty()) return OkStatus();
  std::vector<std::string> differences;
  if (!names.alike.empty()) {
    differences.push_back(DescribeAlike(names.alike, expected_by, folder.string()) +
                          ": rename one of them");
  }
  if (!names.only_first.empty()) {
    differences.push_back(fmt::format("no folder {}", FewNames(names.only_first)));
  }
  if (!names.only_second.empty()) {
    differences.push_back(fmt::format("{} is no class", FewNames(names.only_second)));
  }
  return Error(StatusCode::kInvalidArgument, "the class folders of {} differ from those of {}: {}",
               folder.string(), expected_by, fmt::join(differences, ", "));
}

// A data set in the making: scans, hashes and warnings go through here.
class Opener {
 public:
  Opener(fs::path folder, HashCache& hashes) : hashes_(hashes) {
    dataset_.folder = std::move(folder);
  }

  Result<Dataset> Open() {
    std::error_code ignored;
    if (fs::exists(dataset_.folder / kManifestName, ignored)) {
      QB_RETURN_IF_ERROR(OpenByManifest());
    } else {
      dataset_.name = EscapeName(dataset_.folder.filename().string());
      QB_ASSIGN_OR_RETURN(const SplitFolders split_folders, FindSplitFolders(dataset_.folder));
      if (split_folders.found.empty()) {
        QB_RETURN_IF_ERROR(OpenByRule(dataset_.folder));
      } else {
        WarnOfUnused(split_folders.unused);
        QB_RETURN_IF_ERROR(OpenBySplitFolders(ChooseSplits(split_folders)));
      }
    }
    std::sort(dataset_.splits.begin(), dataset_.splits.end(),
              [](const Split& a, const Split& b) { return a.name < b.name; });
    WarnOfContent();
    WarnOfEmptyClasses();
    return std::move(dataset_);
  }

 private:
  void WarnOfUnused(const std::vector<std::string>& lines) {
    for (auto* list : {&dataset_.unused, &dataset_.warnings}) {
      list->insert(list->end(), lines.begin(), lines.end());
    }
  }

  // Images that are in two splits, or in two classes.
  void WarnOfContent() {
    if (const std::vector<Overlap> overlaps = FindOverlaps(dataset_); !overlaps.empty()) {
      dataset_.warnings.push_back(
          fmt::format("{} images are in two splits, which makes accuracy look better than it is; "
                      "the first: {} = {}",
                      overlaps.size(), overlaps[0].first, overlaps[0].second));
    }
    if (const std::vector<Overlap> both = FindContradictions(dataset_); !both.empty()) {
      dataset_.warnings.push_back(
          fmt::format("{} images are in two classes, so that one of the labels is wrong; the "
                      "first: {} = {}",
                      both.size(), both[0].first, both[0].second));
    }
  }

  void WarnOfEmptyClasses() {
    const Result<const Split*> test = dataset_.FindSplit("test");
    if (!test.ok()) return;
    std::vector<bool> tested(dataset_.labels.size());
    for (const Image& image : (*test)->images) tested[static_cast<size_t>(image.label)] = true;
    std::vector<std::string> untested;
    for (size_t i = 0; i < tested.size(); ++i) {
      if (!tested[i]) untested.push_back(dataset_.labels[i]);
    }
    if (untested.empty()) return;
    dataset_.warnings.push_back(fmt::format(
        "no image of {} is in the test split: accuracy says nothing about them; add images, or "
        "put some into folders test and train",
        FewNames(untested)));
  }

  Result<ClassFolders> Scan(const fs::path& folder) {
    QB_ASSIGN_OR_RETURN(ClassFolders scan, ScanClassFolders(folder));
    WarnOfUnused(scan.warnings);
    return scan;
  }

  Result<std::vector<Image>> ScanSplit(std::string_view name, const fs::path& folder,
                                       const std::string& expected_by) {
    QB_ASSIGN_OR_RETURN(const ClassFolders scan, Scan(folder));
    QB_RETURN_IF_ERROR(
        CheckClasses(folder, scan.classes, dataset_.labels, expected_by, name == "calibration"));
    return HashImages(folder, scan, dataset_.labels, hashes_);
  }

  Status OpenByManifest() {
    QB_ASSIGN_OR_RETURN(Manifest manifest, ReadManifest(dataset_.folder / kManifestName));
    dataset_.name = manifest.name;
    dataset_.labels = manifest.labels;
    dataset_.split_rule = "the splits of the manifest";
    for (const auto& [name, entry] : manifest.splits) {
      const fs::path folder = dataset_.folder / entry.path;
      QB_ASSIGN_OR_RETURN(std::vector<Image> images, ScanSplit(name, folder, "the manifest"));
      dataset_.splits.push_back(MakeSplit(name, folder, std::move(images)));
      const Split& split = dataset_.splits.back();
      if (split.sha256 != entry.sha256) {
        dataset_.warnings.push_back(fmt::format(
            "the {} split in {} is not what its manifest says ({} images, {} expected); run "
            "`qbench dataset verify`, or install or import it again",
            name, folder.string(), split.images.size(), entry.images));
      }
    }
    dataset_.manifest = std::move(manifest);
    return OkStatus();
  }

  Status OpenBySplitFolders(const SplitChoice& choice) {
    const fs::path& first = choice.train  ? *choice.train
                            : choice.test ? *choice.test
                                          : *choice.calibration;
    QB_ASSIGN_OR_RETURN(const ClassFolders scan, Scan(first));
    dataset_.labels = scan.classes;
    dataset_.split_rule = choice.rule;
    WarnOfUnused(choice.warnings);
    for (const auto& [name, folder] :
         {std::pair("test", choice.test), std::pair("calibration", choice.calibration)}) {
      if (!folder) continue;
      QB_ASSIGN_OR_RETURN(std::vector<Image> images,
                          *folder == first ? HashImages(first, scan, dataset_.labels, hashes_)
                                           : ScanSplit(name, *folder, first.string()));
      dataset_.splits.push_back(MakeSplit(name, *folder, std::move(images)));
    }
    if (choice.train) {
      QB_ASSIGN_OR_RETURN(std::vector<Image> train,
                          HashImages(first, scan, dataset_.labels, hashes_));
      if (choice.calibrate_on_train) TakeCalibrationImages(first, train);
      dataset_.splits.push_back(MakeSplit("train", first, std::move(train)));
    }
    ExplainMissing(choice);
    return OkStatus();
  }

  void TakeCalibrationImages(const fs::path& folder, std::vector<Image>& train) {
    const auto middle = std::stable_partition(train.begin(), train.end(), [](const Image& image) {
      return !IsCalibrationHash(image.sha256);
    });
    if (middle == train.end()) return;
    dataset_.splits.push_back(
        MakeSplit("calibration", folder, std::vector<Image>(middle, train.end())));
    train.erase(middle, train.end());
  }

  void ExplainMissing(const SplitChoice& choice) {
    const std::string folder = dataset_.folder.string();
    if (!choice.test) {
      dataset_.why_missing["test"] = fmt::format(
          "training and calibration images are not tested on: add {}/test, with one folder a class",
          folder);
    }
    if (choice.test && choice.train) {
      dataset_.why_missing["calibration"] = fmt::format(
          "by chance no image of {} has h < 0.10: add {}/calibration, with one folder a class",
          choice.train->string(), folder);
    } else if (choice.test) {
      dataset_.why_missing["calibration"] = fmt::format(
          "test images are not calibrated on: add {0}/calibration or {0}/train, with one folder a "
          "class",
          folder);
    }
  }

  // A folder with one class a sub-folder and no splits.
  Status OpenByRule(const fs::path& folder) {
    QB_ASSIGN_OR_RETURN(const ClassFolders scan, Scan(folder));
    dataset_.labels = scan.classes;
    QB_ASSIGN_OR_RETURN(std::vector<Image> images,
                        HashImages(folder, scan, dataset_.labels, hashes_));
    const size_t count = images.size();
    std::map<std::string_view, std::vector<Image>> splits;
    for (Image& image : images) splits[SplitOfHash(image.sha256)].push_back(std::move(image));
    for (auto& [name, members] : splits) {
      dataset_.splits.push_back(MakeSplit(std::string(name), folder, std::move(members)));
    }
    dataset_.split_rule = SplitRule();
    for (const char* name : {"test", "calibration"}) {
      dataset_.why_missing[name] = fmt::format(
          "by chance none of the {} images falls into it: add images, or put some into {}/{}",
          count, folder.string(), name);
    }
    if (SplitOfName(folder.filename().string()) == "train") {
      dataset_.warnings.push_back(fmt::format(
          "{} is called like a folder of training images: if the model was trained on them, its "
          "accuracy here means nothing; name a folder of other images",
          folder.string()));
    }
    return OkStatus();
  }

  Dataset dataset_;
  HashCache& hashes_;
};

fs::path Imported(const SearchPath& search) { return search.data_home / "datasets"; }
fs::path Shipped(const SearchPath& search) { return search.share / "datasets"; }

bool HasManifest(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / kManifestName, ignored);
}

// A name that is looked up, as opposed to a path.
bool IsPlainName(const std::string& text) {
  return !text.empty() && text.find('/') == std::string::npos && !text.starts_with('.');
}

// The folder of a named data set, or an empty path.
fs::path FindNamed(const std::string& name, const SearchPath& search) {
  if (!IsPlainName(name)) return {};
  for (const fs::path& place : {Imported(search), Shipped(search)}) {
    if (HasManifest(place / name)) return place / name;
  }
  return {};
}

Status UnknownDataset(const std::string& name, const SearchPath& search) {
  for (const ImportableDataset& dataset : search.importable) {
    if (name == dataset.name) return {StatusCode::kNotFound, dataset.hint};
  }
  std::vector<std::string> names;
  for (const DatasetSummary& summary : ListDatasets(search)) names.push_back(summary.name);
  return Error(StatusCode::kNotFound,
               "no data set and no folder \"{}\"; there are {}, or name any folder with one "
               "sub-folder a class",
               name, fmt::join(names, ", "));
}

}  // namespace

Result<const Split*> Dataset::FindSplit(std::string_view split) const {
  std::vector<std::string_view> names;
  for (const Split& candidate : splits) {
    if (candidate.name == split) return &candidate;
    names.push_back(candidate.name);
  }
  const auto why = why_missing.find(std::string(split));
  return Error(StatusCode::kNotFound, "data set {} has no split \"{}\"; it has {}{}{}", name, split,
               fmt::join(names, ", "), why == why_missing.end() ? "" : ": ",
               why == why_missing.end() ? "" : why->second);
}

Result<SearchPath> DefaultSearchPath(const fs::path& data, const fs::path& cache) {
  SearchPath search;
  QB_ASSIGN_OR_RETURN(search.data_home, DataHome(data));
  QB_ASSIGN_OR_RETURN(search.share, ShareDir());
  QB_ASSIGN_OR_RETURN(search.cache, CacheHome(cache));
  return search;
}

Result<Dataset> OpenDataset(const std::string& name_or_folder, const SearchPath& search) {
  std::error_code error;
  const fs::path named = FindNamed(name_or_folder, search);
  const bool is_folder = fs::is_directory(name_or_folder, error);
  if (!is_folder && named.empty()) return UnknownDataset(name_or_folder, search);
  const fs::path folder = fs::canonical(is_folder ? fs::path(name_or_folder) : named, error);
  if (error) {
    return Error(StatusCode::kIo, "cannot open {}: {}", name_or_folder, error.message());
  }
  HashCache hashes(search.cache.empty() ? fs::path()
                                        : search.cache / "hashes" /
                                              (Sha256Hex(folder.string()).substr(0, 16) + ".json"));
  Result<Dataset> dataset = Opener(folder, hashes).Open();
  hashes.Save();
  if (dataset.ok() && is_folder && !named.empty() && !fs::equivalent(folder, named, error)) {
    dataset->warnings.push_back(
        fmt::format("{} is taken as the folder {}, not as the data set in {}", name_or_folder,
                    folder.string(), named.string()));
  }
  return dataset;
}

std::vector<DatasetSummary> ListDatasets(const SearchPath& search) {
  std::map<std::string, DatasetSummary> found;  // an imported one hides a shipped one of its name
  const std::pair<fs::path, const char*> places[] = {{Imported(search), "imported"},
                                                     {Shipped(search), "shipped"}};
  for (const auto& [place, kind] : places) {
    const Result<FolderEntries> entries = ListFolder(place);
    if (!entries.ok()) continue;
    for (const std::string& name : entries->folders) {
      if (!HasManifest(place / name) || found.contains(name)) continue;
      DatasetSummary summary{name, {}, {}, place / name, kind, {}, {}, {}, {}};
      if (Result<Manifest> manifest = ReadManifest(place / name / kManifestName); manifest.ok()) {
        summary.title = manifest->title;
        summary.licence = manifest->licence;
        summary.labels = manifest->labels;
        summary.default_models = manifest->default_models;
        summary.splits = manifest->splits;
      } else {
        summary.note = manifest.status().message();
      }
      found[name] = std::move(summary);
    }
  }
  for (const ImportableDataset& dataset : search.importable) {
    if (found.contains(dataset.name)) continue;
    DatasetSummary& summary = found[dataset.name];
    summary.name = dataset.name;
    summary.title = dataset.title;
    summary.kind = "not imported";
    summary.note = dataset.hint;
  }
  std::vector<DatasetSummary> list;
  list.reserve(found.size());
  for (auto& [name, summary] : found) list.push_back(std::move(summary));
  return list;
}

}  // namespace qbench::datasets
