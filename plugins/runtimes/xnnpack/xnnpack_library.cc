#include "plugins/runtimes/xnnpack/xnnpack_library.h"

#include <dlfcn.h>

#include "base/sha256.h"

namespace qbench::xnnpack {
namespace {

std::string_view StatusName(xnn_status status) {
  switch (status) {
    case xnn_status_success:
      return "success";
    case xnn_status_uninitialized:
      return "uninitialized";
    case xnn_status_invalid_parameter:
      return "invalid parameter";
    case xnn_status_invalid_state:
      return "invalid state";
    case xnn_status_unsupported_parameter:
      return "unsupported parameter";
    case xnn_status_unsupported_hardware:
      return "unsupported hardware";
    case xnn_status_out_of_memory:
      return "out of memory";
    default:  // newer versions have more
      return "unknown status";
  }
}

Result<LibraryFile> FindLoadedFile() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&xnn_initialize), &info) == 0) {
    return Error(StatusCode::kNotFound, "the loader does not say which file XNNPACK is");
  }
  std::error_code error;
  LibraryFile file;
  file.path = std::filesystem::canonical(info.dli_fname, error);
  if (error) return Error(StatusCode::kIo, "{}: {}", info.dli_fname, error.message());
  QB_ASSIGN_OR_RETURN(file.sha256, Sha256HexOfFile(file.path));
  return file;
}

}  // namespace

Status Initialize() {
  static const xnn_status status = xnn_initialize(nullptr);
  if (status == xnn_status_success) return OkStatus();
  return Error(StatusCode::kUnsupported,
               "XNNPACK does not start on this processor ({}); use another runtime",
               StatusName(status));
}

Status FromXnn(xnn_status status, std::string_view what) {
  if (status == xnn_status_success) return OkStatus();
  const bool memory = status == xnn_status_out_of_memory;
  return Error(memory ? StatusCode::kOutOfMemory : StatusCode::kUnsupported, "XNNPACK: {}: {}",
               what, StatusName(status));
}

const Result<LibraryFile>& LoadedFile() {
  static const Result<LibraryFile> file = FindLoadedFile();
  return file;
}

}  // namespace qbench::xnnpack
