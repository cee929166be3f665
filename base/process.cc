#include "base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/containment.h"
#include "base/file_descriptor.h"
#include "base/files.h"

namespace qbench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kGroupInterval{200};
// How long a supervisor may take to end what its child left.
constexpr std::chrono::milliseconds kSupervisorGrace{2000};

void CloseFd(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

// The descriptors of one Spawn, closed at its end unless they were taken out.
struct SpawnFds {
  std::array<int, 3> child = {-1, -1, -1};  // what becomes 0, 1 and 2 in the child
  std::array<int, 3> parent = {-1, -1, -1};
  int report_read = -1;  // the child writes errno here where it cannot start the program
  int report_write = -1;
  int status_read = -1;  // a supervisor writes the child's wait status here
  int status_write = -1;

  SpawnFds() = default;
  SpawnFds(const SpawnFds&) = delete;
  SpawnFds& operator=(const SpawnFds&) = delete;
  ~SpawnFds() {
    for (int& fd : child) CloseFd(fd);
    for (int& fd : parent) CloseFd(fd);
    CloseFd(report_read);
    CloseFd(report_write);
    CloseFd(status_read);
    CloseFd(status_write);
  }
};

// Moves a descriptor above the standard ones, onto which the child copies its own.
int AboveStandard(int fd) {
  if (fd < 0 || fd > 2) return fd;
  const int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  close(fd);
  return moved;
}

bool MakePipe(int& read_end, int& write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return false;
  read_end = AboveStandard(ends[0]);
  write_end = AboveStandard(ends[1]);
  return read_end >= 0 && write_end >= 0;
}

Status PipeError() {
  return Error(StatusCode::kIo, "cannot make a pipe: {}", std::generic_category().message(errno));
}

// Opens what `redirect` says for stream 0, 1 or 2.
Status OpenStream(const Redirect& redirect, size_t stream, SpawnFds& fds) {
  const bool input = stream == 0;
  std::filesystem::path path = redirect.path;
  switch (redirect.kind) {
    case Redirect::Kind::kInherit:
      return OkStatus();
    case Redirect::Kind::kPipe: {
      int& read_end = input ? fds.child[stream] : fds.parent[stream];
      int& write_end = input ? fds.parent[stream] : fds.child[stream];
      return MakePipe(read_end, write_end) ? OkStatus() : PipeError();
    }
    case Redirect::Kind::kNull:
      path = "/dev/null";
      break;
    case Redirect::Kind::kFile:
      break;
  }
  const int flags = input ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;
  fds.child[stream] = AboveStandard(open(path.c_str(), flags | O_CLOEXEC, 0644));
  if (fds.child[stream] >= 0) return OkStatus();
  if (errno == ENOENT) {
    return Error(StatusCode::kNotFound, "cannot open {}: {}", path.string(), ErrnoText(errno));
  }
  return WriteError(path.string(), errno);
}

// The parent's environment with the additions in place of entries of the same name.
std::vector<std::string> MergedEnvironment(const std::vector<std::string>& additions) {
  const auto name = [](std::string_view entry) { return entry.substr(0, entry.find('=')); };
  std::vector<std::string> merged;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const bool replaced = std::any_of(additions.begin(), additions.end(), [&](const auto& added) {
      return name(added) == name(*entry);
    });
    if (!replaced) merged.emplace_back(*entry);
  }
  merged.insert(merged.end(), additions.begin(), additions.end());
  return merged;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What a new child needs to become the program. Pointers to what lives in the parent's memory, of
// which the child has a copy.
struct Launch {
  const SpawnFds* fds = nullptr;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  int inherited = -1;
  bool contained = false;
  const FileDescriptor* ruleset = nullptr;  // where contained
  pid_t parent = -1;
};

// In a new child: a group of its own, and no life without the parent. Async-signal-safe.
void LeadGroup(pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const pid_t now = getppid();                // 0: in another process namespace
  if (now != parent && now != 0) _exit(127);  // it died before the line above
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  // SIGHUP stays as it is: a run that ignores the hang-up of its terminal has children that do.
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGQUIT, SIGCHLD}) signal(number, SIG_DFL);
}

// The child between fork and exec: calls nothing that is not async-signal-safe, as other threads
// of the parent may have held any lock.
[[noreturn]] void ExecuteInChild(const Launch& launch) {
  if (launch.contained) setsid();
  LeadGroup(launch.parent);
  bool ok = true;
  for (int stream = 0; stream < 3; ++stream) {
    const int fd = launch.fds->child[static_cast<size_t>(stream)];
    if (fd >= 0) ok = ok && dup2(fd, stream) >= 0;
  }
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (launch.inherited >= 0) ok = ok && fcntl(launch.inherited, F_SETFD, 0) == 0;
  if (launch.contained) ok = ok && RestrictTo(*launch.ruleset);
  if (ok) execve(launch.argv[0], launch.argv, launch.environment);
  const int error = errno;
  [[maybe_unused]] const ssize_t ignored = write(launch.fds->report_write, &error, sizeof(error));
  _exit(127);
}

// The same for the process that supervises the child.
[[noreturn]] void SuperviseInChild(Launch launch, bool own_processes) {
  LeadGroup(launch.parent);
  launch.parent = getpid();
  SuperviseUntilEnd([](void* what) { ExecuteInChild(*static_cast<const Launch*>(what)); }, &launch,
                    launch.fds->status_write, own_processes);
}

// The errno that the child reported, or 0 once the program runs.
int ReadReport(int fd) {
  int error = 0;
  ssize_t count = 0;
  do {
    count = read(fd, &error, sizeof(error));
  } while (count < 0 && errno == EINTR);
  return count == sizeof(error) ? error : 0;
}

// A small file of /proc, or "" where the process has gone.
std::string_view ReadProcFile(const char* path, std::span<char> buffer) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t count = read(fd, buffer.data(), buffer.size());
  close(fd);
  return {buffer.data(), count > 0 ? static_cast<size_t>(count) : 0};
}

uint64_t ParseNumber(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_of("0123456789"), text.size()));
  uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

uint64_t PeakResidentBytes(pid_t pid) {
  std::array<char, 4096> buffer;
  const std::string_view text = ReadProcFile(fmt::format("/proc/{}/status", pid).c_str(), buffer);
  const size_t line = text.find("VmHWM:");
  return line == std::string_view::npos ? 0 : ParseNumber(text.substr(line)) * 1024;
}

struct ProcessEntry {
  pid_t pid = -1;
  pid_t parent = -1;
  pid_t group = -1;
};

// Parent and group in /proc/<pid>/stat: the second and third field after the name, which is in
// parentheses and may itself hold parentheses and spaces. -1 each where the process has gone.
ProcessEntry ReadEntry(std::string_view pid) {
  std::array<char, 1024> buffer;
  const std::string_view text = ReadProcFile(fmt::format("/proc/{}/stat", pid).c_str(), buffer);
  ProcessEntry entry;
  entry.pid = static_cast<pid_t>(ParseNumber(pid));
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return entry;
  const std::string_view fields = text.substr(name_end + 1);  // " S 123 456 …"
  const size_t parent = fields.find(' ', 1);
  const size_t group = parent == std::string_view::npos ? parent : fields.find(' ', parent + 1);
  if (group == std::string_view::npos) return entry;
  entry.parent = static_cast<pid_t>(ParseNumber(fields.substr(parent)));
  entry.group = static_cast<pid_t>(ParseNumber(fields.substr(group)));
  return entry;
}

std::vector<ProcessEntry> ListProcesses() {
  std::vector<ProcessEntry> entries;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos) {
      entries.push_back(ReadEntry(name));
    }
  }
  return entries;
}

// The resident sets of all that descend from a process.
uint64_t DescendantsResidentBytes(pid_t root) {
  const std::vector<ProcessEntry> all = ListProcesses();
  std::vector<pid_t> family = {root};
  uint64_t sum = 0;
  for (size_t i = 0; i < family.size(); ++i) {  // grows meanwhile
    for (const ProcessEntry& entry : all) {
      if (entry.parent != family[i]) continue;
      family.push_back(entry.pid);
      sum += ResidentBytes(entry.pid);
    }
  }
  return sum;
}

// The process that `parent` started; -1: it has gone.
pid_t FindChildOf(pid_t parent) {
  for (const ProcessEntry& entry : ListProcesses()) {
    if (entry.parent == parent) return entry.pid;
  }
  return -1;
}

// Waits until the child has ended, without reaping it: its number stays taken, so that the group
// can still be killed safely.
bool HasEnded(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
         info.si_pid == pid;
}

// Sleeps until the child ends (where the kernel has pidfd), wake_fd is readable or the time is up.
// A wake_fd at its end is dropped.
void SleepUntilEvent(int pidfd, int& wake_fd, std::chrono::milliseconds time) {
  std::array<pollfd, 2> events = {{{pidfd, POLLIN, 0}, {wake_fd, POLLIN, 0}}};
  poll(events.data(), events.size(), static_cast<int>(time.count()));
  if ((events[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0 &&
      (events[1].revents & POLLIN) == 0) {
    wake_fd = -1;
  }
}

std::string Seconds(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", static_cast<double>(time.count()) / 1000.0);
}

}  // namespace

// /proc/<pid>/statm: total and resident pages.
uint64_t ResidentBytes(pid_t pid) {
  std::array<char, 128> buffer;
  const std::string_view text = ReadProcFile(fmt::format("/proc/{}/statm", pid).c_str(), buffer);
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return 0;
  return ParseNumber(text.substr(space)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t GroupResidentBytes(pid_t group) {
  uint64_t sum = 0;
  for (const ProcessEntry& entry : ListProcesses()) {
    if (entry.group == group) sum += ResidentBytes(entry.pid);
  }
  return sum;
}

std::string ChildEnd::Description() const {
  switch (reason) {
    case Reason::kExited:
      return fmt::format("exit status {}", exit_status);
    case Reason::kSignaled: {
      const char* name = sigdescr_np(signal);
      return fmt::format("signal {} ({})", signal, name == nullptr ? "unknown" : name);
    }
    case Reason::kTimeout:
      return fmt::format("stopped after the time limit of {}", Seconds(limits.time));
    case Reason::kMemory:
      return fmt::format("stopped at the memory limit of {} MiB", limits.resident_bytes >> 20);
    case Reason::kCancelled:
      return "cancelled";
  }
  return "unknown end";
}

Status ChildEnd::ToStatus(std::string_view what) const {
  if (ok()) return OkStatus();
  StatusCode code = StatusCode::kCrashed;
  if (reason == Reason::kTimeout) code = StatusCode::kTimeout;
  if (reason == Reason::kMemory) code = StatusCode::kOutOfMemory;
  if (reason == Reason::kCancelled) code = StatusCode::kCancelled;
  return Error(code, "{}: {}", what, Description());
}

Result<Child> Child::Spawn(const ChildOptions& options) {
  if (options.argv.empty()) {
    return Error(StatusCode::kInvalidArgument, "no program to start was named");
  }
  SpawnFds fds;
  const std::array<const Redirect*, 3> streams = {&options.in, &options.out, &options.err};
  for (size_t i = 0; i < streams.size(); ++i) {
    QB_RETURN_IF_ERROR(OpenStream(*streams[i], i, fds));
  }
  if (!MakePipe(fds.report_read, fds.report_write)) return PipeError();
  std::vector<std::string> arguments = options.argv;
  std::vector<std::string> environment = MergedEnvironment(options.environment);
  const std::vector<char*> argv = Pointers(arguments);
  const std::vector<char*> envp = Pointers(environment);

  const bool restricted = options.contained && ContainmentIsWanted();
  const FileDescriptor ruleset = restricted ? MakeWriteRuleset(options.writable) : FileDescriptor();
  const Launch launch{.fds = &fds,
                      .argv = argv.data(),
                      .environment = envp.data(),
                      .inherited = options.inherited,
                      .contained = options.contained,
                      .ruleset = &ruleset,
                      .parent = getpid()};
  ForkedInit forked;
  if (options.contained) {
    const Namespaces namespaces = restricted ? UsableNamespaces() : Namespaces();
    if (!MakePipe(fds.status_read, fds.status_write)) return PipeError();
    forked = ForkInto(namespaces);
    if (forked.pid == 0) SuperviseInChild(launch, forked.own_processes);
  } else {
    forked.pid = fork();
    if (forked.pid == 0) ExecuteInChild(launch);
  }
  if (forked.pid < 0) {
    return Error(StatusCode::kIo, "cannot start {}: {}", options.argv[0],
                 std::generic_category().message(errno));
  }
  setpgid(forked.pid, forked.pid);  // here too: the group exists whichever of the two runs first
  Child child(forked.pid);
  CloseFd(fds.report_write);
  CloseFd(fds.status_write);
  if (const int error = ReadReport(fds.report_read); error != 0) {
    return Error(error == ENOENT ? StatusCode::kNotFound : StatusCode::kIo, "cannot start {}: {}",
                 options.argv[0], std::generic_category().message(error));
  }
  if (options.contained) {
    child.supervised_ = FindChildOf(forked.pid);
    child.status_ = std::exchange(fds.status_read, -1);
    child.own_processes_ = forked.own_processes;
  }
  for (size_t i = 0; i < 3; ++i) child.pipes_[i] = std::exchange(fds.parent[i], -1);
  return child;
}

Result<Child> Child::Fork(const std::function<void()>& body) {
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    return Error(StatusCode::kIo, "cannot start a child process: {}",
                 std::generic_category().message(errno));
  }
  if (pid == 0) {
    LeadGroup(parent);
    prctl(PR_SET_DUMPABLE, 0);
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    // Handlers of the host (a sanitizer's, a test framework's, its own) have no business here.
    for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGINT, SIGTERM, SIGHUP,
                             SIGQUIT, SIGCHLD, SIGXCPU, SIGPIPE, SIGALRM}) {
      signal(number, SIG_DFL);
    }
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int stream = 0; stream <= 2; ++stream) dup2(null, stream);
    body();
    _exit(0);
  }
  setpgid(pid, pid);  // here too, so that the group exists whichever of the two runs first
  return Child(pid);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      supervised_(other.supervised_),
      status_(std::exchange(other.status_, -1)),
      own_processes_(other.own_processes_),
      start_(other.start_) {
  for (size_t i = 0; i < 3; ++i) pipes_[i] = std::exchange(other.pipes_[i], -1);
}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(supervised_, other.supervised_);
  std::swap(status_, other.status_);
  std::swap(own_processes_, other.own_processes_);
  std::swap(pipes_, other.pipes_);
  std::swap(start_, other.start_);
  return *this;
}

Child::~Child() {
  if (pid_ > 0) Reap({});
  for (int& fd : pipes_) CloseFd(fd);
  CloseFd(status_);
}

void Child::CloseIn() { CloseFd(pipes_[0]); }

void Child::Kill() {
  if (pid_ <= 0) return;
  // A supervisor without a namespace has to end what it supervises.
  kill(-pid_, status_ >= 0 && !own_processes_ ? SIGTERM : SIGKILL);
}

ChildEnd Child::Wait(const ChildLimits& limits, const std::function<bool()>& on_poll, int wake_fd) {
  ChildEnd end;
  end.limits = limits;
  if (pid_ <= 0) return end;
  // By number: glibc 2.36 declares pidfd_open with C++ linkage. -1 where the kernel lacks it.
  int pidfd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  std::optional<ChildEnd::Reason> stopped;
  Clock::time_point next_group_look = start_ + kGroupInterval;
  while (!HasEnded(pid_)) {
    const Clock::time_point now = Clock::now();
    end.peak_rss_bytes = std::max(end.peak_rss_bytes, PeakResidentBytes(pid()));
    if (limits.resident_bytes > 0) {
      uint64_t resident = ResidentBytes(pid());
      if (now >= next_group_look) {
        resident = std::max(
            resident, status_ >= 0 ? DescendantsResidentBytes(pid_) : GroupResidentBytes(pid_));
        next_group_look = now + kGroupInterval;
      }
      if (resident > limits.resident_bytes) stopped = ChildEnd::Reason::kMemory;
    }
    if (limits.time.count() > 0 && now - start_ >= limits.time) {
      stopped = ChildEnd::Reason::kTimeout;
    }
    if (!stopped && on_poll && !on_poll()) stopped = ChildEnd::Reason::kCancelled;
    if (stopped) break;
    SleepUntilEvent(pidfd, wake_fd, limits.poll);
  }
  if (stopped) end.reason = *stopped;
  CloseFd(pidfd);
  end = Reap(end);
  if (on_poll) on_poll();
  return end;
}

// Kills what is left of the group, and takes the child's status. `end.reason` tells why it was
// stopped, or kExited where it ended by itself.
ChildEnd Child::Reap(ChildEnd end) {
  Kill();
  const Clock::time_point patience = Clock::now() + kSupervisorGrace;
  while (status_ >= 0 && !own_processes_ && !HasEnded(pid_)) {
    if (Clock::now() > patience) kill(pid_, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  int status = 0;
  rusage usage{};
  while (wait4(pid_, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (int reported = 0; status_ >= 0) {
    // The write end has gone with the supervisor: this does not wait.
    if (read(status_, &reported, sizeof(reported)) == sizeof(reported)) status = reported;
  }
  const std::chrono::duration<double> wall = Clock::now() - start_;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  end.wall_seconds = wall.count();
  end.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  if (end.reason != ChildEnd::Reason::kExited) return end;
  if (WIFSIGNALED(status)) {
    end.reason = ChildEnd::Reason::kSignaled;
    end.signal = WTERMSIG(status);
  } else {
    end.exit_status = WEXITSTATUS(status);
  }
  return end;
}

Result<ChildEnd> RunChild(const ChildOptions& options, const ChildLimits& limits,
                          const std::function<bool()>& on_poll) {
  QB_ASSIGN_OR_RETURN(Child child, Child::Spawn(options));
  return child.Wait(limits, on_poll);
}

}  // namespace qbench
