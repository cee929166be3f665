#include "tests/benchmarks/paired_latency.h"

#include <fmt/format.h>

#include <cstdio>
#include <random>

#include "base/files.h"
#include "datasets/dataset.h"
#include "datasets/tensor_cache.h"
#include "graph/tflite/tflite_reader.h"
#include "harness/jobs/run_job.h"
#include "harness/jobs/samples_ref.h"
#include "harness/stats/descriptive.h"
#include "harness/worker/classifier_io.h"

namespace qbench {
namespace {

namespace fs = std::filesystem;

Result<host::TensorInfo> InputInfo(const graph::TfliteTensorInfo& input) {
  host::TensorInfo info;
  info.type = input.type == graph::DataType::kFloat32 ? QBENCH_FLOAT32
              : input.type == graph::DataType::kInt8  ? QBENCH_INT8
                                                      : QBENCH_UINT8;
  info.dims = input.shape;
  if (info.dims.size() != 4) {
    return Error(StatusCode::kUnsupported, "the model's input is no image");
  }
  if (input.quantization) {
    info.scale = input.quantization->scales.at(0);
    info.zero_point = static_cast<int32_t>(input.quantization->zero_points.at(0));
  }
  return info;
}

}  // namespace

fs::path BuildDir() { return QBENCH_BINARY_DIR; }

Result<ModelInputs> MakeInputs(const fs::path& model, const fs::path& scratch) {
  QB_ASSIGN_OR_RETURN(const Bytes file, ReadFile(model));
  QB_ASSIGN_OR_RETURN(const graph::TfliteInfo graph, graph::InspectTflite(file));
  QB_ASSIGN_OR_RETURN(const host::TensorInfo info, InputInfo(graph.inputs.at(0)));
  datasets::SearchPath search;
  search.share = BuildDir() / "share/qbench";
  search.cache = scratch;
  QB_ASSIGN_OR_RETURN(const datasets::Dataset scenes, datasets::OpenDataset("scenes", search));
  QB_ASSIGN_OR_RETURN(const datasets::Split* split, scenes.FindSplit("calibration"));
  datasets::Preprocessing preprocessing;
  preprocessing.height = info.dims[1];
  preprocessing.width = info.dims[2];
  preprocessing.mean.assign(3, 127.5F);
  preprocessing.std.assign(3, 127.5F);
  datasets::DecodeOptions decode;
  decode.program = BuildDir() / "bin/qbench-decode";
  QB_ASSIGN_OR_RETURN(const datasets::TensorCache tensors,
                      datasets::EnsureTensors(*split, preprocessing, scratch, decode));
  std::vector<int> label_outputs(scenes.labels.size());
  for (size_t i = 0; i < label_outputs.size(); ++i) label_outputs[i] = static_cast<int>(i);
  std::vector<float> values(tensors.pixel_bytes());
  tensors.NormalizedInto(0, {preprocessing.mean, preprocessing.std}, values.data());
  Bytes bytes(info.ByteSize());
  worker::WriteModelInput(info, values, bytes);
  ModelInputs inputs{jobs::MakeSamplesRef(*split, tensors, preprocessing, label_outputs),
                     scratch / "input.bin"};
  QB_RETURN_IF_ERROR(WriteFileAtomically(inputs.first, ByteSpan(bytes)));
  return inputs;
}

Result<double> MeasureQbench(const std::string& runtime, const fs::path& model,
                             const ModelInputs& inputs, double seconds) {
  jobs::LatencyJob job;
  job.artifact = model;
  job.runtime = {BuildDir() / "lib/qbench/plugins" / (runtime + ".so"), runtime};
  job.samples = inputs.samples;
  job.settings.min_seconds = seconds;
  jobs::JobSettings settings;
  settings.programs = BuildDir() / "bin";
  const jobs::JobOutcome outcome = jobs::RunJob(job, settings);
  if (!outcome.ok()) return Error(StatusCode::kInternal, "{}", outcome.reason);
  const auto& ns = std::get<jobs::LatencyResult>(outcome.result).samples.ns;
  const std::vector<double> samples(ns.begin(), ns.end());
  return stats::Median(samples);
}

Result<PairedLatency> MeasurePairs(size_t pairs, const MeasureOnce& base,
                                   const MeasureOnce& variant) {
  std::mt19937 random(1);
  PairedLatency measured;
  for (size_t pair = 0; pair < pairs; ++pair) {
    const bool base_first = random() % 2 == 0;
    for (const bool is_base : {base_first, !base_first}) {
      QB_ASSIGN_OR_RETURN(const double ns, is_base ? base() : variant());
      (is_base ? measured.base : measured.variant).push_back(ns);
    }
  }
  QB_ASSIGN_OR_RETURN(measured.ratio, stats::PairedRatio(measured.base, measured.variant));
  return measured;
}

void PrintPairs(const fs::path& model, const std::string& base, const std::string& variant,
                const PairedLatency& measured) {
  fmt::print("{:<36} {} {:.4f} ms, {} {:.4f} ms, ratio {:.4f} [{:.4f}, {:.4f}] ({} pairs)\n",
             model.filename().string(), base, stats::Median(measured.base) / 1e6, variant,
             stats::Median(measured.variant) / 1e6, measured.ratio.ratio,
             measured.ratio.interval.low, measured.ratio.interval.high, measured.base.size());
  std::fflush(stdout);
}

int ForEachModel(int count, char** models,
                 const std::function<Result<bool>(const fs::path&)>& compare) {
  int status = 0;
  for (int i = 0; i < count; ++i) {
    const Result<bool> within = compare(models[i]);
    if (!within.ok()) {
      fmt::print(stderr, "{}: {}\n", models[i], within.status().message());
      return 2;
    }
    if (!*within) status = 1;
  }
  return status;
}

}  // namespace qbench
