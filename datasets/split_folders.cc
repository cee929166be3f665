#include "datasets/split_folders.h"

#include <algorithm>
#include <array>
#include <utility>

#include "datasets/file_names.h"
#include "datasets/folder_layout.h"
#include "datasets/name_differences.h"

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kNames = {{
    {"train", "train"},
    {"training", "train"},
    {"seg_train", "train"},
    {"val", "validation"},
    {"valid", "validation"},
    {"validation", "validation"},
    {"test", "test"},
    {"testing", "test"},
    {"seg_test", "test"},
    {"calibration", "calibration"},
}};

Result<bool> HoldsImages(const fs::path& folder) {
  QB_ASSIGN_OR_RETURN(const FolderEntries entries, ListFolder(folder));
  return !entries.images.empty();
}

// Whether one of the folders in `folder` is a class folder.
Result<bool> HoldsClasses(const fs::path& folder, const FolderEntries& entries) {
  for (const std::string& name : entries.folders) {
    QB_ASSIGN_OR_RETURN(const bool images, HoldsImages(folder / name));
    if (images) return true;
  }
  return false;
}

// What holds the class folders of a split: `folder`, or the one of the same name inside it. None
// where `folder` has no class folders. Of a folder without images all folders are taken as such.
Result<std::optional<fs::path>> FindClassRoot(const fs::path& folder) {
  QB_ASSIGN_OR_RETURN(const FolderEntries entries, ListFolder(folder));
  if (entries.folders.empty()) return std::optional<fs::path>();
  if (!entries.images.empty()) {
    QB_ASSIGN_OR_RETURN(const bool classes, HoldsClasses(folder, entries));
    return classes ? std::optional(folder) : std::nullopt;
  }
  if (entries.folders == std::vector<std::string>{folder.filename().string()}) {
    const fs::path nested = folder / entries.folders[0];
    QB_ASSIGN_OR_RETURN(const FolderEntries inner, ListFolder(nested));
    if (inner.images.empty() && !inner.folders.empty()) return std::optional(nested);
  }
  return std::optional(folder);
}

// Where every folder is called like a split and none has class folders, as in a data set whose
// labels are in a table.
Status CheckUnlabelled(const fs::path& folder, const std::vector<std::string>& flat,
                       const FolderEntries& entries) {
  if (flat.empty() || flat.size() < entries.folders.size()) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "{} in {} {} no class folders: sort the images into one folder a class, as in "
               "{}/cat/1.jpg",
               FewNames(flat), folder.string(), flat.size() == 1 ? "has" : "have", flat[0]);
}

std::string NameOf(const SplitFolder& folder) {
  return EscapeName(folder.folder.filename().string());
}

constexpr std::string_view kTrainHash =
    "with h < 0.10, h being the first 8 hexadecimal digits of its SHA-256 / 2^32";

}  // namespace

std::string_view SplitOfName(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const auto* known =
      std::ranges::find(kNames, lower, [](const auto& entry) { return entry.first; });
  return known == kNames.end() ? std::string_view() : known->second;
}

Result<SplitFolders> FindSplitFolders(const fs::path& folder) {
  QB_ASSIGN_OR_RETURN(const FolderEntries entries, ListFolder(folder));
  SplitFolders splits;
  std::vector<std::string> flat, others;  // called like a split, but without class folders
  for (const std::string& name : entries.folders) {
    const std::string_view split = SplitOfName(name);
    if (split.empty()) {
      others.push_back(EscapeName(name));
      continue;
    }
    QB_ASSIGN_OR_RETURN(const std::optional<fs::path> root, FindClassRoot(folder / name));
    if (!root) {
      flat.push_back(name);
      continue;
    }
    const auto [known, is_new] = splits.found.emplace(split, SplitFolder{folder / name, *root});
    if (!is_new) {
      return Error(StatusCode::kInvalidArgument,
                   "both {} and {} look like the {} split; move one of them away",
                   known->second.folder.string(), (folder / name).string(), split);
    }
  }
  if (splits.found.empty()) {
    QB_RETURN_IF_ERROR(CheckUnlabelled(folder, flat, entries));
    return splits;
  }
  if (!flat.empty()) {
    splits.unused.push_back(fmt::format("{} in {} {} not used: no class folders in it",
                                        FewNames(flat), folder.string(),
                                        flat.size() == 1 ? "is" : "are"));
  }
  if (!others.empty()) {
    splits.unused.push_back(fmt::format("{} in {} {} not used: beside the splits", FewNames(others),
                                        folder.string(), others.size() == 1 ? "is" : "are"));
  }
  return splits;
}

SplitChoice ChooseSplits(const SplitFolders& folders) {
  const auto find = [&](const char* split) {
    const auto found = folders.found.find(split);
    return found == folders.found.end() ? nullptr : &found->second;
  };
  const SplitFolder* train = find("train");
  const SplitFolder* validation = find("validation");
  const SplitFolder* test = find("test");
  const SplitFolder* calibration = find("calibration");
  const bool tested_on_validation = test == nullptr && validation != nullptr;
  const bool calibrated_on_validation =
      test != nullptr && validation != nullptr && train == nullptr && calibration == nullptr;
  SplitChoice choice;
  std::vector<std::string> rule;
  if (train != nullptr) {
    choice.train = train->classes;
    rule.push_back(fmt::format("train is {}", NameOf(*train)));
  }
  if (tested_on_validation) {
    choice.test = validation->classes;
    rule.push_back(fmt::format("test is {}, as there is no folder test", NameOf(*validation)));
  } else if (test != nullptr) {
    choice.test = test->classes;
    rule.push_back(fmt::format("test is {}", NameOf(*test)));
  }
  if (calibration != nullptr || calibrated_on_validation) {
    const SplitFolder& used = calibration != nullptr ? *calibration : *validation;
    choice.calibration = used.classes;
    rule.push_back(fmt::format("calibration is {}", NameOf(used)));
  } else if (train != nullptr) {
    choice.calibrate_on_train = true;
    rule.push_back(fmt::format("calibration is each image of {} {}", NameOf(*train), kTrainHash));
  }
  if (validation != nullptr && !tested_on_validation && !calibrated_on_validation) {
    rule.push_back(fmt::format("{} is not used", NameOf(*validation)));
    choice.warnings.push_back(fmt::format(
        "the validation images in {} are not used: accuracy is that of {}, and {} calibrates",
        validation->folder.string(), NameOf(*test),
        NameOf(calibration != nullptr ? *calibration : *train)));
  }
  choice.rule = fmt::format("the splits are folders: {}", fmt::join(rule, "; "));
  return choice;
}

}  // namespace qbench::datasets
