#include "harness/worker/worker_link.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <system_error>

#include "base/json.h"
#include "base/one_line.h"
#include "fmt/format.h"
#include "qbench/host.h"

namespace qbench::worker {
namespace {

// A line is written whole or not at all up to this length (PIPE_BUF of Linux).
constexpr size_t kMaxLine = 4096;
constexpr size_t kMaxText = 1000;  // may grow sixfold when it is escaped
constexpr int64_t kProgressIntervalMs = 50;

int64_t NowMs() {
  using std::chrono::milliseconds;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

std::string_view SeverityName(int severity) {
  switch (severity) {
    case QBENCH_LOG_DEBUG:
      return "debug";
    case QBENCH_LOG_INFO:
      return "info";
    case QBENCH_LOG_WARNING:
      return "warning";
    case QBENCH_LOG_ERROR:
      return "error";
    case QBENCH_LOG_HOST_MISBEHAVING:
      return "the host misbehaves";
    case QBENCH_LOG_PLUGIN_MISBEHAVING:
      return "the plugin misbehaves";
    default:
      return "log";
  }
}

Status SystemError(const char* what) {
  return Error(StatusCode::kIo, "{}: {}", what, std::generic_category().message(errno));
}

}  // namespace

Result<WorkerLink> WorkerLink::TakeStandardStreams() {
  std::signal(SIGPIPE, SIG_IGN);  // a parent that is gone
  const int in = fcntl(0, F_DUPFD_CLOEXEC, 3);
  const int out = fcntl(1, F_DUPFD_CLOEXEC, 3);
  if (in < 0 || out < 0) return SystemError("cannot take over the standard streams");
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const bool moved = null >= 0 && dup2(null, 0) == 0 && dup2(2, 1) == 1;
  if (null >= 0) close(null);
  if (!moved) return SystemError("cannot replace the standard streams");
  // A line that a plugin has printed is in the file when the plugin crashes.
  setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);
  if (fcntl(out, F_SETFL, O_NONBLOCK) != 0) return SystemError("cannot set a pipe up");
  return WorkerLink(in, out);
}

WorkerLink::WorkerLink(WorkerLink&& other) noexcept : in_(other.in_), out_(other.out_) {}

void WorkerLink::Send(const std::string& line) const {
  if (line.size() + 1 > kMaxLine) return;
  const std::string text = line + '\n';
  // Lossy on purpose, see the header.
  [[maybe_unused]] const ssize_t written = write(out_, text.data(), text.size());
}

void WorkerLink::Log(int severity, const std::string& line) const {
  const std::string text = Shortened(line, kMaxText);
  const std::string logged = fmt::format("{}: {}\n", SeverityName(severity), text);
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, logged.data(), logged.size());
  Send(DumpJson(Json::array({"log", severity, text})));
}

void WorkerLink::Progress(const std::string& doing, uint64_t done, uint64_t total) {
  const int64_t now = NowMs();
  if (done != total && now - last_progress_ms_.load() < kProgressIntervalMs) return;
  last_progress_ms_.store(now);
  Send(DumpJson(Json::array({"progress", Shortened(doing, kMaxText), done, total})));
}

bool WorkerLink::Cancelled() const {
  pollfd in{.fd = in_, .events = POLLIN, .revents = 0};
  return poll(&in, 1, 0) > 0 && (in.revents & (POLLIN | POLLHUP)) != 0;
}

DescriptorGuard::DescriptorGuard(const std::vector<int>& descriptors) {
  for (const int descriptor : descriptors) {
    struct stat now {};
    if (fstat(descriptor, &now) == 0) watched_.push_back({descriptor, now.st_dev, now.st_ino});
  }
}

std::vector<int> DescriptorGuard::Broken() const {
  std::vector<int> broken;
  for (const Watched& watched : watched_) {
    struct stat now {};
    if (fstat(watched.descriptor, &now) != 0 || now.st_dev != watched.device ||
        now.st_ino != watched.inode) {
      broken.push_back(watched.descriptor);
    }
  }
  return broken;
}

WorkerObserver::WorkerObserver(jobs::Breadcrumb& breadcrumb, const WorkerLink& link)
    : breadcrumb_(breadcrumb), guard_({0, 1, 2, link.in(), link.out()}) {}

void WorkerObserver::Enter(std::string_view plugin, host::Phase phase) noexcept {
  breadcrumb_.Enter(plugin, phase);
}

void WorkerObserver::Leave() noexcept { breadcrumb_.Leave(); }

Status WorkerObserver::Check(std::string_view plugin, host::Phase phase) {
  const std::vector<int> broken = guard_.Broken();
  if (broken.empty()) return OkStatus();
  return Error(StatusCode::kInternal, "{}'s {} closed the worker's file descriptors ({})", plugin,
               host::PhaseName(phase), fmt::join(broken, ", "));
}

}  // namespace qbench::worker
