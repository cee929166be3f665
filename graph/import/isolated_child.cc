#include "graph/import/isolated_child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <fstream>
#include <string>
#include <utility>

namespace qbench::graph::import {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxMessage = 1000;
constexpr int kPollMilliseconds = 20;

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { Close(); }
  int get() const { return fd_; }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

bool WriteAll(int fd, ByteSpan bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return true;
}

void SetLimit(decltype(RLIMIT_CPU) resource, uint64_t value, uint64_t beyond = 0) {
  const rlimit limit = {value, value + beyond};
  setrlimit(resource, &limit);
}

// Handlers of the host (a sanitizer's, a test framework's, its own) have no business in the child.
void ResetSignals() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGINT, SIGTERM, SIGHUP,
                           SIGXCPU, SIGPIPE, SIGALRM}) {
    std::signal(signal, SIG_DFL);
  }
  std::signal(SIGXFSZ, SIG_IGN);  // a write past the limit fails instead
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void EnterChild(pid_t parent, const IsolationLimits& limits) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  prctl(PR_SET_DUMPABLE, 0);
  ResetSignals();
  SetLimit(RLIMIT_CORE, 0);
  SetLimit(RLIMIT_CPU, static_cast<uint64_t>(limits.cpu_seconds), 1);  // SIGXCPU first
  SetLimit(RLIMIT_FSIZE, limits.max_output_bytes);
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int stream = 0; stream <= 2; ++stream) dup2(null, stream);
}

[[noreturn]] void ChildMain(const std::function<Status(ChildOutput&)>& work,
                            const IsolationLimits& limits, pid_t parent, int output, int verdict) {
  EnterChild(parent, limits);
  Status status;
  try {
    ChildOutput stream(output);
    status = work(stream);
    if (status.ok()) status = stream.finish();
  } catch (const std::bad_alloc&) {
    status = Error(StatusCode::kOutOfMemory, "ran out of memory");
  } catch (const std::exception& error) {
    status = Error(StatusCode::kInternal, "{}", error.what());
  }
  // The verdict: the code, then the message; shorter than PIPE_BUF, so it arrives whole.
  std::string text(1, static_cast<char>(status.code()));
  text += status.message().substr(0, kMaxMessage);
  WriteAll(verdict, AsBytes(text));
  _exit(0);
}

uint64_t ResidentBytes(pid_t pid) {
  std::ifstream statm("/proc/" + std::to_string(pid) + "/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

// Waits until the child has written its verdict or closed the pipe by dying.
Status WaitForVerdict(pid_t child, int verdict, uint64_t memory_before,
                      const IsolationLimits& limits) {
  const auto deadline = Clock::now() + std::chrono::seconds(limits.wall_seconds);
  while (true) {
    pollfd waiting = {verdict, POLLIN, 0};
    const int ready = poll(&waiting, 1, kPollMilliseconds);
    if (ready > 0) return OkStatus();
    if (ready < 0 && errno != EINTR) return Error(StatusCode::kIo, "poll: {}", strerror(errno));
    if (Clock::now() > deadline) {
      return Error(StatusCode::kTimeout, "gave no answer in {} s", limits.wall_seconds);
    }
    if (ResidentBytes(child) > memory_before + limits.max_memory_bytes) {
      return Error(StatusCode::kOutOfMemory, "took more than {} MiB of memory",
                   limits.max_memory_bytes >> 20);
    }
  }
}

std::string ReadVerdict(int fd) {
  std::array<char, kMaxMessage + 1> buffer;
  ssize_t got = 0;
  do {
    got = read(fd, buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  return {buffer.data(), got > 0 ? static_cast<size_t>(got) : 0};
}

Status StatusOfDeath(int wait_status) {
  if (WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGXCPU) {
    return Error(StatusCode::kTimeout, "took too much processor time");
  }
  if (WIFSIGNALED(wait_status)) {
    return Error(StatusCode::kCrashed, "crashed ({})", strsignal(WTERMSIG(wait_status)));
  }
  return Error(StatusCode::kCrashed, "ended without an answer");
}

// What the verdict says. Its text came from a process that read hostile data: one printable line.
Status StatusOfVerdict(const std::string& verdict) {
  const auto code = static_cast<unsigned char>(verdict[0]);
  if (code == 0) return OkStatus();
  if (code > static_cast<unsigned char>(StatusCode::kInternal)) {
    return Error(StatusCode::kCrashed, "gave a garbled answer");
  }
  std::string message = verdict.substr(1);
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return {static_cast<StatusCode>(code), message};
}

Result<ChildBytes> MapOutput(int fd) {
  struct stat info = {};
  if (fstat(fd, &info) != 0) return Error(StatusCode::kIo, "fstat: {}", strerror(errno));
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return ChildBytes{};
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return Error(StatusCode::kIo, "mmap: {}", strerror(errno));
  std::shared_ptr<const void> owner(data, [size](void* memory) { munmap(memory, size); });
  return ChildBytes{std::move(owner), {static_cast<const uint8_t*>(data), size}};
}

}  // namespace

void ChildOutput::Write(ByteSpan bytes) { failed_ = failed_ || !WriteAll(fd_, bytes); }

void ChildOutput::WriteNumber(uint64_t value) {
  Write({reinterpret_cast<const uint8_t*>(&value), sizeof(value)});
}

void ChildOutput::WriteText(std::string_view text) {
  WriteNumber(text.size());
  Write(AsBytes(text));
}

Status ChildOutput::finish() const {
  if (failed_) return Error(StatusCode::kIo, "it holds more data than a file of its size can");
  return OkStatus();
}

Result<ChildBytes> RunInChild(const std::function<Status(ChildOutput&)>& work,
                              const IsolationLimits& limits) {
  // The output goes to a file in memory, not through the pipe: nothing to drain while waiting.
  const FileDescriptor output(memfd_create("qbench-child", MFD_CLOEXEC));
  int ends[2] = {-1, -1};
  if (output.get() < 0 || pipe2(ends, O_CLOEXEC) != 0) {
    return Error(StatusCode::kIo, "no memory file or pipe for a child process: {}",
                 strerror(errno));
  }
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  const uint64_t memory_before = ResidentBytes(getpid());
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) return Error(StatusCode::kIo, "cannot fork: {}", strerror(errno));
  if (child == 0) ChildMain(work, limits, parent, output.get(), write_end.get());

  write_end.Close();
  Status waited = WaitForVerdict(child, read_end.get(), memory_before, limits);
  const std::string verdict = waited.ok() ? ReadVerdict(read_end.get()) : std::string();
  kill(child, SIGKILL);  // it has answered, died, or gone over a limit
  int wait_status = 0;
  while (waitpid(child, &wait_status, 0) < 0 && errno == EINTR) {
  }
  QB_RETURN_IF_ERROR(waited);
  if (verdict.empty()) return StatusOfDeath(wait_status);
  QB_RETURN_IF_ERROR(StatusOfVerdict(verdict));
  return MapOutput(output.get());
}

}  // namespace qbench::graph::import
