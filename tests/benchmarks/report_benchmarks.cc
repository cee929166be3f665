// The store and the reports that are made from it, on made-up runs; the argument is the number of
// cells.
#include "harness/results/comparison.h"
#include "harness/results/summary.h"
#include "harness/store/store.h"
#include "reports/comparison/comparison_reports.h"
#include "reports/reports.h"
#include "tests/benchmarks/benchmark_inputs.h"
#include "tests/store/sample_run.h"

namespace qbench::benchmarks {
namespace {

constexpr int kFewCells = 6;
constexpr int kManyCells = 48;

store::SampleRunOptions RunOf(int64_t cells) {
  store::SampleRunOptions options;
  options.quantizers = {"float", "fp16", "dynamic", "int8", "uint8", "int16x8"};
  options.threads.clear();
  for (int32_t threads = 1; threads <= cells / kFewCells; ++threads) {
    options.threads.push_back(threads);
  }
  options.images = 120;
  return options;
}

// A database of its own with one run.
Result<store::Store> MakeStore(const char* name, int64_t cells) {
  QB_RETURN_IF_ERROR(ScratchFolder().status());
  const std::filesystem::path file =
      ScratchFolder()->path() / fmt::format("{}-{}.sqlite", name, cells);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
    std::error_code ignored;
    std::filesystem::remove(file.string() + suffix, ignored);
  }
  QB_ASSIGN_OR_RETURN(store::Store store, store::Store::Open(file, store::OpenMode::kReadWrite));
  QB_RETURN_IF_ERROR(store::StoreSampleRun(store, RunOf(cells)).status());
  return store;
}

// A cell and a latency measurement of 1000 samples: two durable transactions.
void StoreInsertCell(benchmark::State& state) {
  constexpr int64_t kSamples = 1000;
  Result<store::Store> store = MakeStore("insert", kFewCells);
  if (!Check(state, store)) return;
  const Result<store::RunData> run = store->LoadRun(1);
  if (!Check(state, run)) return;
  store::Cell cell = run->cells[0].cell;
  store::Measurement measurement;
  measurement.started_at = measurement.finished_at = "2025-11-20T21:08:00Z";
  for (int64_t i = 0; i < kSamples; ++i) {
    measurement.samples_ns.push_back(1e6 + static_cast<double>(i * 37 % 101));
  }
  for ([[maybe_unused]] const auto _ : state) {
    cell.threads += 100;  // no other cell has as many
    const Result<int64_t> id = store->AddCell(cell);
    if (!Check(state, id)) return;
    measurement.cell_id = *id;
    if (!Check(state, store->CommitMeasurement(measurement))) return;
  }
  SetItems(state, kSamples);
}
BENCHMARK(StoreInsertCell)->Unit(benchmark::kMicrosecond)->UseRealTime();

void StoreReadRun(benchmark::State& state) {
  Result<store::Store> store = MakeStore("read", state.range(0));
  if (!Check(state, store)) return;
  for ([[maybe_unused]] const auto _ : state) {
    const Result<store::RunData> run = store->LoadRun(1);
    if (!Check(state, run)) return;
  }
  SetItems(state, state.range(0));
}
BENCHMARK(StoreReadRun)->Arg(kFewCells)->Arg(kManyCells)->Unit(benchmark::kMillisecond);

void Summarize(benchmark::State& state) {
  const store::RunData run = store::LoadSampleRun(RunOf(state.range(0)));
  for ([[maybe_unused]] const auto _ : state) benchmark::DoNotOptimize(results::Summarize(run));
  SetItems(state, state.range(0));
}
BENCHMARK(Summarize)->Arg(kFewCells)->Arg(kManyCells)->Unit(benchmark::kMillisecond);

// Two runs of as many cells: pairing, judging and all that is written of it but the pictures.
void Compare(benchmark::State& state) {
  const results::Side base = results::SideOf(store::LoadSampleRun(RunOf(state.range(0))), "base");
  const results::Side now = results::SideOf(store::LoadSampleRun(RunOf(state.range(0))), "new");
  for ([[maybe_unused]] const auto _ : state) {
    const results::Comparison comparison = results::Compare(base, now, {});
    benchmark::DoNotOptimize(reports::ComparisonText(comparison));
    const Result<std::string> page = reports::ComparisonHtml(comparison, {});
    if (!Check(state, page)) return;
  }
  SetItems(state, state.range(0));
}
BENCHMARK(Compare)->Arg(kFewCells)->Arg(kManyCells)->Unit(benchmark::kMillisecond);

void Report(benchmark::State& state, reports::Format format) {
  const reports::Runs runs = {store::LoadSampleRun(RunOf(state.range(0)))};
  size_t bytes = 0;
  for ([[maybe_unused]] const auto _ : state) {
    const Result<std::string> text = reports::Render(format, runs);
    if (!Check(state, text)) return;
    bytes = text->size();
  }
  SetItems(state, state.range(0));
  SetBytes(state, bytes);
}
#define QBENCH_REPORT_BENCHMARK(name, format) \
  BENCHMARK_CAPTURE(Report, name, format)     \
      ->Arg(kFewCells)                        \
      ->Arg(kManyCells)                       \
      ->Unit(benchmark::kMillisecond)
QBENCH_REPORT_BENCHMARK(html, reports::Format::kHtml);
QBENCH_REPORT_BENCHMARK(csv, reports::Format::kCsv);
QBENCH_REPORT_BENCHMARK(markdown, reports::Format::kMarkdown);
QBENCH_REPORT_BENCHMARK(json, reports::Format::kJson);

}  // namespace
}  // namespace qbench::benchmarks
