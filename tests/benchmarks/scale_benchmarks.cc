// Reports and comparisons of a database of 10,000 cells and 2 million latency samples, as a user
// makes them: each is a process of its own, timed with its start, its peak memory (`peak_MB`) and
// the size of what it wrote (`file_MB`) beside it. docs/keeping.md has what came of it.
#include "base/process.h"
#include "harness/store/store.h"
#include "tests/benchmarks/benchmark_inputs.h"
#include "tests/store/sample_run.h"

namespace qbench::benchmarks {
namespace {

namespace fs = std::filesystem;

// 20 models, 5 quantizers, 2 runtimes and 50 numbers of threads; 4 processes with 50 samples each.
store::SampleRunOptions LargeRun() {
  store::SampleRunOptions options;
  options.models.clear();
  for (int i = 0; i < 20; ++i) options.models.push_back(fmt::format("model{}", i));
  options.quantizers = {"float", "fp16", "dynamic", "int8", "uint8"};
  options.runtimes = {"litert", "reference"};
  options.threads.clear();
  for (int32_t threads = 1; threads <= 50; ++threads) options.threads.push_back(threads);
  options.images = 120;
  options.processes = 4;
  options.samples = 50;
  options.full_conditions = true;
  return options;
}

Result<fs::path> MakeLargeDatabase() {
  QB_RETURN_IF_ERROR(ScratchFolder().status());
  const fs::path file = ScratchFolder()->path() / "large.sqlite";
  QB_ASSIGN_OR_RETURN(store::Store store, store::Store::Open(file, store::OpenMode::kReadWrite));
  QB_RETURN_IF_ERROR(store::StoreSampleRun(store, LargeRun()).status());
  return file;
}

// Made by the first benchmark that wants it.
const Result<fs::path>& LargeDatabase() {
  static const Result<fs::path> database = MakeLargeDatabase();
  return database;
}

// `what`: the command, to which the database and the output are added.
void AtScale(benchmark::State& state, const std::vector<std::string>& what) {
  if (!Check(state, LargeDatabase())) return;
  const fs::path output = ScratchFolder()->path() / "report";
  ChildOptions options;
  options.argv = {(ProgramFolder() / "qbench").string()};
  options.argv.insert(options.argv.end(), what.begin(), what.end());
  options.argv.insert(options.argv.end(),
                      {"--db", LargeDatabase()->string(), "-o", output.string()});
  options.out = Redirect::Null();
  uint64_t peak = 0;
  for ([[maybe_unused]] const auto _ : state) {
    const Result<ChildEnd> end = RunChild(options, {.poll = std::chrono::milliseconds(5)});
    if (!Check(state, end) || !Check(state, end->ToStatus(what[0]))) return;
    peak = std::max(peak, end->peak_rss_bytes);
  }
  std::error_code none;
  state.counters["peak_MB"] = static_cast<double>(peak) / 1e6;
  state.counters["file_MB"] = static_cast<double>(fs::file_size(output, none)) / 1e6;
}

#define QBENCH_SCALE_BENCHMARK(name, ...)                                \
  BENCHMARK_CAPTURE(AtScale, name, std::vector<std::string> __VA_ARGS__) \
      ->Unit(benchmark::kMillisecond)                                    \
      ->UseRealTime()
QBENCH_SCALE_BENCHMARK(csv, {"report", "--format", "csv"});
QBENCH_SCALE_BENCHMARK(html, {"report", "--format", "html"});
QBENCH_SCALE_BENCHMARK(markdown, {"report", "--format", "md"});
QBENCH_SCALE_BENCHMARK(json, {"report", "--format", "json"});
QBENCH_SCALE_BENCHMARK(bencher, {"report", "--format", "bencher"});
QBENCH_SCALE_BENCHMARK(junit, {"report", "--format", "junit"});
QBENCH_SCALE_BENCHMARK(prometheus, {"report", "--format", "prometheus"});
QBENCH_SCALE_BENCHMARK(compare_text, {"compare", "1", "1", "--format", "text"});
QBENCH_SCALE_BENCHMARK(compare_html, {"compare", "1", "1", "--format", "html"});
QBENCH_SCALE_BENCHMARK(compare_json, {"compare", "1", "1", "--format", "json"});

}  // namespace
}  // namespace qbench::benchmarks
