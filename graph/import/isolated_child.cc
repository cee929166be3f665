#include "graph/import/isolated_child.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>
#include <string>
#include <utility>

#include "base/file_descriptor.h"
#include "base/files.h"
#include "base/process.h"

namespace qbench::graph::import {
namespace {

constexpr size_t kMaxMessage = 1000;

void SetLimit(decltype(RLIMIT_CPU) resource, uint64_t value, uint64_t beyond = 0) {
  const rlimit limit = {value, value + beyond};
  setrlimit(resource, &limit);
}

// The verdict is the status's code, then the message; shorter than PIPE_BUF, so it arrives whole.
void Work(const std::function<Status(ChildOutput&)>& work, const IsolationLimits& limits,
          int output, int verdict) {
  std::signal(SIGXFSZ, SIG_IGN);  // a write past the limit fails instead
  SetLimit(RLIMIT_CPU, static_cast<uint64_t>(limits.cpu_seconds), 1);  // SIGXCPU first
  SetLimit(RLIMIT_FSIZE, limits.max_output_bytes);
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
  std::string text(1, static_cast<char>(status.code()));
  text += status.message().substr(0, kMaxMessage);
  [[maybe_unused]] const int error = WriteAll(verdict, AsBytes(text));  // none arrives: a crash
}

std::string ReadVerdict(int fd) {
  std::array<char, kMaxMessage + 1> buffer;
  ssize_t got = 0;
  do {
    got = read(fd, buffer.data(), buffer.size());
  } while (got < 0 && errno == EINTR);
  return {buffer.data(), got > 0 ? static_cast<size_t>(got) : 0};
}

// Of a child that left no verdict.
Status StatusOfDeath(const ChildEnd& end, const IsolationLimits& limits) {
  switch (end.reason) {
    case ChildEnd::Reason::kTimeout:
      return Error(StatusCode::kTimeout, "gave no answer in {} s", limits.wall_seconds);
    case ChildEnd::Reason::kMemory:
      return Error(StatusCode::kOutOfMemory, "took more than {} MiB of memory",
                   limits.max_memory_bytes >> 20);
    case ChildEnd::Reason::kSignaled:
      if (end.signal == SIGXCPU) {
        return Error(StatusCode::kTimeout, "took too much processor time");
      }
      return Error(StatusCode::kCrashed, "crashed ({})", strsignal(end.signal));
    default:
      return Error(StatusCode::kCrashed, "ended without an answer");
  }
}

// What the verdict says. Its text came from a process that read hostile data: one printable line.
Status StatusOfVerdict(const std::string& verdict) {
  const auto code = static_cast<unsigned char>(verdict[0]);
  if (code == 0) return OkStatus();
  if (code > static_cast<unsigned char>(kLastStatusCode)) {
    return Error(StatusCode::kCrashed, "gave a garbled answer");
  }
  std::string message = verdict.substr(1);
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return {static_cast<StatusCode>(code), message};
}

// The output, and the file in memory that it is in.
struct Output {
  Output(FileDescriptor memory_file, size_t bytes) : file(std::move(memory_file)), size(bytes) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    if (data != MAP_FAILED) munmap(data, size);
  }

  // Whole pages of it.
  void Discard(ByteSpan part) const {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const auto offset = static_cast<size_t>(part.data() - static_cast<const uint8_t*>(data));
    const size_t first = (offset + page - 1) / page * page;
    const size_t end = (offset + part.size()) / page * page;
    // Where the kernel cannot, the memory stays until the end.
    if (first < end) {
      (void)fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                      static_cast<off_t>(first), static_cast<off_t>(end - first));
    }
  }

  FileDescriptor file;
  size_t size;
  void* data = MAP_FAILED;
};

Result<ChildBytes> MapOutput(FileDescriptor file) {
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return Error(StatusCode::kIo, "fstat: {}", strerror(errno));
  const auto size = static_cast<size_t>(info.st_size);
  if (size == 0) return ChildBytes{};
  const auto output = std::make_shared<Output>(std::move(file), size);
  output->data = mmap(nullptr, size, PROT_READ, MAP_SHARED, output->file.get(), 0);
  if (output->data == MAP_FAILED) return Error(StatusCode::kIo, "mmap: {}", strerror(errno));
  return ChildBytes{.owner = output,
                    .bytes = {static_cast<const uint8_t*>(output->data), size},
                    .discard = [output](ByteSpan part) { output->Discard(part); }};
}

}  // namespace

void ChildOutput::Write(ByteSpan bytes) {
  failed_ = failed_ || WriteAll(fd_, bytes) != 0;
  written_ += bytes.size();
}

void ChildOutput::Align(size_t alignment) {
  Write(Bytes((alignment - written_ % alignment) % alignment, 0));
}

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
  FileDescriptor output(memfd_create("qbench-child", MFD_CLOEXEC));
  int ends[2] = {-1, -1};
  if (output.get() < 0 || pipe2(ends, O_CLOEXEC) != 0) {
    return Error(StatusCode::kIo, "no memory file or pipe for a child process: {}",
                 strerror(errno));
  }
  const FileDescriptor read_end(ends[0]);
  FileDescriptor write_end(ends[1]);
  const ChildLimits child_limits{
      .time = std::max(std::chrono::milliseconds(1),
                       std::chrono::milliseconds(std::chrono::seconds(limits.wall_seconds))),
      .resident_bytes = ResidentBytes(getpid()) + limits.max_memory_bytes};
  QB_ASSIGN_OR_RETURN(Child child,
                      Child::Fork([&] { Work(work, limits, output.get(), write_end.get()); }));
  write_end.Close();
  const ChildEnd end = child.Wait(child_limits);
  const std::string verdict = ReadVerdict(read_end.get());
  if (verdict.empty()) return StatusOfDeath(end, limits);
  QB_RETURN_IF_ERROR(StatusOfVerdict(verdict));
  return MapOutput(std::move(output));
}

}  // namespace qbench::graph::import
