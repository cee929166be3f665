// Benchmarks of qbench's own work, on Google Benchmark: --help says how they are chosen and
// reported. What qbench measures with are not these but latency jobs of its own
// (docs/measuring.md).
//
// Exit status: 0, or 1 where a benchmark failed or none was chosen.
#include "tests/benchmarks/benchmark_inputs.h"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const size_t ran = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return ran == 0 || qbench::benchmarks::AnyFailed() ? 1 : 0;
}
