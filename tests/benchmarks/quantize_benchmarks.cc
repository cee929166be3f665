// Calibration, rounding, and whole quantizers.
#include "graph/random.h"
#include "quantize/ranges/input_moments.h"
#include "quantize/ranges/range_estimator.h"
#include "quantize/weights/feedback_rounding.h"
#include "tests/benchmarks/benchmark_inputs.h"
#include "tests/plugins/quantizer_runner.h"

namespace qbench::benchmarks {
namespace {

using quantize::CalibrationMethod;

constexpr size_t kValues = size_t{48} * 48 * 32;  // of one activation of one image

// An image's values into the estimator: what every calibrated tensor costs an image.
void RangeAdd(benchmark::State& state, CalibrationMethod method) {
  const std::vector<float> values = Activations(kValues, 1, /*relu=*/true);
  quantize::CalibrationOptions options;
  options.method = method;
  quantize::RangeEstimator estimator(options);
  for ([[maybe_unused]] const auto _ : state) {
    if (!Check(state, estimator.Add(values))) return;
  }
  SetItems(state, kValues);
}
BENCHMARK_CAPTURE(RangeAdd, minmax, CalibrationMethod::kMinMax)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(RangeAdd, mse, CalibrationMethod::kMse)->Unit(benchmark::kMicrosecond);

// The search that closes a tensor's calibration.
void RangeSearch(benchmark::State& state, CalibrationMethod method) {
  quantize::CalibrationOptions options;
  options.method = method;
  quantize::RangeEstimator estimator(options);
  for (uint32_t image = 0; image < 8; ++image) {
    if (!Check(state, estimator.Add(Activations(kValues, image, /*relu=*/false)))) return;
  }
  for ([[maybe_unused]] const auto _ : state) benchmark::DoNotOptimize(estimator.Range());
}
BENCHMARK_CAPTURE(RangeSearch, percentile, CalibrationMethod::kPercentile)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(RangeSearch, mse, CalibrationMethod::kMse)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(RangeSearch, octav, CalibrationMethod::kOctav)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(RangeSearch, entropy, CalibrationMethod::kEntropy)->Unit(benchmark::kMicrosecond);

constexpr int32_t kSide = 24, kIn = 16, kOut = 32, kTaps = 9 * kIn;

// A float convolution, 3x3, whose inputs and weights are looked at.
graph::Graph Convolution() {
  graph::Graph graph;
  const graph::TensorId in = graph.AddTensor({.name = "in", .shape = {1, kSide, kSide, kIn}});
  const graph::TensorId weights = graph.AddConstant(
      "weights", {kOut, 3, 3, kIn}, graph::Random(2).Reals(int64_t{kOut} * kTaps, -1, 1));
  const graph::TensorId out = graph.AddTensor({.name = "out", .shape = {1, kSide, kSide, kOut}});
  graph.ops = {{graph::OpKind::kConv2D,
                graph::Conv2DOptions{},
                {in, weights, graph::kNoTensor},
                {out},
                "layer"}};
  graph.inputs = {in};
  graph.outputs = {out};
  return graph;
}

void InputMomentsAdd(benchmark::State& state) {
  const graph::Graph graph = Convolution();
  quantize::MomentMeter meter(graph, graph.ops[0]);
  const std::vector<float> input =
      Activations(size_t{kSide} * kSide * kIn, /*seed=*/3, /*relu=*/true);
  std::vector<float> scratch;
  for ([[maybe_unused]] const auto _ : state) meter.Add(input, scratch);
  benchmark::DoNotOptimize(meter.Finish());
}
BENCHMARK(InputMomentsAdd)->Unit(benchmark::kMicrosecond);

// One layer: its moments are decomposed, and its rows rounded.
void FeedbackRounding(benchmark::State& state) {
  const graph::Graph graph = Convolution();
  quantize::MomentMeter meter(graph, graph.ops[0]);
  std::vector<float> scratch;
  for (uint32_t sample = 0; sample < 16; ++sample) {
    meter.Add(Activations(size_t{kSide} * kSide * kIn, sample, /*relu=*/true), scratch);
  }
  const quantize::InputMoments moments = meter.Finish();
  const graph::Tensor& tensor = graph.tensors[static_cast<size_t>(graph.ops[0].inputs[1])];
  const std::vector<float> weights = tensor.constant->Values<float>();
  const std::vector<float> scales(kOut, 1.0F / 127);
  for ([[maybe_unused]] const auto _ : state) {
    benchmark::DoNotOptimize(quantize::RoundWithFeedback(weights, tensor.shape, /*channel_axis=*/0,
                                                         scales, moments, /*noise=*/0, {}));
  }
  SetItems(state, static_cast<int64_t>(weights.size()));
}
BENCHMARK(FeedbackRounding)->Unit(benchmark::kMicrosecond)->UseRealTime();

// A shipped model through a plugin's C functions, from the float .tflite to the artifact. The
// calibrated ones run two samples, on the reference kernels, which is then most of their time;
// `dummy` is without.
void Quantizer(benchmark::State& state, const char* id, const char* option, const char* value) {
  const Result<ShippedModel>& model = Shipped(kMobileNet);
  if (!Check(state, model)) return;
  plugin::FakeHost host;
  host.MakeSamples(/*seed=*/1, /*count=*/2, {1, 96, 96, 3});
  std::vector<qbench_option> options;
  if (option != nullptr) options.push_back({option, value});
  size_t bytes = 0;
  for ([[maybe_unused]] const auto _ : state) {
    const plugin::Outcome outcome = plugin::Quantize(id, host, *model->tflite, options);
    if (outcome.status != QBENCH_OK) {
      Fail(state, Error(StatusCode::kInternal, "{}: {}", id, outcome.error));
      return;
    }
    bytes = outcome.model.size();
  }
  state.counters["artifact_bytes"] = static_cast<double>(bytes);
}
#define QBENCH_QUANTIZER_BENCHMARK(name, ...) \
  BENCHMARK_CAPTURE(Quantizer, name, __VA_ARGS__)->Unit(benchmark::kMillisecond)->UseRealTime()
QBENCH_QUANTIZER_BENCHMARK(float, "float", nullptr, nullptr);
QBENCH_QUANTIZER_BENCHMARK(fp16, "fp16", nullptr, nullptr);
QBENCH_QUANTIZER_BENCHMARK(dynamic, "dynamic", nullptr, nullptr);
QBENCH_QUANTIZER_BENCHMARK(weight_only, "weight_only", nullptr, nullptr);
QBENCH_QUANTIZER_BENCHMARK(int4, "int4", nullptr, nullptr);
QBENCH_QUANTIZER_BENCHMARK(int8_dummy, "int8", "calibration", "dummy");
QBENCH_QUANTIZER_BENCHMARK(uint8_dummy, "uint8", "calibration", "dummy");
QBENCH_QUANTIZER_BENCHMARK(int16x8_dummy, "int16x8", "calibration", "dummy");
QBENCH_QUANTIZER_BENCHMARK(int8_calibrated, "int8", nullptr, nullptr);
QBENCH_QUANTIZER_BENCHMARK(uint8_calibrated, "uint8", nullptr, nullptr);
QBENCH_QUANTIZER_BENCHMARK(int16x8_calibrated, "int16x8", nullptr, nullptr);

}  // namespace
}  // namespace qbench::benchmarks
