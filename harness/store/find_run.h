// Which run people mean: the one reader of what they write for one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/status.h"
#include "harness/store/store.h"

namespace qbench::store {

struct RunName {
  std::filesystem::path database;
  std::string run;  // "12", "latest", "previous", a name
};

// "12", "latest", "previous", "before the converter": of `database`; "FILE#12" and so on: of
// another. What is behind the last '#' is the run: no name of a run has one.
RunName ParseRunName(const std::string& text, const std::filesystem::path& database);

// Whether `run` can only be a run: a number, latest or previous.
bool IsRunWord(const std::string& run);

// The number of the run that is meant. kNotFound, saying what there is or how to see it.
Result<int64_t> FindRun(const std::string& run, Store& store);

}  // namespace qbench::store
