#include "quantize/parallel_for.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <utility>
#include <vector>

#include "base/cores.h"

namespace qbench::quantize {

Status ParallelFor(size_t count, size_t threads,
                   const std::function<Status(size_t thread, size_t index)>& work) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  size_t failed_index = count;
  Status failure;
  const auto run = [&](size_t thread) {
    for (size_t index = next++; index < count; index = next++) {
      Status status = work(thread, index);
      if (status.ok()) continue;
      const std::lock_guard lock(mutex);
      if (index >= failed_index) continue;
      failed_index = index;
      failure = std::move(status);
    }
  };
  std::vector<std::future<void>> others;
  for (size_t thread = 1; thread < std::min(threads, count); ++thread) {
    others.push_back(std::async(std::launch::async, run, thread));
  }
  run(0);
  for (std::future<void>& other : others) other.get();
  return failure;
}

size_t WorkThreads() { return std::clamp<size_t>(static_cast<size_t>(AvailableCores()), 1, 4); }

}  // namespace qbench::quantize
