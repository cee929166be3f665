#include "datasets/folder_layout.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "base/interrupt.h"
#include "datasets/file_names.h"
#include "datasets/name_differences.h"

namespace qbench::datasets {
namespace {

namespace fs = std::filesystem;

std::string LowerCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return text;
}

template <size_t N>
bool HasExtension(const fs::path& name, const std::array<std::string_view, N>& extensions) {
  const std::string extension = LowerCase(name.extension().string());
  return std::find(extensions.begin(), extensions.end(), extension) != extensions.end();
}

// An image, but of a format that is not read.
bool IsForeignImageName(const fs::path& name) {
  static constexpr std::array<std::string_view, 12> kExtensions = {
      ".webp", ".gif", ".tif", ".tiff", ".heic", ".heif",
      ".avif", ".jp2", ".jpe", ".jfif", ".jxl",  ".ppm"};
  return HasExtension(name, kExtensions);
}

bool IsClutter(const std::string& name) {
  const std::string lower = LowerCase(name);
  return name.starts_with('.') || name == "__MACOSX" || lower == "thumbs.db" ||
         lower == "desktop.ini";
}

Status FolderError(const fs::path& folder, const std::error_code& error) {
  const bool missing = error == std::errc::no_such_file_or_directory;
  return Error(missing ? StatusCode::kNotFound : StatusCode::kIo, "cannot read the folder {}: {}",
               folder.string(), error.message());
}

// "3 files in <folder> are ignored: <first>, …"
std::string Ignored(std::string_view what, const fs::path& folder,
                    const std::vector<std::string>& names) {
  return fmt::format("{} {} in {} {} ignored: {}{}", names.size(), what, folder.string(),
                     names.size() == 1 ? "is" : "are", EscapeName(names[0]),
                     names.size() == 1 ? "" : ", …");
}

// Labels go into TOML, JSON, CSV and reports.
Status CheckLabel(const std::string& name, const fs::path& folder) {
  const std::string escaped = EscapeName(name);
  if (escaped == name) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "the class folder \"{}\" in {} has a control character or a backslash in its name, "
               "or one that is not UTF-8 (each shown as \\x and two digits); rename it",
               escaped, folder.string());
}

Status NoImages(const fs::path& class_folder, const FolderEntries& entries) {
  if (!entries.folders.empty()) {
    return Error(StatusCode::kInvalidArgument,
                 "{} has no images, but folders ({}): if those are the classes, name {} itself "
                 "with --dataset; if it is a class, its images must lie in it",
                 class_folder.string(), FewNames(entries.folders), class_folder.string());
  }
  const bool foreign = std::ranges::any_of(
      entries.others, [](const std::string& name) { return IsForeignImageName(name); });
  return Error(StatusCode::kInvalidArgument,
               "the class folder {} has no images (.jpg, .jpeg, .png, .bmp); {}",
               class_folder.string(),
               foreign ? "convert those in it" : "put some in, or remove the folder");
}

// Says what of a class folder is not used.
void WarnOfOthers(const fs::path& class_folder, const FolderEntries& entries,
                  std::vector<std::string>& warnings) {
  std::vector<std::string> foreign, others;
  for (const std::string& name : entries.others) {
    (IsForeignImageName(name) ? foreign : others).push_back(name);
  }
  if (!foreign.empty()) {
    warnings.push_back(Ignored("images of a format that is not read (convert them to .png)",
                               class_folder, foreign));
  }
  if (!others.empty()) {
    warnings.push_back(Ignored("files that are no images", class_folder, others));
  }
  if (!entries.folders.empty()) {
    warnings.push_back(Ignored("folders (a class's images lie in its folder itself)", class_folder,
                               entries.folders));
  }
}

}  // namespace

bool IsImageName(const fs::path& name) {
  static constexpr std::array<std::string_view, 4> kExtensions = {".jpg", ".jpeg", ".png", ".bmp"};
  return HasExtension(name, kExtensions);
}

Result<FolderEntries> ListFolder(const fs::path& folder) {
  FolderEntries entries;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (InterruptRequested()) return InterruptStatus("reading " + folder.string());
    if (IsClutter(name)) continue;
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
    QB_RETURN_IF_ERROR(CheckLabel(name, folder));
    const fs::path class_folder = folder / name;
    QB_ASSIGN_OR_RETURN(FolderEntries entries, ListFolder(class_folder));
    if (entries.images.empty()) return NoImages(class_folder, entries);
    WarnOfOthers(class_folder, entries, result.warnings);
    result.files[name] = std::move(entries.images);
  }
  result.classes = std::move(top.folders);
  return result;
}

}  // namespace qbench::datasets
