// Models from files and to files: import, optimizing, reading and writing .tflite.
#include "graph/import/keras/keras_file.h"
#include "graph/import/keras/keras_import.h"
#include "graph/import/keras/keras_model.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "tests/benchmarks/benchmark_inputs.h"

namespace qbench::benchmarks {
namespace {

// With the child process that HDF5 runs in.
void ReadKeras(benchmark::State& state, const char* stem) {
  const Result<ShippedModel>& model = Shipped(stem);
  if (!Check(state, model)) return;
  for ([[maybe_unused]] const auto _ : state) {
    const Result<graph::Model> read = graph::import::ReadKerasModel(model->path);
    if (!Check(state, read)) return;
  }
}
BENCHMARK_CAPTURE(ReadKeras, mobilenetv2, kMobileNet)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ReadKeras, cnn, kCnn)->UseRealTime()->Unit(benchmark::kMillisecond);

void ImportKeras(benchmark::State& state, const char* stem) {
  const Result<ShippedModel>& model = Shipped(stem);
  if (!Check(state, model)) return;
  const Result<graph::import::KerasFile> file = graph::import::ReadKerasFile(model->path);
  if (!Check(state, file)) return;
  for ([[maybe_unused]] const auto _ : state) {
    const Result<graph::Model> imported = graph::import::ImportKeras(*file);
    if (!Check(state, imported)) return;
  }
}
BENCHMARK_CAPTURE(ImportKeras, mobilenetv2, kMobileNet)->Unit(benchmark::kMillisecond);

// With a copy of the graph, which shares its constants.
void Optimize(benchmark::State& state, const char* stem) {
  const Result<ShippedModel>& model = Shipped(stem);
  if (!Check(state, model)) return;
  for ([[maybe_unused]] const auto _ : state) {
    graph::Model copy = model->imported;
    if (!Check(state, graph::Optimize(copy))) return;
    benchmark::DoNotOptimize(copy);
  }
  SetItems(state, static_cast<int64_t>(model->imported.graph.ops.size()));
}
BENCHMARK_CAPTURE(Optimize, mobilenetv2, kMobileNet)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Optimize, cnn, kCnn)->Unit(benchmark::kMillisecond);

void WriteTflite(benchmark::State& state, const char* stem) {
  const Result<ShippedModel>& model = Shipped(stem);
  if (!Check(state, model)) return;
  for ([[maybe_unused]] const auto _ : state) {
    const Result<Bytes> file = graph::WriteTflite(model->optimized);
    if (!Check(state, file)) return;
  }
  SetBytes(state, model->tflite->size());
}
BENCHMARK_CAPTURE(WriteTflite, mobilenetv2, kMobileNet)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(WriteTflite, cnn, kCnn)->Unit(benchmark::kMillisecond);

// Constants stay in the file's bytes, so this does not grow with their size.
void ReadTflite(benchmark::State& state, const char* stem) {
  const Result<ShippedModel>& model = Shipped(stem);
  if (!Check(state, model)) return;
  for ([[maybe_unused]] const auto _ : state) {
    const Result<graph::Model> read = graph::ReadTflite(model->tflite);
    if (!Check(state, read)) return;
  }
  SetItems(state, static_cast<int64_t>(model->optimized.graph.ops.size()));
}
BENCHMARK_CAPTURE(ReadTflite, mobilenetv2, kMobileNet)->Unit(benchmark::kMicrosecond);

void InspectTflite(benchmark::State& state, const char* stem) {
  const Result<ShippedModel>& model = Shipped(stem);
  if (!Check(state, model)) return;
  for ([[maybe_unused]] const auto _ : state) {
    const Result<graph::TfliteInfo> info = graph::InspectTflite(*model->tflite);
    if (!Check(state, info)) return;
  }
}
BENCHMARK_CAPTURE(InspectTflite, mobilenetv2, kMobileNet)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace qbench::benchmarks
