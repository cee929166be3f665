// How images lie in folders: which sub-folders are classes, and what is in them. Symbolic links are
// followed, one level at a time; nothing is walked recursively, so that a link to a parent does no
// harm. Hidden entries (.DS_Store, .ipynb_checkpoints, ._1.jpg) and what systems leave about
// (__MACOSX, Thumbs.db, desktop.ini) are passed over. Any other name is taken as it is.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace qbench::datasets {

// Whether a file's name ends like that of an image: .jpg, .jpeg, .png or .bmp, in any case.
bool IsImageName(const std::filesystem::path& name);

// One folder's entries, each list in byte order.
struct FolderEntries {
  std::vector<std::string> folders;
  std::vector<std::string> images;  // regular files with IsImageName
  std::vector<std::string> others;  // other files, and links that lead nowhere
};

// kNotFound; kIo where it cannot be read.
Result<FolderEntries> ListFolder(const std::filesystem::path& folder);

// The images of a folder with one sub-folder a class.
struct ClassFolders {
  std::vector<std::string> classes;                       // in byte order
  std::map<std::string, std::vector<std::string>> files;  // class -> names of its images
  std::vector<std::string> warnings;                      // what lies about and is not used
};

// kInvalidArgument where there is no class folder, or one without images (both are named), or one
// whose name cannot be a label: it has control characters or a backslash, or is not UTF-8.
Result<ClassFolders> ScanClassFolders(const std::filesystem::path& folder);

}  // namespace qbench::datasets
