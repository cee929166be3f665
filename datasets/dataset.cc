#include "datasets/dataset.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "base/json.h"
#include "base/paths.h"
#include "base/sha256.h"
#include "datasets/folder_layout.h"
#include "datasets/hash_cache.h"
#include "fmt/ranges.h"

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;

constexpr char kIntel[] = "intel";

// Labels go into TOML, JSON and reports: they must be UTF-8.
Status CheckLabelText(const std::string& label, const fs::path& folder) {
  const Result<Json> parsed = ParseJson(DumpJson(label));
  if (parsed.ok() && *parsed == label) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "a class folder in {} has a name that is not UTF-8; rename it", folder.string());
}

// The images of class folders below `folder`, with labels by `labels` and their hashes.
Result<std::vector<Image>> HashImages(const fs::path& folder, const ClassFolders& scan,
                                      const std::vector<std::string>& labels, HashCache& hashes) {
  std::vector<Image> images;
  for (const auto& [name, files] : scan.files) {
    const auto label = std::find(labels.begin(), labels.end(), name);
    for (const std::string& file : files) {
      Image image;
      image.path = fmt::format("{}/{}", name, file);
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
                    const std::vector<std::string>& labels, std::string_view expected_by,
                    bool may_lack) {
  const std::set<std::string> found(classes.begin(), classes.end());
  const std::set<std::string> expected(labels.begin(), labels.end());
  std::vector<std::string> differences;
  for (const std::string& label : expected) {
    if (!may_lack && !found.contains(label))
      differences.push_back(fmt::format("no folder {}", label));
  }
  for (const std::string& name : found) {
    if (!expected.contains(name)) differences.push_back(fmt::format("{} is no class", name));
  }
  if (differences.empty()) return OkStatus();
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
      dataset_.name = dataset_.folder.filename().string();
      QB_ASSIGN_OR_RETURN(const auto split_folders, FindSplitFolders(dataset_.folder));
      if (split_folders.contains("train") && split_folders.contains("test")) {
        QB_RETURN_IF_ERROR(OpenBySplitFolders(split_folders));
      } else if (split_folders.empty()) {
        QB_RETURN_IF_ERROR(OpenByRule(dataset_.folder));
      } else {
        QB_RETURN_IF_ERROR(OpenOneSplit(split_folders));
      }
    }
    std::sort(dataset_.splits.begin(), dataset_.splits.end(),
              [](const Split& a, const Split& b) { return a.name < b.name; });
    if (const std::vector<Overlap> overlaps = FindOverlaps(dataset_); !overlaps.empty()) {
      dataset_.warnings.push_back(
          fmt::format("{} images are in two splits, which makes accuracy look better than it is; "
                      "the first: {} = {}",
                      overlaps.size(), overlaps[0].first, overlaps[0].second));
    }
    return std::move(dataset_);
  }

 private:
  Result<ClassFolders> Scan(const fs::path& folder) {
    QB_ASSIGN_OR_RETURN(ClassFolders scan, ScanClassFolders(folder));
    for (auto* lines : {&dataset_.unused, &dataset_.warnings}) {
      lines->insert(lines->end(), scan.warnings.begin(), scan.warnings.end());
    }
    for (const std::string& name : scan.classes) {
      QB_RETURN_IF_ERROR(CheckLabelText(name, folder));
    }
    return scan;
  }

  Result<std::vector<Image>> ScanSplit(std::string_view name, const fs::path& folder,
                                       std::string_view expected_by) {
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

  Status OpenBySplitFolders(const std::map<std::string, fs::path>& folders) {
    const fs::path& train_folder = folders.at("train");
    QB_ASSIGN_OR_RETURN(const ClassFolders scan, Scan(train_folder));
    dataset_.labels = scan.classes;
    QB_ASSIGN_OR_RETURN(std::vector<Image> train,
                        HashImages(train_folder, scan, dataset_.labels, hashes_));
    for (const char* name : {"test", "calibration"}) {
      if (!folders.contains(name)) continue;
      QB_ASSIGN_OR_RETURN(std::vector<Image> images,
                          ScanSplit(name, folders.at(name), train_folder.string()));
      dataset_.splits.push_back(MakeSplit(name, folders.at(name), std::move(images)));
    }
    dataset_.split_rule = "the splits are folders";
    if (!folders.contains("calibration")) {
      const auto middle = std::stable_partition(train.begin(), train.end(), [](const Image& image) {
        return !IsCalibrationHash(image.sha256);
      });
      dataset_.splits.push_back(
          MakeSplit("calibration", train_folder, std::vector<Image>(middle, train.end())));
      train.erase(middle, train.end());
      dataset_.split_rule +=
          "; calibration is each training image with h < 0.10, h being the first "
          "8 hexadecimal digits of its SHA-256 / 2^32";
    }
    dataset_.splits.push_back(MakeSplit("train", train_folder, std::move(train)));
    return OkStatus();
  }

  // A folder with one class a sub-folder and no splits.
  Status OpenByRule(const fs::path& folder) {
    QB_ASSIGN_OR_RETURN(const ClassFolders scan, Scan(folder));
    dataset_.labels = scan.classes;
    QB_ASSIGN_OR_RETURN(std::vector<Image> images,
                        HashImages(folder, scan, dataset_.labels, hashes_));
    std::map<std::string_view, std::vector<Image>> splits;
    for (Image& image : images) splits[SplitOfHash(image.sha256)].push_back(std::move(image));
    for (auto& [name, members] : splits) {
      dataset_.splits.push_back(MakeSplit(std::string(name), folder, std::move(members)));
    }
    dataset_.split_rule = SplitRule();
    return OkStatus();
  }

  // Training images alone are split by the rule; test (or calibration) images alone stay what they
  // are.
  Status OpenOneSplit(const std::map<std::string, fs::path>& folders) {
    if (folders.contains("train")) return OpenByRule(folders.at("train"));
    const auto& [first_name, first_folder] = *folders.begin();
    QB_ASSIGN_OR_RETURN(const ClassFolders scan, Scan(first_folder));
    dataset_.labels = scan.classes;
    dataset_.split_rule = "the splits are folders";
    for (const auto& [name, folder] : folders) {
      QB_ASSIGN_OR_RETURN(std::vector<Image> images,
                          ScanSplit(name, folder, first_folder.string()));
      dataset_.splits.push_back(MakeSplit(name, folder, std::move(images)));
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
  if (name == kIntel) return {StatusCode::kNotFound, std::string(IntelHint())};
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
  return Error(StatusCode::kNotFound, "data set {} has no split \"{}\"; it has {}", name, split,
               fmt::join(names, ", "));
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
                                              (Sha256Hex(folder.string()).substr(0, 16) + ".txt"));
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
  if (!found.contains(kIntel)) {
    found[kIntel] = {kIntel, "Intel Image Classification", {}, {}, "not imported", {}, {},
                     {},     std::string(IntelHint())};
  }
  std::vector<DatasetSummary> list;
  list.reserve(found.size());
  for (auto& [name, summary] : found) list.push_back(std::move(summary));
  return list;
}

std::string_view IntelHint() {
  return "intel is not imported yet: download \"Intel Image Classification\" "
         "(puneet6060/intel-image-classification) from Kaggle, then run `qbench dataset import "
         "intel PATH`, PATH being the zip or the unpacked folder";
}

}  // namespace qbench::datasets
