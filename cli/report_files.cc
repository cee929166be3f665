#include "cli/report_files.h"

#include "base/files.h"
#include "cli/terminal.h"

namespace qbench::cli {

Status WriteReport(const std::filesystem::path& path, const std::string& text) {
  if (path.empty()) {
    Print(text);
    return OkStatus();
  }
  QB_RETURN_IF_ERROR(WriteFileAtomically(path, text));
  Print(fmt::format("{}\n", std::filesystem::absolute(path).string()));
  return OkStatus();
}

}  // namespace qbench::cli
