// What this machine can do at best: multiply-adds and bytes per second, measured in about a second.
// The roof over an operator's speed: Williams, Waterman and Patterson, "Roofline: An Insightful
// Visual Performance Model for Multicore Architectures" (Communications of the ACM 52(4), 2009).
//
// The loops are plain C++ that the compiler vectorizes, once for each instruction set that matters
// (machine_peak_loops.h); the fastest that this processor runs counts. So the figures are lower
// bounds: hand-written kernels may pass them by a little, and data that stays in a cache is read
// faster than from memory. A share above 100 % means just that.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/status.h"
#include "harness/store/records.h"

namespace qbench::measure {

struct PeakSettings {
  std::vector<int> threads = {};     // empty: one, and as many as this process has cores
  double seconds = 1.0;              // about, for everything; shorter is less exact
  std::filesystem::path root = "/";  // where the sizes of the caches are read; another in tests
};

// Types of kMultiplyAdd: "float32", "int8" (8-bit products summed in int32), "float16" (only where
// the processor computes in it). Of kBandwidth, over memory beyond the caches: "read" (one stream),
// and "triad" (a = b + s * c, three streams, as John McCalpin's STREAM counts them).
struct MachinePeaks {
  std::vector<store::MachinePeak> peaks;  // by threads, then kind; of no run yet
  uint64_t buffer_bytes = 0;  // that the bandwidths were measured over, all threads together
  uint64_t cache_bytes = 0;   // the largest cache of core 0; 0: not known
};

// Keeps the processor busy meanwhile. Takes buffer_bytes of memory: four times the largest cache,
// at least 32 MiB, at most 128 MiB and an eighth of what is available. kOutOfMemory; kInternal
// where no thread can be started. Not to be called while anything else is measured.
Result<MachinePeaks> MeasureMachinePeaks(const PeakSettings& settings = {});

// The size in bytes of the largest cache of core 0; 0 where the kernel does not say.
uint64_t LargestCacheBytes(const std::filesystem::path& root = "/");

}  // namespace qbench::measure
