#include "base/cores.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace qbench {
namespace {

namespace fs = std::filesystem;

// "max 100000" or "150000 100000".
std::optional<double> QuotaOfVersion2(const fs::path& group) {
  std::ifstream file(group / "cpu.max");
  double quota = 0, period = 0;
  if (!(file >> quota >> period) || quota <= 0 || period <= 0) return std::nullopt;
  return quota / period;
}

std::optional<double> QuotaOfVersion1(const fs::path& group) {
  std::ifstream quota_file(group / "cpu.cfs_quota_us");
  std::ifstream period_file(group / "cpu.cfs_period_us");
  double quota = 0, period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return std::nullopt;
  if (quota <= 0 || period <= 0) return std::nullopt;  // -1: no limit
  return quota / period;
}

// A limit on a group holds for all below it. In a container the path may be that of the system
// outside, and the group itself be mounted at `mount`.
template <typename Read>
void TakeLeast(const fs::path& mount, const std::string& path, Read&& read,
               std::optional<double>& least) {
  fs::path group = fs::path(path).relative_path().lexically_normal();
  while (true) {
    if (const std::optional<double> quota = read(group.empty() ? mount : mount / group)) {
      least = std::min(least.value_or(*quota), *quota);
    }
    if (group.empty()) return;
    group = group.parent_path();
  }
}

bool HasController(const std::string& controllers, std::string_view wanted) {
  std::istringstream names(controllers);
  for (std::string name; std::getline(names, name, ',');) {
    if (name == wanted) return true;
  }
  return false;
}

}  // namespace

std::optional<double> CpuQuota(const fs::path& root) {
  const fs::path mounts = root / "sys/fs/cgroup";
  std::optional<double> least;
  // "<hierarchy>:<controllers>:<path>", version 2 without controllers (cgroups(7)).
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first == std::string::npos ? first : first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      TakeLeast(mounts, path, QuotaOfVersion2, least);
    } else if (HasController(controllers, "cpu")) {
      for (const std::string& mount : {std::string("cpu"), controllers}) {
        TakeLeast(mounts / mount, path, QuotaOfVersion1, least);
      }
    }
  }
  return least;
}

CoreLimit LimitOfCores(const fs::path& root) {
  CoreLimit limit{static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN))), "the machine"};
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    const int cores = std::max(1, CPU_COUNT(&set));
    if (cores < limit.cores) limit = {cores, "its affinity"};
  }
  if (const std::optional<double> quota = CpuQuota(root); quota && *quota < limit.cores) {
    limit = {std::max(1, static_cast<int>(*quota)), "its cgroup's quota"};
  }
  return limit;
}

int AvailableCores() { return LimitOfCores().cores; }

}  // namespace qbench
