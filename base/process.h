// Child processes: started in a process group of their own, waited for under a time and a memory
// limit, killed as a group. Whatever a plugin or a decoder does, it does it in one of these.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"

namespace qbench {

// Where one of the child's three standard streams goes.
struct Redirect {
  enum class Kind {
    kInherit,
    kNull,  // /dev/null
    kFile,  // standard input is read from `path`; output is appended to it (created, emptied)
    kPipe,  // the other end is Child::in(), out() or err()
  };
  Kind kind = Kind::kInherit;
  std::filesystem::path path;

  static Redirect Inherit() { return {}; }
  static Redirect Null() { return {Kind::kNull, {}}; }
  static Redirect File(std::filesystem::path path) { return {Kind::kFile, std::move(path)}; }
  static Redirect Pipe() { return {Kind::kPipe, {}}; }
};

struct ChildOptions {
  std::vector<std::string> argv;         // argv[0] is the program's path; PATH is not searched
  std::vector<std::string> environment;  // "NAME=value", beside or instead of the parent's
  Redirect in = Redirect::Null();
  Redirect out;
  Redirect err;
  // A descriptor above the standard ones that stays open in the child, under its number; -1: none.
  int inherited = -1;
  // As far as the kernel helps (base/containment.h): the child sees and signals no process but its
  // own, all that it starts ends with it, it has no network, and writes below `writable` alone.
  bool contained = false;
  std::vector<std::filesystem::path> writable;  // folders; must exist
};

// Zero means no limit.
struct ChildLimits {
  std::chrono::milliseconds time{0};
  // Of the resident sets of the whole group; a page that two of its processes share counts twice.
  // The first process is looked at on each poll, the others every 200 ms.
  uint64_t resident_bytes = 0;
  std::chrono::milliseconds poll{20};
};

// How a child ended.
struct ChildEnd {
  enum class Reason { kExited, kSignaled, kTimeout, kMemory, kCancelled };
  Reason reason = Reason::kExited;
  int exit_status = 0;  // for kExited
  int signal = 0;       // for kSignaled
  double wall_seconds = 0;
  double cpu_seconds = 0;  // user and system, of the child and of what it has waited for
  // The child's own peak (VmHWM), read on each poll: growth in the last few milliseconds of its
  // life is missed, and 0 means that it ended before the first poll. (The kernel's ru_maxrss would
  // be exact, but counts the parent's pages between fork and exec too.)
  uint64_t peak_rss_bytes = 0;
  ChildLimits limits;  // those it ran under, for the description

  bool ok() const { return reason == Reason::kExited && exit_status == 0; }
  // "exit status 3", "signal 11 (Segmentation fault)", "stopped after the time limit of 30 s", …
  std::string Description() const;
  // OK, or kCrashed, kTimeout, kOutOfMemory, kCancelled with "<what>: <description>".
  Status ToStatus(std::string_view what) const;
};

// A running child. It is the leader of a new process group, so that the terminal's Ctrl-C does not
// reach it (the parent decides), and is killed by the kernel when the thread that started it ends:
// start it from a thread that outlives it. All descriptors but the three standard ones, and the
// one that it inherits, are closed in it. A process that it starts and that leaves the group is not
// followed, unless the child is contained: then it has a session of its own, and all that it
// started ends with it. Movable; one thread.
class Child {
 public:
  // kInvalidArgument, kNotFound or kIo, naming the program, where it cannot be started.
  static Result<Child> Spawn(const ChildOptions& options);

  // A copy of this process that calls `body` and ends, without exit handlers; the same in all else,
  // but the descriptors stay open, the three standard ones are /dev/null, handlers of signals are
  // reset, and no core file is left. `body` must not throw, nor rely on other threads or on locks
  // that they may hold (memory allocation is fine). Any thread may call this. kIo.
  static Result<Child> Fork(const std::function<void()>& body);

  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  // Kills the group and reaps the child, where Wait has not.
  ~Child();

  pid_t pid() const { return supervised_ > 0 ? supervised_ : pid_; }
  // This side of the pipes that were asked for, else -1: blocking, and owned by this object.
  int in() const { return pipes_[0]; }
  int out() const { return pipes_[1]; }
  int err() const { return pipes_[2]; }
  // Ends the child's standard input.
  void CloseIn();

  // Waits until the child has ended, kills what is left of its group, and reaps it. Call it once.
  // `on_poll` runs on each poll and once after the end, in this thread, and whenever `wake_fd`
  // (such as out()) becomes readable; it returns false to cancel, and must not block. It is where
  // pipes are read: a child whose pipe nobody reads waits for ever.
  ChildEnd Wait(const ChildLimits& limits, const std::function<bool()>& on_poll = {},
                int wake_fd = -1);

  // SIGKILL to the whole group; Wait then returns.
  void Kill();

 private:
  explicit Child(pid_t pid) : pid_(pid), start_(std::chrono::steady_clock::now()) {}
  ChildEnd Reap(ChildEnd end);

  pid_t pid_ = -1;  // -1: reaped, or moved from
  // Of a contained child pid_ is the process that supervises it, in whose namespaces it is:
  pid_t supervised_ = -1;  // the child; -1: not contained, or it had ended before it was seen
  int status_ = -1;        // where the supervisor leaves the child's wait status; -1: there is none
  bool own_processes_ = false;
  int pipes_[3] = {-1, -1, -1};
  std::chrono::steady_clock::time_point start_;
};

// Spawn and Wait.
Result<ChildEnd> RunChild(const ChildOptions& options, const ChildLimits& limits,
                          const std::function<bool()>& on_poll = {});

// The resident set of a process in bytes; 0 where it has gone.
uint64_t ResidentBytes(pid_t pid);

// The resident sets, in bytes, of all living processes of a group.
uint64_t GroupResidentBytes(pid_t group);

}  // namespace qbench
