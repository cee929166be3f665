#include "harness/measure/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.h"
#include "harness/measure/proc_text.h"

namespace qbench::measure {

Result<MemoryUse> ReadMemoryUse() {
  QB_ASSIGN_OR_RETURN(const std::string status, ReadProcFile("/proc/self/status"));
  auto bytes = [&](std::string_view key) {
    return static_cast<uint64_t>(FirstInteger(FieldValue(status, key)).value_or(0)) * 1024;
  };
  return MemoryUse{bytes("VmHWM"), bytes("VmRSS"), bytes("RssAnon"), bytes("RssFile")};
}

Status ResetPeakRss() {
  const int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
  const bool done = file >= 0 && write(file, "5", 1) == 1;
  if (file >= 0) close(file);
  if (done) return OkStatus();
  return Error(StatusCode::kUnsupported,
               "the kernel does not let the peak of the resident memory be reset");
}

Result<uint64_t> AvailableMemory() {
  QB_ASSIGN_OR_RETURN(const std::string meminfo, ReadProcFile("/proc/meminfo"));
  const auto kib = FirstInteger(FieldValue(meminfo, "MemAvailable"));
  if (!kib) return Error(StatusCode::kCorrupt, "/proc/meminfo has no MemAvailable");
  return static_cast<uint64_t>(*kib) * 1024;
}

}  // namespace qbench::measure
