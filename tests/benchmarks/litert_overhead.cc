// Does the latency that qbench reports for `litert` equal what an application sees? Measures each
// model in pairs of fresh processes, one thread: qbench's own latency job, and bare_litert_loop on
// the same library and model, in random order. Prints the ratio with its 99 % interval; exit status
// 1 where an interval lies above 1.02 as a whole.
//
//     litert_overhead LIBRARY PAIRS SECONDS MODEL.tflite…
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/process.h"
#include "datasets/dataset.h"
#include "datasets/tensor_cache.h"
#include "graph/tflite_reader.h"
#include "harness/stats/descriptive.h"
#include "harness/stats/paired_ratio.h"
#include "harness/worker/classifier_io.h"
#include "harness/worker/run_job.h"
#include "harness/worker/samples_ref.h"

namespace qbench {
namespace {

namespace fs = std::filesystem;

constexpr double kAllowedRatio = 1.02;
const fs::path kBinaries = fs::path(QBENCH_BINARY_DIR);

struct Settings {
  std::string library;
  size_t pairs = 20;
  double seconds = 2;
};

// The model's input as images of the shipped data set, and the first of them as a file.
struct Inputs {
  worker::SamplesRef samples;
  fs::path first;
};

Result<Inputs> MakeInputs(const graph::TfliteTensorInfo& input, const fs::path& scratch) {
  datasets::SearchPath search;
  search.share = kBinaries / "share/qbench";
  search.cache = scratch;
  QB_ASSIGN_OR_RETURN(const datasets::Dataset scenes, datasets::OpenDataset("scenes", search));
  QB_ASSIGN_OR_RETURN(const datasets::Split* split, scenes.FindSplit("calibration"));
  datasets::Preprocessing preprocessing;
  preprocessing.height = input.shape.at(1);
  preprocessing.width = input.shape.at(2);
  preprocessing.mean.assign(3, 127.5F);
  preprocessing.std.assign(3, 127.5F);
  datasets::DecodeOptions decode;
  decode.program = kBinaries / "bin/qbench-decode";
  QB_ASSIGN_OR_RETURN(const datasets::TensorCache tensors,
                      datasets::EnsureTensors(*split, preprocessing, scratch, decode));
  std::vector<int> label_outputs(scenes.labels.size());
  for (size_t i = 0; i < label_outputs.size(); ++i) label_outputs[i] = static_cast<int>(i);
  std::vector<float> values(tensors.pixel_bytes());
  tensors.NormalizedInto(0, preprocessing, values.data());
  host::TensorInfo info;
  info.type = input.type == graph::DataType::kFloat32 ? QBENCH_FLOAT32
              : input.type == graph::DataType::kInt8  ? QBENCH_INT8
                                                      : QBENCH_UINT8;
  info.dims = input.shape;
  if (input.quantization) {
    info.scale = input.quantization->scales.at(0);
    info.zero_point = static_cast<int32_t>(input.quantization->zero_points.at(0));
  }
  Bytes bytes(info.ByteSize());
  worker::WriteModelInput(info, values, bytes);
  Inputs inputs{worker::MakeSamplesRef(*split, tensors, preprocessing, label_outputs),
                scratch / "input.bin"};
  QB_RETURN_IF_ERROR(WriteFileAtomically(inputs.first, ByteSpan(bytes)));
  return inputs;
}

// The median of qbench's samples, in nanoseconds.
Result<double> MeasureQbench(const fs::path& model, const Inputs& inputs,
                             const Settings& settings) {
  worker::LatencyJob job;
  job.artifact = model;
  job.runtime = {kBinaries / "lib/qbench/plugins/litert.so", "litert"};
  job.samples = inputs.samples;
  job.settings.min_seconds = settings.seconds;
  worker::JobSettings job_settings;
  job_settings.programs = kBinaries / "bin";
  const worker::JobOutcome outcome = worker::RunJob(job, job_settings);
  if (!outcome.ok()) return Error(StatusCode::kInternal, "{}", outcome.reason);
  const auto& ns = std::get<worker::LatencyResult>(outcome.result).samples.ns;
  const std::vector<double> samples(ns.begin(), ns.end());
  return stats::Median(samples);
}

Result<double> MeasureBare(const fs::path& model, const Inputs& inputs, const fs::path& scratch,
                           const Settings& settings) {
  ChildOptions options;
  options.argv = {kBinaries / "benchmarks/bare_litert_loop", settings.library, model, inputs.first,
                  fmt::format("{}", settings.seconds)};
  options.out = Redirect::File(scratch / "median.txt");
  options.err = Redirect::File(scratch / "stderr.txt");
  QB_ASSIGN_OR_RETURN(const ChildEnd end, RunChild(options, {}));
  QB_RETURN_IF_ERROR(end.ToStatus("bare_litert_loop"));
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(scratch / "median.txt"));
  return std::strtod(text.c_str(), nullptr);
}

// Prints the model's line; false where the interval lies above kAllowedRatio.
Result<bool> Compare(const fs::path& model, const Settings& settings) {
  QB_ASSIGN_OR_RETURN(const Bytes file, ReadFile(model));
  QB_ASSIGN_OR_RETURN(const graph::TfliteInfo info, graph::InspectTflite(file));
  QB_ASSIGN_OR_RETURN(const TempDir scratch, TempDir::Create("litert-overhead"));
  QB_ASSIGN_OR_RETURN(const Inputs inputs, MakeInputs(info.inputs.at(0), scratch.path()));
  std::mt19937 random(1);
  std::vector<double> bare(settings.pairs);
  std::vector<double> qbench(settings.pairs);
  for (size_t pair = 0; pair < settings.pairs; ++pair) {
    const bool bare_first = random() % 2 == 0;
    for (const bool is_bare : {bare_first, !bare_first}) {
      if (is_bare) {
        QB_ASSIGN_OR_RETURN(bare[pair], MeasureBare(model, inputs, scratch.path(), settings));
      } else {
        QB_ASSIGN_OR_RETURN(qbench[pair], MeasureQbench(model, inputs, settings));
      }
    }
  }
  QB_ASSIGN_OR_RETURN(const stats::RatioEstimate ratio, stats::PairedRatio(bare, qbench));
  fmt::print(
      "{:<40} bare {:8.4f} ms, qbench {:8.4f} ms, ratio {:.4f} [{:.4f}, {:.4f}] ({} pairs)\n",
      model.filename().string(), stats::Median(bare) / 1e6, stats::Median(qbench) / 1e6,
      ratio.ratio, ratio.interval.low, ratio.interval.high, settings.pairs);
  std::fflush(stdout);
  return ratio.interval.low <= kAllowedRatio;
}

}  // namespace
}  // namespace qbench

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fputs("usage: litert_overhead LIBRARY PAIRS SECONDS MODEL.tflite...\n", stderr);
    return 2;
  }
  qbench::Settings settings{argv[1], std::strtoul(argv[2], nullptr, 10),
                            std::strtod(argv[3], nullptr)};
  setenv("QBENCH_LITERT_LIBRARY", argv[1], 1);
  int status = 0;
  for (int i = 4; i < argc; ++i) {
    const auto within = qbench::Compare(argv[i], settings);
    if (!within.ok()) {
      fmt::print(stderr, "{}: {}\n", argv[i], within.status().message());
      return 2;
    }
    if (!*within) status = 1;
  }
  return status;
}
