#include "harness/store/same_run.h"

#include <algorithm>

#include "base/sha256.h"
#include "harness/store/sql_fields.h"

namespace qbench::store {

std::set<std::string> MeasurementsOf(SQLite::Database& database, int64_t run_id) {
  SQLite::Statement rows(
      database,
      "SELECT models.sha256, dataset_splits.sha256, quantizers.name, cells.quantizer_options, "
      "runtimes.name, cells.runtime_options, cells.threads, cells.side, measurements.kind, "
      "repetition, measurements.status, started_at, finished_at, samples_ns, predictions "
      "FROM cells JOIN measurements ON cell_id = cells.id JOIN models ON models.id = model_id "
      "JOIN dataset_splits ON dataset_splits.id = split_id "
      "JOIN plugins quantizers ON quantizers.id = quantizer_id "
      "JOIN plugins runtimes ON runtimes.id = runtime_id WHERE run_id = ?");
  rows.bind(1, run_id);
  std::set<std::string> hashes;
  while (rows.executeStep()) {
    std::string text;
    for (int i = 0; i < rows.getColumnCount(); ++i) {
      const std::string value = rows.getColumn(i).getString();
      text += std::to_string(value.size()) + ':' + value;
    }
    hashes.insert(Sha256Hex(text));
  }
  return hashes;
}

std::optional<SameRun> FindSameRun(SQLite::Database& database, const Run& run,
                                   const std::function<std::set<std::string>()>& measurements) {
  const auto candidates =
      Select<Run>(database,
                  "WHERE plan_hash = ? AND started_at = ? AND host_id = ? AND qbench_version = ? "
                  "AND git_state = ? ORDER BY id",
                  run.plan_hash, run.started_at, run.host_id, run.qbench_version, run.git_state);
  std::optional<SameRun> found;
  std::optional<std::set<std::string>> known;
  for (const Run& candidate : candidates) {
    if (candidate.command_line != run.command_line) continue;
    const std::set<std::string> there = MeasurementsOf(database, candidate.id);
    if (!known) known = measurements();
    if (std::ranges::includes(there, *known)) return SameRun{candidate.id, true};
    if (std::ranges::includes(*known, there)) found = SameRun{candidate.id, false};
  }
  return found;
}

}  // namespace qbench::store
