// How many processors there are for this process: what threads and processes are counted by.
#pragma once

#include <filesystem>
#include <optional>

namespace qbench {

// Processors' worth of time that the control groups of this process allow it, the least of its
// group's and of those above: cpu.max of version 2 (https://docs.kernel.org/admin-guide/cgroup-v2,
// "CPU Interface Files"), cpu.cfs_quota_us over cpu.cfs_period_us of version 1. None where there is
// no limit. `root` is another root of the file system, for tests.
std::optional<double> CpuQuota(const std::filesystem::path& root = "/");

struct CoreLimit {
  int cores = 1;        // at least 1
  const char* by = "";  // what allows no more: "the machine", "its affinity", "its cgroup's quota"
};

// The processors that this process may run on (its affinity), fewer where a control group allows
// less: whole ones, as threads that wait for each other are as slow as the one that is held back.
// Read anew on each call; any thread.
CoreLimit LimitOfCores(const std::filesystem::path& root = "/");
int AvailableCores();

}  // namespace qbench
