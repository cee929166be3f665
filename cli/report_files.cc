#include "cli/report_files.h"

#include "base/atomic_file.h"
#include "base/files.h"
#include "base/interrupt.h"
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

Status WriteReportInPieces(const std::filesystem::path& path,
                           const std::function<Status(const PieceSink&)>& write) {
  if (path.empty()) {
    return write([](std::string_view piece) {
      Print(piece);
      return Interrupted() ? InterruptStatus("writing a report") : OkStatus();
    });
  }
  QB_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path));
  QB_RETURN_IF_ERROR(write([&](std::string_view piece) { return file.Append(AsBytes(piece)); }));
  QB_RETURN_IF_ERROR(file.Commit());
  Print(fmt::format("{}\n", std::filesystem::absolute(path).string()));
  return OkStatus();
}

}  // namespace qbench::cli
