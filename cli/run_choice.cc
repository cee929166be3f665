#include "cli/run_choice.h"

#include <system_error>
#include <utility>

#include "harness/store/find_run.h"

namespace qbench::cli {

Result<RunChoice::Chosen> RunChoice::Find(const std::string& text) {
  const store::RunName name = store::ParseRunName(text, database_);
  QB_ASSIGN_OR_RETURN(store::Store * store, Open(name.database));
  QB_ASSIGN_OR_RETURN(const int64_t id, store::FindRun(name.run, *store));
  return Chosen{store, id};
}

Result<store::Store*> RunChoice::Open(const std::filesystem::path& database) {
  std::error_code ignored;
  const std::filesystem::path real = std::filesystem::weakly_canonical(database, ignored);
  std::unique_ptr<store::Store>& known = stores_[real.empty() ? database : real];
  if (known != nullptr) return known.get();
  if (mode_ == store::OpenMode::kReadWrite) {
    QB_RETURN_IF_ERROR(store::Store::Open(database, store::OpenMode::kReadOnly).status());
  }
  QB_ASSIGN_OR_RETURN(store::Store store, store::Store::Open(database, mode_));
  known = std::make_unique<store::Store>(std::move(store));
  return known.get();
}

}  // namespace qbench::cli
