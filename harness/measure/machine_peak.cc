#include "harness/measure/machine_peak.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <memory>
#include <system_error>
#include <thread>

#include "base/cores.h"
#include "base/interrupt.h"
#include "harness/measure/machine_peak_loops.h"
#include "harness/measure/memory.h"
#include "harness/measure/proc_text.h"

namespace qbench::measure {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

struct Rate {  // work per second
  double mean = 0;
  double best_round = 0;
};

// Whole rounds, for about `seconds`.
Rate RunLoop(const PeakLoop& loop, PeakOperands& operands, double seconds) {
  const Clock::time_point start = Clock::now();
  Rate rate;
  double work = 0;
  double elapsed = 0;
  while (elapsed < seconds) {
    const double round = loop.run(operands);
    const double end = SecondsSince(start);
    work += round;
    rate.best_round = std::max(rate.best_round, round / (end - elapsed));
    elapsed = end;
  }
  rate.mean = work / elapsed;
  return rate;
}

using Operands = std::vector<std::unique_ptr<PeakOperands>>;

// The same on one thread for each of the operands, all at the same time; the sum of what they did
// on average, since the best rounds of two threads need not be at the same time. Throws
// std::system_error where no thread can be started.
double RunOnThreads(const PeakLoop& loop, const Operands& operands, double seconds) {
  std::vector<double> rates(operands.size());
  std::barrier start(static_cast<std::ptrdiff_t>(operands.size()));
  std::vector<std::jthread> threads;
  for (size_t i = 0; i < operands.size(); ++i) {
    try {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        rates[i] = RunLoop(loop, *operands[i], seconds).mean;
      });
    } catch (const std::system_error&) {
      // Those that wait at the barrier must not wait for ever.
      for (size_t missing = i; missing < operands.size(); ++missing) start.arrive_and_drop();
      throw;
    }
  }
  threads.clear();  // joins
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

// The best of what was seen: whatever disturbs makes it slower, nothing makes it faster.
double BestOf(const PeakLoop& loop, const Operands& operands, double seconds) {
  if (operands.size() == 1) return RunLoop(loop, *operands[0], seconds).best_round;
  constexpr int kRuns = 4;
  double best = 0;
  for (int run = 0; run < kRuns; ++run) {
    best = std::max(best, RunOnThreads(loop, operands, seconds / kRuns));
  }
  return best;
}

// Of each kind and type the loop that is fastest on one thread.
std::vector<PeakLoop> ChooseLoops(PeakOperands& operands, double seconds) {
  const std::vector<PeakLoop> all = PeakLoops();
  // A governor that saw an idle machine needs a while to raise the clock.
  RunLoop(all[0], operands, seconds / 2);
  std::vector<PeakLoop> chosen;
  std::vector<double> rates;
  for (const PeakLoop& loop : all) {
    const double rate =
        RunLoop(loop, operands, seconds / 2 / static_cast<double>(all.size())).best_round;
    const auto known = std::ranges::find_if(chosen, [&](const PeakLoop& other) {
      return other.kind == loop.kind && std::string_view(other.type) == loop.type;
    });
    if (known == chosen.end()) {
      chosen.push_back(loop);
      rates.push_back(rate);
    } else if (double& best = rates[static_cast<size_t>(known - chosen.begin())]; rate > best) {
      *known = loop;
      best = rate;
    }
  }
  std::ranges::stable_sort(chosen, {}, &PeakLoop::kind);
  return chosen;
}

uint64_t BufferBytes(uint64_t cache_bytes) {
  constexpr uint64_t kMiB = 1024 * 1024;
  uint64_t most = 128 * kMiB;
  if (const Result<uint64_t> available = AvailableMemory(); available.ok()) {
    most = std::min(most, *available / 8);
  }
  return std::min(most, std::max(32 * kMiB, 4 * cache_bytes));
}

Result<MachinePeaks> Measure(const PeakSettings& settings) {
  MachinePeaks result;
  result.cache_bytes = LargestCacheBytes(settings.root);
  result.buffer_bytes = BufferBytes(result.cache_bytes);
  std::vector<int> thread_counts = settings.threads;
  if (thread_counts.empty()) thread_counts = {1, AvailableCores()};
  std::ranges::sort(thread_counts);
  thread_counts.erase(std::unique(thread_counts.begin(), thread_counts.end()), thread_counts.end());
  std::vector<PeakLoop> loops;
  for (const int threads : thread_counts) {
    if (threads < 1) {
      return Error(StatusCode::kInvalidArgument, "{} threads: at least one is needed", threads);
    }
    Operands operands;
    for (int i = 0; i < threads; ++i) {
      operands.push_back(
          std::make_unique<PeakOperands>(result.buffer_bytes / static_cast<uint64_t>(threads)));
    }
    if (loops.empty()) loops = ChooseLoops(*operands[0], settings.seconds / 6);
    const double seconds =
        settings.seconds * 5 / 6 / static_cast<double>(loops.size() * thread_counts.size());
    for (const PeakLoop& loop : loops) {
      if (InterruptRequested()) return InterruptStatus("measuring the machine's peak");
      result.peaks.push_back({.kind = loop.kind,
                              .type = loop.type,
                              .threads = threads,
                              .per_second = BestOf(loop, operands, seconds),
                              .compiled_for = loop.compiled_for});
    }
  }
  return result;
}

}  // namespace

uint64_t LargestCacheBytes(const std::filesystem::path& root) {
  const std::filesystem::path caches = root / "sys/devices/system/cpu/cpu0/cache";
  uint64_t largest = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(caches, error)) {
    const auto size = ReadFirstLine(entry.path() / "size");  // "32768K"
    if (!size) continue;
    const int64_t number = FirstInteger(*size).value_or(0);
    const uint64_t unit = size->ends_with('K') ? 1024 : size->ends_with('M') ? 1024 * 1024 : 1;
    if (number > 0) largest = std::max(largest, static_cast<uint64_t>(number) * unit);
  }
  return largest;
}

Result<MachinePeaks> MeasureMachinePeaks(const PeakSettings& settings) {
  try {
    return Measure(settings);
  } catch (const std::bad_alloc&) {
    return Error(StatusCode::kOutOfMemory,
                 "not enough memory to measure the machine's memory bandwidth: free some");
  } catch (const std::system_error& error) {
    return Error(StatusCode::kInternal, "no thread could be started: {}", error.what());
  }
}

}  // namespace qbench::measure
