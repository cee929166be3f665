// What the benchmarks of qbench's own work run on: the shipped models and images, made-up numbers
// from fixed seeds; and how a benchmark says that what it calls has failed. One thread.
#pragma once

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/files.h"
#include "base/status.h"
#include "graph/ir.h"

namespace qbench::benchmarks {

// Ends the benchmark with an error, and lets the program end with exit status 1: Google Benchmark
// itself ends with 0.
void Fail(benchmark::State& state, const Status& status);
bool AnyFailed();

// True, or Fail.
inline bool Check(benchmark::State& state, const Status& status) {
  if (!status.ok()) Fail(state, status);
  return status.ok();
}
template <typename T>
bool Check(benchmark::State& state, const Result<T>& result) {
  return Check(state, result.status());
}

// A shipped Keras model, by its stem.
struct ShippedModel {
  std::filesystem::path path;           // of the .h5
  graph::Model imported;                // as it was read
  graph::Model optimized;               // after graph::Optimize
  std::shared_ptr<const Bytes> tflite;  // that, written
};
// Made on the first call; lives as long as the program.
const Result<ShippedModel>& Shipped(const std::string& stem);
inline constexpr const char* kMobileNet = "mobilenetv2-035-96";
inline constexpr const char* kCnn = "intel-cnn";

// A folder that is removed when the program ends.
const Result<TempDir>& ScratchFolder();

// The share/qbench and bin folders of the build.
std::filesystem::path ShareFolder();
std::filesystem::path ProgramFolder();

// `count` values like those of an activation: a normal distribution around 0 with a long tail, half
// of them cut off to 0 if `relu`.
std::vector<float> Activations(size_t count, uint32_t seed, bool relu);

// "items_per_second" and "bytes_per_second" of what one iteration works through.
void SetItems(benchmark::State& state, int64_t items);
void SetBytes(benchmark::State& state, size_t bytes);

}  // namespace qbench::benchmarks
