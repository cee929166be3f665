// Keeping a child process, and whatever it starts, in its place: what base/process.h uses for a
// child that is `contained`. What the kernel offers is taken, and FindContainment says what that
// is:
//
// - A process namespace (pid_namespaces(7); with a user namespace where the user is not root): the
//   child sees, and can signal, no process but its own, and all of them end with it, whatever
//   session they moved to. Without it a process between parent and child adopts what the child
//   leaves behind (PR_SET_CHILD_SUBREAPER) and kills that.
// - A network namespace: the child has no network.
// - Landlock (landlock(7)): the child writes below the folders that it was given and nowhere else.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/file_descriptor.h"

namespace qbench {

struct Containment {
  bool own_processes = false;  // a process namespace
  bool no_network = false;
  bool own_folders = false;  // Landlock
};

// What holds for contained children here: tries it, in some milliseconds. Any thread.
Containment FindContainment();

// False where the environment says QBENCH_CONTAIN=0: then a contained child is only followed, and
// ended with all that it started; it keeps the network, and may write where the user may.
bool ContainmentIsWanted();

// A Landlock ruleset: the process that restricts itself to it, and what that starts, writes below
// `writable` (which exist), below /dev, and nowhere else. None where the kernel has no Landlock.
FileDescriptor MakeWriteRuleset(const std::vector<std::filesystem::path>& writable);

// The rest is for a new child, between its making and exec, and async-signal-safe.

// Restricts this process to the ruleset, if there is one; its own files in /proc stay writable.
// False where the kernel refuses.
bool RestrictTo(const FileDescriptor& ruleset);

// How a child was made.
struct ForkedInit {
  pid_t pid = -1;              // 0 in the child; -1 with errno where it could not be made
  bool own_processes = false;  // in a process namespace of its own, as its first process
};

// The namespaces that a child can be made in, with what that takes. Tries it once and remembers it;
// not async-signal-safe. Any thread.
struct Namespaces {
  uint64_t flags = 0;     // of clone(2)
  std::string user_map;   // for /proc/self/uid_map, with CLONE_NEWUSER
  std::string group_map;  // for /proc/self/gid_map
};
const Namespaces& UsableNamespaces();

// Like fork(2), into new namespaces. The child must exec or _exit.
ForkedInit ForkInto(const Namespaces& namespaces);

// Runs `start` in a child, which must exec, and waits for it; then ends all that it started and is
// still there, writes its wait status to `report` and ends this process. SIGTERM makes it do so at
// once. To be called in the child of ForkInto, which told `own_processes`.
[[noreturn]] void SuperviseUntilEnd(void (*start)(void*), void* argument, int report,
                                    bool own_processes);

}  // namespace qbench
