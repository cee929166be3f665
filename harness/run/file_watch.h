// Whether the plugins and engine libraries of a run are still the files that its plan hashed: one
// that is rebuilt meanwhile would be measured under the old hash.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/file_state.h"
#include "base/status.h"
#include "harness/jobs/jobs.h"
#include "harness/plan/catalogue.h"

namespace qbench::run {

// One thread.
class FileWatch {
 public:
  // Remembers the plugin's file, and the library that it opened, as they are now.
  void Add(const plan::InstalledPlugin& plugin);
  // kInvalidArgument, naming the file, where one that the job's plugins are made of has other
  // content than when it was added. Looks at the files' states, and reads those that changed.
  Status Check(const jobs::Job& job);

 private:
  struct File {
    FileState state;
    std::string sha256;
  };
  void AddFile(const std::filesystem::path& plugin, const std::filesystem::path& file,
               std::string sha256);
  Status CheckPlugin(const std::filesystem::path& plugin);

  std::multimap<std::filesystem::path, std::filesystem::path> files_of_;  // by the plugin's file
  std::map<std::filesystem::path, File> files_;
};

}  // namespace qbench::run
