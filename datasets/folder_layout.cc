#include "datasets/folder_layout.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <system_error>

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return text;
}

Status CheckName(const fs::path& path) {
  for (const char c : path.filename().string()) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '\\') {
      return Error(StatusCode::kInvalidArgument,
                   "an entry of {} has a control character or a backslash in its name; rename it",
                   path.parent_path().string());
    }
  }
  return OkStatus();
}

Status FolderError(const fs::path& folder, const std::error_code& error) {
  const bool missing = error == std::errc::no_such_file_or_directory;
  return Error(missing ? StatusCode::kNotFound : StatusCode::kIo, "cannot read the folder {}: {}",
               folder.string(), error.message());
}

// The split that a folder's name means, or "".
std::string_view SplitOfName(const std::string& name) {
  const std::string lower = LowerCase(name);
  if (lower == "train" || lower == "seg_train") return "train";
  if (lower == "test" || lower == "seg_test") return "test";
  if (lower == "calibration") return "calibration";
  return "";
}

// `folder`, or the one of the same name inside it, if that holds folders and no images.
Result<std::optional<fs::path>> FindClassRoot(const fs::path& folder) {
  QB_ASSIGN_OR_RETURN(const FolderEntries entries, ListFolder(folder));
  if (!entries.images.empty() || entries.folders.empty()) return std::optional<fs::path>();
  if (entries.folders == std::vector<std::string>{folder.filename().string()}) {
    const fs::path nested = folder / entries.folders[0];
    QB_ASSIGN_OR_RETURN(const FolderEntries inner, ListFolder(nested));
    if (inner.images.empty() && !inner.folders.empty()) return std::optional(nested);
  }
  return std::optional(folder);
}

// "3 files in <folder> are ignored, the first is <name>"
std::string Ignored(std::string_view what, const fs::path& folder,
                    const std::vector<std::string>& names) {
  return fmt::format("{} {} in {} {} ignored: {}{}", names.size(), what, folder.string(),
                     names.size() == 1 ? "is" : "are", names[0], names.size() == 1 ? "" : ", …");
}

}  // namespace

bool IsImageName(const fs::path& name) {
  static constexpr std::array<std::string_view, 4> kExtensions = {".jpg", ".jpeg", ".png", ".bmp"};
  const std::string extension = LowerCase(name.extension().string());
  return std::find(kExtensions.begin(), kExtensions.end(), extension) != kExtensions.end();
}

Result<FolderEntries> ListFolder(const fs::path& folder) {
  FolderEntries entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') || name == "__MACOSX") continue;
    QB_RETURN_IF_ERROR(CheckName(entry->path()));
    std::error_code ignored;  // a link that leads nowhere is among the others
    if (entry->is_directory(ignored)) {
      entries.folders.push_back(name);
    } else if (entry->is_regular_file(ignored) && IsImageName(name)) {
      entries.images.push_back(name);
    } else {
      entries.others.push_back(name);
    }
  }
  if (error) return FolderError(folder, error);
  for (auto* list : {&entries.folders, &entries.images, &entries.others}) {
    std::sort(list->begin(), list->end());
  }
  return entries;
}

Result<std::map<std::string, fs::path>> FindSplitFolders(const fs::path& folder) {
  QB_ASSIGN_OR_RETURN(const FolderEntries entries, ListFolder(folder));
  std::map<std::string, fs::path> splits;
  for (const std::string& name : entries.folders) {
    const std::string_view split = SplitOfName(name);
    if (split.empty()) continue;
    QB_ASSIGN_OR_RETURN(const std::optional<fs::path> root, FindClassRoot(folder / name));
    if (!root) continue;
    const auto [known, is_new] = splits.emplace(split, *root);
    if (!is_new) {
      return Error(StatusCode::kInvalidArgument,
                   "both {} and {} look like the {} split; move one of them away",
                   known->second.string(), root->string(), split);
    }
  }
  return splits;
}

Result<ClassFolders> ScanClassFolders(const fs::path& folder) {
  QB_ASSIGN_OR_RETURN(FolderEntries top, ListFolder(folder));
  if (top.folders.empty()) {
    return Error(StatusCode::kInvalidArgument,
                 "{} has no sub-folders; a data set has one folder a class, with its images",
                 folder.string());
  }
  ClassFolders result;
  top.others.insert(top.others.end(), top.images.begin(), top.images.end());
  if (!top.others.empty()) {
    result.warnings.push_back(Ignored("files beside the class folders", folder, top.others));
  }
  for (const std::string& name : top.folders) {
    const fs::path class_folder = folder / name;
    QB_ASSIGN_OR_RETURN(FolderEntries entries, ListFolder(class_folder));
    if (entries.images.empty()) {
      return Error(StatusCode::kInvalidArgument,
                   "the class folder {} has no images (.jpg, .jpeg, .png, .bmp); put some in, or "
                   "remove the folder",
                   class_folder.string());
    }
    entries.others.insert(entries.others.end(), entries.folders.begin(), entries.folders.end());
    if (!entries.others.empty()) {
      result.warnings.push_back(
          Ignored("entries that are no images", class_folder, entries.others));
    }
    result.files[name] = std::move(entries.images);
  }
  result.classes = std::move(top.folders);
  return result;
}

}  // namespace qbench::datasets
