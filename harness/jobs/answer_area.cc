#include "harness/jobs/answer_area.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/files.h"

namespace qbench::jobs {
namespace {

// The answer's length, then the answer.
using Length = uint64_t;
constexpr size_t kAreaBytes = sizeof(Length) + kMostAnswerBytes;

Status NoMemory(std::string_view doing) {
  return Error(StatusCode::kIo, "cannot {} the memory for a worker's answer: {}", doing,
               ErrnoText(errno));
}

}  // namespace

Result<AnswerArea> AnswerArea::Create() {
  FileDescriptor memory(memfd_create("qbench-answer", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.ok() || ftruncate(memory.get(), static_cast<off_t>(kAreaBytes)) != 0) {
    return NoMemory("make");
  }
  // Nobody cuts it (a write through the worker's mapping would be its death) or makes it longer.
  if (fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return NoMemory("seal");
  }
  return AnswerArea(std::move(memory));
}

std::optional<std::string> AnswerArea::Read() const {
  Length length = 0;
  if (pread(memory_.get(), &length, sizeof(length), 0) != sizeof(length) || length == 0) {
    return std::nullopt;
  }
  std::string answer(std::min<Length>(length, kMostAnswerBytes), '\0');
  size_t done = 0;
  while (done < answer.size()) {
    const ssize_t count = pread(memory_.get(), answer.data() + done, answer.size() - done,
                                static_cast<off_t>(sizeof(length) + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<size_t>(count);
  }
  answer.resize(done);
  return answer;
}

Result<AnswerWriter> AnswerWriter::Open(int descriptor) {
  const FileDescriptor memory(descriptor);
  struct stat info {};
  if (fstat(descriptor, &info) != 0 || info.st_size != static_cast<off_t>(kAreaBytes)) {
    return Error(StatusCode::kIo, "descriptor {} is not the memory for an answer", descriptor);
  }
  void* address = mmap(nullptr, kAreaBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (address == MAP_FAILED) return NoMemory("map");
  madvise(address, kAreaBytes, MADV_DONTFORK);
  return AnswerWriter(static_cast<uint8_t*>(address));
}

Status AnswerWriter::Write(std::string_view answer) const {
  if (answer.size() > kMostAnswerBytes) {
    return Error(StatusCode::kInvalidArgument,
                 "the answer has {} bytes, and {} is the most that there may be", answer.size(),
                 kMostAnswerBytes);
  }
  std::memcpy(memory_ + sizeof(Length), answer.data(), answer.size());
  // The length last: of a worker that is killed meanwhile there is no answer, never half of one.
  std::atomic_thread_fence(std::memory_order_release);
  const Length length = answer.size();
  std::memcpy(memory_, &length, sizeof(length));
  return OkStatus();
}

}  // namespace qbench::jobs
