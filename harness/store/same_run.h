// Whether two databases hold the same run. Internal to the store.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "SQLiteCpp/SQLiteCpp.h"
#include "harness/store/records.h"

namespace qbench::store {

// A hash of each of the run's measurements: of what was measured, when, and every sample and
// prediction of it, whatever ids the database gave.
std::set<std::string> MeasurementsOf(SQLite::Database& database, int64_t run_id);

// A run of another database that is the same, and whether it has all of its measurements.
struct SameRun {
  int64_t id = 0;
  bool complete = false;
};

// The run of `database` that began as `run` did, of which it has every measurement (then complete),
// or which has every measurement of it. measurements() gives those of `run`, and is called only
// where a run began as it did.
std::optional<SameRun> FindSameRun(SQLite::Database& database, const Run& run,
                                   const std::function<std::set<std::string>()>& measurements);

}  // namespace qbench::store
