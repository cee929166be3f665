// The memory of this process, from /proc/self.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace qbench::measure {

// Bytes. RSS is what is resident: anonymous (heap, stacks) and file (libraries, mapped data).
struct MemoryUse {
  uint64_t peak_rss = 0;  // VmHWM: since the start, or since ResetPeakRss
  uint64_t rss = 0;
  uint64_t rss_anon = 0;
  uint64_t rss_file = 0;
};

Result<MemoryUse> ReadMemoryUse();

// Starts the peak anew at the present RSS (5 to /proc/self/clear_refs). kUnsupported where the
// kernel refuses: the peak is then that of the whole process.
Status ResetPeakRss();

// MemAvailable of /proc/meminfo, in bytes.
Result<uint64_t> AvailableMemory();

}  // namespace qbench::measure
