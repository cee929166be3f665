// Which benchmarks differ between two builds, from Google Benchmark's JSON of pairs of fresh
// processes, one of each build: the ratio of every benchmark with its interval, and the rule that
// calls it slower or faster. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "harness/stats/paired_ratio.h"

namespace qbench::benchmarks {

enum class TimeKind { kReal, kCpu };  // real_time, cpu_time

struct BenchmarkTime {
  std::string name;
  double ns = 0;  // an iteration; of several repetitions their median
};

// The benchmarks of one process in the file's order, without aggregates. kCorrupt: not such a file,
// or a time that is not a positive number. kInvalidArgument: a benchmark failed (named), or the
// file has none.
Result<std::vector<BenchmarkTime>> ReadBenchmarkTimes(std::string_view json, TimeKind kind);

struct ProcessPair {
  std::vector<BenchmarkTime> base;
  std::vector<BenchmarkTime> changed;
};

enum class Verdict { kSame, kSlower, kFaster };

struct ComparedBenchmark {
  std::string name;
  double base_ns = 0;  // medians over the processes
  double changed_ns = 0;
  stats::RatioEstimate ratio = {};  // changed to base
  Verdict verdict = Verdict::kSame;
};

struct BuildComparison {
  std::vector<ComparedBenchmark> benchmarks = {};  // those of both builds, in the order of the base
  std::vector<std::string> only_in_base = {};
  std::vector<std::string> only_in_changed = {};
  size_t pairs = 0;
  double limit = 0;  // a share: 0.02
};

// All intervals together cover the truth in this share of comparisons, so each of m is asked for
// 1 - (1 - this) / m (Bonferroni). A benchmark is slower where its interval lies above 1 + limit as
// a whole, faster where it lies below 1 / (1 + limit).
inline constexpr double kFamilyConfidence = 0.95;

// The fewest pairs with which `benchmarks` intervals of that confidence exist.
size_t PairsNeeded(size_t benchmarks);

// kInvalidArgument: too few pairs (how many are needed) or more than stats::kMaxPairs, no benchmark
// that both builds have, a benchmark that some processes of one build lack, a name that one process
// has twice.
Result<BuildComparison> CompareBuilds(const std::vector<ProcessPair>& pairs, double limit);

// A line a benchmark, then what differs in words. Ends with a line feed.
std::string DescribeComparison(const BuildComparison& comparison);

}  // namespace qbench::benchmarks
