// Which runs a command is about: as people write them, wherever a command takes one.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "harness/store/store.h"

namespace qbench::cli {

// For --help.
inline constexpr std::string_view kRunNames =
    "RUN is its number, its name, latest or previous; FILE#RUN is one of another database.";

// Finds runs, and opens each database that they are in once.
class RunChoice {
 public:
  struct Chosen {
    store::Store* store = nullptr;  // owned by the RunChoice
    int64_t id = 0;
  };

  // Databases are never made; `database` is that of a run that is named without one.
  RunChoice(std::filesystem::path database, store::OpenMode mode)
      : database_(std::move(database)), mode_(mode) {}

  // "12", "latest", "previous", a name, each also with "FILE#" before it. The errors of Store::Open
  // and store::FindRun.
  Result<Chosen> Find(const std::string& text);
  Result<store::Store*> Open(const std::filesystem::path& database);
  // That of a run without one.
  Result<store::Store*> Open() { return Open(database_); }

 private:
  std::filesystem::path database_;
  store::OpenMode mode_;
  std::map<std::filesystem::path, std::unique_ptr<store::Store>> stores_;
};

}  // namespace qbench::cli
