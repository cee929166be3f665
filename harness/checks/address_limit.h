// A limit on this process's address space, so that memory runs out. Internal to harness/checks.
#pragma once

#include <sys/resource.h>

#include <cstdint>

#include "base/status.h"

namespace qbench::checks {

class AddressLimit {
 public:
  // A sanitizer's own memory leaves no room for a limit.
  static bool Impossible();
  // From now on at most this many bytes more than there are. Lift() ends it.
  static Result<AddressLimit> Make(uint64_t more);
  void Lift() const { setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_ = {};
};

}  // namespace qbench::checks
