// The parent's end of a worker's progress pipe.
#pragma once

#include <string>

#include "harness/jobs/run_job.h"

namespace qbench::jobs {

// Reads lines as worker_link.h writes them, and passes them on. What is not such a line (a plugin
// can write to any descriptor of its process) is left out.
class ParentLink {
 public:
  // `descriptor` becomes non-blocking; it and the callbacks outlive this object.
  ParentLink(int descriptor, const JobCallbacks& callbacks);
  // Whatever has arrived.
  void Drain();

 private:
  void PassOn(const std::string& line);

  int descriptor_;
  const JobCallbacks& callbacks_;
  std::string pending_;  // a line that has not ended yet
};

}  // namespace qbench::jobs
