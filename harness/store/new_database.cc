#include "harness/store/new_database.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/file_descriptor.h"
#include "fmt/format.h"
#include "harness/store/store_errors.h"

namespace qbench::store {
namespace {

namespace fs = std::filesystem;

Status Exists(const fs::path& destination, std::string_view hint) {
  return Error(StatusCode::kInvalidArgument, "'{}' is there already: name a file that is not{}{}",
               destination.string(), hint.empty() ? "" : ", ", hint);
}

}  // namespace

Status CheckIsNew(const fs::path& destination, std::string_view hint) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(destination, ignored)) ? Exists(destination, hint)
                                                              : OkStatus();
}

NewDatabase::NewDatabase(fs::path destination)
    : destination_(std::move(destination)),
      path_(destination_.string() + fmt::format(".unfinished-{}", getpid())) {}

NewDatabase::~NewDatabase() {
  for (const char* ending : {"", "-journal", "-wal", "-shm", ".lock"}) {
    unlink((path_.string() + ending).c_str());
  }
}

Status NewDatabase::Finish(std::string_view hint) const {
  const FileDescriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok() || fsync(file.get()) != 0) return CannotWrite(path_, errno);
  if (link(path_.c_str(), destination_.c_str()) == 0) return OkStatus();
  if (errno == EEXIST) return Exists(destination_, hint);
  // A file system without hard links.
  QB_RETURN_IF_ERROR(CheckIsNew(destination_, hint));
  if (rename(path_.c_str(), destination_.c_str()) == 0) return OkStatus();
  return CannotWrite(destination_, errno);
}

}  // namespace qbench::store
