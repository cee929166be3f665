// The worker's connection with its parent: the standard streams it was started with.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "harness/host/call_observer.h"
#include "harness/jobs/breadcrumb.h"

namespace qbench::worker {

// Lines to the parent are JSON arrays: ["log", severity, "text"] and ["progress", "doing", done,
// total]. They are lossy: a pipe that is full or was closed is no failure, since nothing depends on
// them. The parent asks for cancellation by closing our standard input. Thread-safe.
class WorkerLink {
 public:
  // Moves the parent's pipes from descriptors 0 and 1 to others and puts /dev/null and the log file
  // (descriptor 2) there instead, so that what a plugin prints goes to the log and what it reads
  // is empty. kIo.
  static Result<WorkerLink> TakeStandardStreams();
  WorkerLink(WorkerLink&& other) noexcept;
  WorkerLink& operator=(WorkerLink&&) = delete;

  // Also written to the log file, whose end the parent keeps however the worker ends.
  void Log(int severity, const std::string& line) const;
  // At most some twenty times a second, and when done is total.
  void Progress(const std::string& doing, uint64_t done, uint64_t total);
  bool Cancelled() const;

  int in() const { return in_; }
  int out() const { return out_; }

 private:
  WorkerLink(int in, int out) : in_(in), out_(out) {}
  void Send(const std::string& line) const;

  int in_;
  int out_;
  std::atomic<int64_t> last_progress_ms_ = 0;
};

// Notices that descriptors which were open at construction have been closed or replaced.
class DescriptorGuard {
 public:
  explicit DescriptorGuard(const std::vector<int>& descriptors);
  // Those that are not what they were.
  std::vector<int> Broken() const;

 private:
  struct Watched {
    int descriptor;
    dev_t device;
    ino_t inode;
  };
  std::vector<Watched> watched_;
};

// Notes every call in the breadcrumb, and looks at the descriptors after it.
class WorkerObserver : public host::CallObserver {
 public:
  // Both outlive the observer.
  WorkerObserver(jobs::Breadcrumb& breadcrumb, const WorkerLink& link);

  void Enter(std::string_view plugin, host::Phase phase) noexcept override;
  void Leave() noexcept override;
  // kInternal: "<plugin>'s <phase> closed the worker's file descriptors (1, 2)".
  Status Check(std::string_view plugin, host::Phase phase) override;

 private:
  jobs::Breadcrumb& breadcrumb_;
  DescriptorGuard guard_;
};

}  // namespace qbench::worker
