// How many cores this process may use.
#pragma once

#include <filesystem>

namespace qbench::measure {

struct CoreLimit {
  int cores = 1;        // at least 1
  const char* by = "";  // what allows no more: "the machine", "its affinity", "its cgroup's quota"
};

// The machine's cores, less those that the affinity (taskset) or the cpu quota of the process's
// cgroup or of one above it (cpu.max, rounded up) takes away. `root` stands for "/" of the cgroups'
// files. Thread-safe.
CoreLimit AvailableCores(const std::filesystem::path& root = "/");

}  // namespace qbench::measure
