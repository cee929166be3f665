// Latencies in pairs of fresh processes, one right after the other, so that what slows the machine
// for a while slows both. For the programs of this folder.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "harness/jobs/jobs.h"
#include "harness/stats/paired_ratio.h"

namespace qbench {

// <build folder>/bin, /lib, /benchmarks.
std::filesystem::path BuildDir();

// A model's input: images of the shipped data set, and the first of them as a file of bytes.
struct ModelInputs {
  jobs::SamplesRef samples;
  std::filesystem::path first;
};
// `scratch` keeps them.
Result<ModelInputs> MakeInputs(const std::filesystem::path& model,
                               const std::filesystem::path& scratch);

// The median, in nanoseconds, that qbench's latency job gives for a runtime of the build folder
// ("litert", "xnnpack") in a fresh process with one thread, of at least `seconds`.
Result<double> MeasureQbench(const std::string& runtime, const std::filesystem::path& model,
                             const ModelInputs& inputs, double seconds);

// Gives a latency in nanoseconds.
using MeasureOnce = std::function<Result<double>()>;

struct PairedLatency {
  std::vector<double> base;
  std::vector<double> variant;
  stats::RatioEstimate ratio;  // of the variant to the base, with its interval of 99 %
};
// Measures both `pairs` times, in random order within each pair.
Result<PairedLatency> MeasurePairs(size_t pairs, const MeasureOnce& base,
                                   const MeasureOnce& variant);

// "model.tflite   litert 0.5 ms, xnnpack 0.5 ms, ratio 1.00 [0.99, 1.01] (20 pairs)", a line.
void PrintPairs(const std::filesystem::path& model, const std::string& base,
                const std::string& variant, const PairedLatency& measured);

// Calls `compare` for each of the models; prints what fails. The exit status: 2 where something
// failed, 1 where a comparison gave false, else 0.
int ForEachModel(int count, char** models,
                 const std::function<Result<bool>(const std::filesystem::path&)>& compare);

}  // namespace qbench
