// A new database that is there when it is complete, and never in the place of another file.
// Internal to the store.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/status.h"

namespace qbench::store {

// kInvalidArgument where there is something at `destination`; `hint` says how to name another
// ("with --save").
Status CheckIsNew(const std::filesystem::path& destination, std::string_view hint);

// The file until it is complete; removed where it is not.
class NewDatabase {
 public:
  explicit NewDatabase(std::filesystem::path destination);
  NewDatabase(const NewDatabase&) = delete;
  NewDatabase& operator=(const NewDatabase&) = delete;
  ~NewDatabase();

  // Where it is written meanwhile.
  const std::filesystem::path& path() const { return path_; }
  // When it is closed: flushes it to the disk and puts it at its destination.
  Status Finish(std::string_view hint) const;

 private:
  std::filesystem::path destination_;
  std::filesystem::path path_;
};

}  // namespace qbench::store
