#include "harness/measure/latency.h"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <mutex>

#include "benchmark/benchmark.h"

namespace qbench::measure {
namespace {

// Memory for the samples, and the patience of whoever reads them: a model that answers in 10 us
// reaches the usual two seconds with so many.
constexpr int64_t kMaxSamples = 200'000;
constexpr double kNanosecondsPerSecond = 1e9;

// Not slewed by NTP, which may well set the clock of a board that has just booted.
int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

Result<int64_t> TimeOnce(const LatencySubject& subject) {
  QB_RETURN_IF_ERROR(subject.prepare());
  const int64_t start = NowNs();
  Status status = subject.invoke();
  const int64_t end = NowNs();
  QB_RETURN_IF_ERROR(status);
  return end - start;
}

// The time of each run; `seconds`: of all together.
Result<std::vector<int64_t>> WarmUp(const LatencySubject& subject, const LatencySettings& settings,
                                    double& seconds) {
  std::vector<int64_t> runs;
  seconds = 0;
  const int64_t start = NowNs();
  const int64_t at_least = std::max<int64_t>(1, settings.warmup_runs);
  while (static_cast<int64_t>(runs.size()) < at_least || seconds < settings.warmup_seconds) {
    QB_ASSIGN_OR_RETURN(const int64_t ns, TimeOnce(subject));
    runs.push_back(ns);
    seconds = static_cast<double>(NowNs() - start) / kNanosecondsPerSecond;
    const bool first_of_slow_model = seconds > settings.max_seconds;
    if (first_of_slow_model || static_cast<int64_t>(runs.size()) >= kMaxSamples) break;
  }
  return runs;
}

// Prints nothing: the samples go to the caller.
class NullReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

Status RunTimedLoop(const LatencySubject& subject, int64_t iterations, std::vector<int64_t>& ns) {
  static std::mutex registry;  // Google Benchmark's list of benchmarks is global
  const std::lock_guard lock(registry);
  ns.reserve(static_cast<size_t>(iterations));
  Status failure;
  auto loop = [&](benchmark::State& state) {
    for (auto _ : state) {
      Result<int64_t> sample = TimeOnce(subject);
      if (!sample.ok()) {
        failure = sample.status();
        state.SkipWithError(failure.message().c_str());
        break;
      }
      ns.push_back(*sample);
      state.SetIterationTime(static_cast<double>(*sample) / kNanosecondsPerSecond);
    }
  };
  benchmark::RegisterBenchmark("latency", loop)
      ->UseManualTime()
      ->Iterations(iterations)
      ->Repetitions(1);
  NullReporter reporter;
  const size_t ran = benchmark::RunSpecifiedBenchmarks(&reporter, nullptr, "latency");
  benchmark::ClearRegisteredBenchmarks();
  QB_RETURN_IF_ERROR(failure);
  if (ran != 1 || static_cast<int64_t>(ns.size()) != iterations) {
    return Error(StatusCode::kInternal,
                 "Google Benchmark ran {} benchmarks and {} of {} iterations", ran, ns.size(),
                 iterations);
  }
  return OkStatus();
}

}  // namespace

int64_t PlanIterations(const std::vector<int64_t>& warmup_ns, const LatencySettings& settings,
                       bool& cut_short) {
  // Without the first run, which does what load() left undone, where there is another.
  std::vector<int64_t> runs(warmup_ns.begin() + (warmup_ns.size() > 1 ? 1 : 0), warmup_ns.end());
  std::sort(runs.begin(), runs.end());
  const double fastest = std::max(1.0, static_cast<double>(runs.front()));
  const double median = std::max(1.0, static_cast<double>(runs[runs.size() / 2]));
  const double for_time = std::ceil(settings.min_seconds * kNanosecondsPerSecond / fastest);
  const double wanted = std::min(std::max(static_cast<double>(settings.min_samples), for_time),
                                 static_cast<double>(kMaxSamples));
  const double fit =
      std::max(1.0, std::floor(settings.max_seconds * kNanosecondsPerSecond / median));
  cut_short = fit < static_cast<double>(settings.min_samples);
  return std::max<int64_t>(1, static_cast<int64_t>(std::min(wanted, fit)));
}

Result<LatencySamples> MeasureLatency(const LatencySubject& subject,
                                      const LatencySettings& settings,
                                      const std::function<void()>& before_timed,
                                      const std::function<void()>& after_timed) {
  LatencySamples samples;
  QB_ASSIGN_OR_RETURN(const std::vector<int64_t> warmup,
                      WarmUp(subject, settings, samples.warmup_seconds));
  samples.first_ns = warmup.front();
  samples.warmup_runs = static_cast<int64_t>(warmup.size());
  const int64_t iterations = PlanIterations(warmup, settings, samples.cut_short);
  if (before_timed) before_timed();
  const Status status = RunTimedLoop(subject, iterations, samples.ns);
  if (after_timed) after_timed();
  QB_RETURN_IF_ERROR(status);
  return samples;
}

}  // namespace qbench::measure
