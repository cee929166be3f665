// Runs of one database into another, all or none.
#include <algorithm>

#include "base/interrupt.h"
#include "harness/store/copy_run.h"
#include "harness/store/same_run.h"
#include "harness/store/store_impl.h"

namespace qbench::store {
namespace {

// The runs that are asked for, the oldest first.
Result<std::vector<Run>> ChooseRuns(SQLite::Database& database, const std::filesystem::path& path,
                                    const std::vector<int64_t>& wanted) {
  std::vector<Run> runs = Select<Run>(database, "ORDER BY id");
  if (wanted.empty()) return runs;
  for (const int64_t id : wanted) {
    if (std::ranges::find(runs, id, &Run::id) == runs.end()) return NoSuchRun(database, path, id);
  }
  std::erase_if(runs,
                [&](const Run& run) { return std::ranges::find(wanted, run.id) == wanted.end(); });
  return runs;
}

// What the run's rows hold, without what SQLite adds.
uint64_t BytesOf(SQLite::Database& database, int64_t run_id) {
  const auto bytes = SelectNumber(
      database,
      "SELECT SUM(IFNULL(LENGTH(samples_ns), 0) + IFNULL(LENGTH(predictions), 0) + "
      "IFNULL(LENGTH(confidences), 0) + LENGTH(conditions) + LENGTH(log) + LENGTH(warnings)) "
      "FROM measurements WHERE cell_id IN (SELECT id FROM cells WHERE run_id = ?)",
      run_id);
  return static_cast<uint64_t>(bytes.value_or(0));
}

class Merger {
 public:
  Merger(SQLite::Database& from, const std::filesystem::path& from_path, SQLite::Database& into,
         const std::filesystem::path& into_path)
      : from_(from), into_(into), into_path_(into_path), copier_(from, from_path, into) {}

  Result<std::vector<MergedRun>> Merge(const std::vector<Run>& runs, const RoomCheck& room) {
    QB_RETURN_IF_ERROR(CheckRoom(runs, room));
    std::vector<MergedRun> merged;
    for (Run run : runs) {
      if (InterruptRequested()) return InterruptStatus("copying runs");
      MergedRun one = Compare(run);
      if (one.into == 0) {
        one.name_is_taken =
            !run.name.empty() &&
            SelectNumber(into_, "SELECT id FROM runs WHERE name = ?", run.name).has_value();
        if (one.name_is_taken) run.name.clear();
        one.into = copier_.Copy(run);
      }
      merged.push_back(std::move(one));
    }
    return merged;
  }

 private:
  MergedRun Compare(const Run& run) {
    MergedRun merged{.from = run.id, .name = run.name};
    const auto measurements = [&] {
      return copier_.Reading([&] { return MeasurementsOf(from_, run.id); });
    };
    if (const auto same = FindSameRun(into_, run, measurements)) {
      merged.into = same->id;
      merged.what = same->complete ? MergedRun::What::kKnown : MergedRun::What::kIncomplete;
    }
    return merged;
  }

  // What is copied is written to the log first, and then from there to the file.
  Status CheckRoom(const std::vector<Run>& runs, const RoomCheck& room) {
    if (!room) return OkStatus();
    uint64_t bytes = 0;
    for (const Run& run : runs) {
      if (Compare(run).into != 0) continue;
      bytes += copier_.Reading([&] { return BytesOf(from_, run.id); });
    }
    return room({{"the database", into_path_, bytes, 2 * bytes}});
  }

  SQLite::Database& from_;
  SQLite::Database& into_;
  const std::filesystem::path& into_path_;
  RunCopier copier_;
};

}  // namespace

Result<std::vector<MergedRun>> Store::Merge(Store& from, const MergeOptions& options) {
  if (from.impl_->identity.device == impl_->identity.device &&
      from.impl_->identity.inode == impl_->identity.inode) {
    return Error(StatusCode::kInvalidArgument, "'{}' cannot be copied into itself",
                 impl_->path.string());
  }
  try {
    return impl_->Write([&](SQLite::Database& into) -> Result<std::vector<MergedRun>> {
      return from.impl_->Read([&](SQLite::Database& source) -> Result<std::vector<MergedRun>> {
        QB_ASSIGN_OR_RETURN(const std::vector<Run> runs,
                            ChooseRuns(source, from.path(), options.runs));
        try {
          return Merger(source, from.path(), into, path()).Merge(runs, options.room);
        } catch (const SQLite::Exception& exception) {
          throw SourceFailure{FromSqlite(path(), exception)};  // of the one that is written
        } catch (const BadRow& exception) {
          throw SourceFailure{Damaged(path(), exception.what())};
        }
      });
    });
  } catch (const SourceFailure& failure) {
    return failure.status;
  }
}

}  // namespace qbench::store
