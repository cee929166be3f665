#include "harness/measure/cores.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "harness/measure/proc_text.h"

namespace qbench::measure {
namespace {

namespace fs = std::filesystem;

// Cores of "<quota> <period>" in microseconds; absent where the quota is "max".
std::optional<int> QuotaCores(const fs::path& cpu_max) {
  const std::optional<std::string> line = ReadFirstLine(cpu_max);
  if (!line) return std::nullopt;
  const std::optional<int64_t> quota = FirstInteger(*line);
  const size_t space = line->find(' ');
  const std::optional<int64_t> period =
      space == std::string::npos ? std::nullopt : FirstInteger(line->substr(space));
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<int>(std::min<int64_t>((*quota + *period - 1) / *period, 1 << 20));
}

// The strictest quota of the process's cgroup (version 2) and of those above it.
std::optional<int> CgroupCores(const fs::path& root) {
  const fs::path top = root / "sys/fs/cgroup";
  const Result<std::string> groups = ReadProcFile(root / "proc/self/cgroup");
  std::optional<int> strictest = QuotaCores(top / "cpu.max");  // a container's own top
  if (!groups.ok()) return strictest;
  const size_t line = groups->find("0::/");
  if (line == std::string::npos) return strictest;
  const size_t begin = line + 4;
  fs::path group(groups->substr(begin, groups->find('\n', begin) - begin));
  for (; !group.empty(); group = group.parent_path()) {
    const std::optional<int> quota = QuotaCores(top / group / "cpu.max");
    if (quota) strictest = std::min(strictest.value_or(*quota), *quota);
  }
  return strictest;
}

}  // namespace

CoreLimit AvailableCores(const fs::path& root) {
  CoreLimit limit{static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN))), "the machine"};
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
    const int cores = std::max(1, CPU_COUNT(&allowed));
    if (cores < limit.cores) limit = {cores, "its affinity"};
  }
  const std::optional<int> quota = CgroupCores(root);
  if (quota && *quota < limit.cores) limit = {std::max(1, *quota), "its cgroup's quota"};
  return limit;
}

}  // namespace qbench::measure
