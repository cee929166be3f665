#include "harness/checks/address_limit.h"

#include <unistd.h>

#include <cstdlib>

#include "base/files.h"

namespace qbench::checks {

bool AddressLimit::Impossible() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return true;
#else
  return false;
#endif
}

Result<AddressLimit> AddressLimit::Make(uint64_t more) {
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile("/proc/self/statm"));
  const uint64_t pages = std::strtoull(text.c_str(), nullptr, 10);
  AddressLimit limit;
  if (getrlimit(RLIMIT_AS, &limit.before_) != 0) {
    return Error(StatusCode::kInternal, "the limit on the address space cannot be read");
  }
  rlimit lower = limit.before_;
  lower.rlim_cur = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) + more;
  if (setrlimit(RLIMIT_AS, &lower) != 0) {
    return Error(StatusCode::kInternal, "the address space cannot be limited");
  }
  return limit;
}

}  // namespace qbench::checks
