#include "base/containment.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/status.h"

namespace qbench {
namespace {

// Since Landlock's third version; Debian 12's header has the second.
constexpr uint64_t kTruncate = uint64_t{1} << 14;

constexpr uint64_t kWrites = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                             LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                             LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                             LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

int LandlockVersion() {
  return static_cast<int>(
      syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
}

// What is asked of a kernel with this version of Landlock. From the second on files may be moved
// between two folders below which everything may be written.
uint64_t WritesOf(int version) {
  return kWrites | (version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) | (version >= 3 ? kTruncate : 0);
}

bool Allow(int ruleset, const char* folder, uint64_t access) {
  const int fd = open(folder, O_PATH | O_CLOEXEC);
  if (fd < 0) return false;
  landlock_path_beneath_attr rule = {};
  rule.allowed_access = access;
  rule.parent_fd = fd;
  const bool ok =
      syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
  close(fd);
  return ok;
}

// Without glibc's handlers of fork, which may need locks that a thread of the parent holds.
pid_t RawFork(uint64_t namespaces) {
  return static_cast<pid_t>(syscall(SYS_clone, namespaces | SIGCHLD, 0, 0, 0, 0));
}

bool WriteTo(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const size_t size = std::strlen(text);
  const bool ok = write(fd, text, size) == static_cast<ssize_t>(size);
  close(fd);
  return ok;
}

// In the first process of new namespaces: the user keeps his number, and /proc shows the processes
// of the namespace, by its numbers.
bool SetUp(const Namespaces& namespaces) {
  if ((namespaces.flags & CLONE_NEWUSER) != 0 &&
      !(WriteTo("/proc/self/setgroups", "deny") &&
        WriteTo("/proc/self/uid_map", namespaces.user_map.c_str()) &&
        WriteTo("/proc/self/gid_map", namespaces.group_map.c_str()))) {
    return false;
  }
  return (namespaces.flags & CLONE_NEWPID) == 0 ||
         (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
          mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0);
}

volatile std::sig_atomic_t asked_to_end = 0;
void AskToEnd(int) { asked_to_end = 1; }

// Kills the children of this process that /proc names; false where there are none.
bool KillChildren() {
  const int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  std::array<char, 4096> text;
  const ssize_t count = read(fd, text.data(), text.size());
  close(fd);
  pid_t child = 0;
  bool any = false;
  for (ssize_t i = 0; i < count; ++i) {
    const char c = text[static_cast<size_t>(i)];
    if (c >= '0' && c <= '9') {
      child = child * 10 + (c - '0');
    } else if (child > 0) {
      kill(child, SIGKILL);
      any = true;
      child = 0;
    }
  }
  return any;
}

}  // namespace

bool ContainmentIsWanted() {
  const char* wanted = std::getenv("QBENCH_CONTAIN");
  return wanted == nullptr || std::string_view(wanted) != "0";
}

FileDescriptor MakeWriteRuleset(const std::vector<std::filesystem::path>& writable) {
  const int version = LandlockVersion();
  if (version < 1) return FileDescriptor();
  landlock_ruleset_attr attributes = {};
  attributes.handled_access_fs = WritesOf(version);
  FileDescriptor ruleset(
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0)));
  if (ruleset.get() < 0) return ruleset;
  Allow(ruleset.get(), "/dev", attributes.handled_access_fs);
  for (const std::filesystem::path& folder : writable) {
    Allow(ruleset.get(), folder.c_str(), attributes.handled_access_fs);
  }
  return ruleset;
}

bool RestrictTo(const FileDescriptor& ruleset) {
  if (ruleset.get() < 0) return true;
  Allow(ruleset.get(), "/proc/self", LANDLOCK_ACCESS_FS_WRITE_FILE);
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_landlock_restrict_self, ruleset.get(), 0) == 0;
}

ForkedInit ForkInto(const Namespaces& namespaces) {
  const pid_t pid = RawFork(namespaces.flags);
  if (pid == 0 && !SetUp(namespaces)) _exit(127);
  return {pid, (namespaces.flags & CLONE_NEWPID) != 0};
}

const Namespaces& UsableNamespaces() {
  static const Namespaces usable = [] {
    constexpr uint64_t kProcesses = CLONE_NEWPID | CLONE_NEWNS;
    constexpr uint64_t kAll = kProcesses | CLONE_NEWNET;
    Namespaces tried;
    tried.user_map = fmt::format("{0} {0} 1", geteuid());
    tried.group_map = fmt::format("{0} {0} 1", getegid());
    // As root; as a user; where the network cannot be taken away.
    for (const uint64_t flags :
         {kAll, kAll | CLONE_NEWUSER, kProcesses, kProcesses | CLONE_NEWUSER}) {
      tried.flags = flags;
      const ForkedInit child = ForkInto(tried);
      if (child.pid == 0) _exit(0);
      int status = -1;
      while (child.pid > 0 && waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
      }
      if (child.pid > 0 && status == 0) return tried;
    }
    tried.flags = 0;
    return tried;
  }();
  return usable;
}

void SuperviseUntilEnd(void (*start)(void*), void* argument, int report, bool own_processes) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t child = RawFork(0);
  if (child == 0) {
    start(argument);
    _exit(127);
  }
  struct sigaction action = {};
  action.sa_handler = AskToEnd;  // without SA_RESTART: the wait below ends
  sigaction(SIGTERM, &action, nullptr);
  // Without a namespace, whose end the kernel sees to, its own work is not done with this process.
  prctl(PR_SET_PDEATHSIG, own_processes ? SIGKILL : SIGTERM);
  // What the child writes to must end when it ends, not when this process does.
  if (report > 0) close_range(0, static_cast<unsigned>(report) - 1, 0);
  close_range(static_cast<unsigned>(report) + 1, ~0U, 0);
  int status = 0;
  for (pid_t ended = 0; ended != child && asked_to_end == 0;) {
    int one = 0;
    ended = waitpid(-1, &one, 0);
    if (ended == child) status = one;
    if (ended < 0 && errno != EINTR) break;
  }
  if (asked_to_end == 0) {
    [[maybe_unused]] const ssize_t ignored = write(report, &status, sizeof(status));
  }
  // The end of a namespace's first process is that of all. Else one after the other, until none is
  // left: a process that is being killed may have made another.
  while (!own_processes && KillChildren()) {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
  _exit(0);
}

Containment FindContainment() {
  if (!ContainmentIsWanted()) return {};
  const uint64_t flags = UsableNamespaces().flags;
  return {.own_processes = (flags & CLONE_NEWPID) != 0,
          .no_network = (flags & CLONE_NEWNET) != 0,
          .own_folders = LandlockVersion() >= 1};
}

}  // namespace qbench
