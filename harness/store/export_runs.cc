#include "harness/store/export_runs.h"

#include "harness/store/new_database.h"

namespace qbench::store {

Result<std::vector<MergedRun>> ExportRuns(Store& from, const std::filesystem::path& destination,
                                          const MergeOptions& options) {
  QB_RETURN_IF_ERROR(CheckIsNew(destination, ""));
  const NewDatabase unfinished(destination);
  std::vector<MergedRun> merged;
  {
    QB_ASSIGN_OR_RETURN(Store into, Store::Open(unfinished.path(), OpenMode::kReadWrite));
    QB_ASSIGN_OR_RETURN(merged, into.Merge(from, options));
  }
  QB_RETURN_IF_ERROR(unfinished.Finish(""));
  return merged;
}

}  // namespace qbench::store
