// Judges two builds from Google Benchmark's JSON of pairs of processes (scripts/compare_commits.sh
// makes them). Exit status: 0, 1 where a benchmark got slower, 2 where it cannot be said.
//
//     benchmark_judge LIMIT_PERCENT real|cpu BASE.json NEW.json BASE.json NEW.json…
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "base/files.h"
#include "tests/benchmarks/benchmark_verdicts.h"

namespace qbench::benchmarks {
namespace {

Result<std::vector<BenchmarkTime>> Read(const char* file, TimeKind kind) {
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(file));
  Result<std::vector<BenchmarkTime>> times = ReadBenchmarkTimes(text, kind);
  if (!times.ok()) return times.status().WithContext(file);
  return times;
}

Result<bool> AnySlower(double limit, TimeKind kind, int count, char** files) {
  std::vector<ProcessPair> pairs;
  for (int i = 0; i + 1 < count; i += 2) {
    ProcessPair pair;
    QB_ASSIGN_OR_RETURN(pair.base, Read(files[i], kind));
    QB_ASSIGN_OR_RETURN(pair.changed, Read(files[i + 1], kind));
    pairs.push_back(std::move(pair));
  }
  QB_ASSIGN_OR_RETURN(const BuildComparison comparison, CompareBuilds(pairs, limit));
  fmt::print("{}", DescribeComparison(comparison));
  for (const ComparedBenchmark& one : comparison.benchmarks) {
    if (one.verdict == Verdict::kSlower) return true;
  }
  return false;
}

int Judge(int argc, char** argv) {
  const std::string_view kind = argc > 2 ? argv[2] : "";
  char* end = nullptr;
  const double percent = argc > 1 ? std::strtod(argv[1], &end) : -1;
  if (argc < 5 || argc % 2 == 0 || *end != '\0' || !(percent >= 0) ||
      (kind != "real" && kind != "cpu")) {
    std::fputs("usage: benchmark_judge LIMIT_PERCENT real|cpu BASE.json NEW.json...\n", stderr);
    return 2;
  }
  const Result<bool> slower = AnySlower(
      percent / 100, kind == "real" ? TimeKind::kReal : TimeKind::kCpu, argc - 3, argv + 3);
  if (!slower.ok()) {
    fmt::print(stderr, "benchmark_judge: {}\n", slower.status().message());
    return 2;
  }
  return *slower ? 1 : 0;
}

}  // namespace
}  // namespace qbench::benchmarks

int main(int argc, char** argv) {
  try {
    return qbench::benchmarks::Judge(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "benchmark_judge: %s\n", error.what());
    return 2;
  }
}
