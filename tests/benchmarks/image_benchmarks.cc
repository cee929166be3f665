// From an image's file to a model's input tensor.
#include "datasets/dataset.h"
#include "datasets/decoder/opencv_decoder.h"
#include "datasets/resize.h"
#include "datasets/tensor_cache.h"
#include "graph/random.h"
#include "harness/worker/classifier_io.h"
#include "tests/benchmarks/benchmark_inputs.h"

namespace qbench::benchmarks {
namespace {

using datasets::Resize;

Result<datasets::Dataset> Scenes() {
  datasets::SearchPath search;
  search.share = ShareFolder();
  QB_RETURN_IF_ERROR(ScratchFolder().status());
  search.cache = ScratchFolder()->path();
  return datasets::OpenDataset("scenes", search);
}

void DecodeImage(benchmark::State& state) {
  const Result<datasets::Dataset> scenes = Scenes();
  if (!Check(state, scenes)) return;
  const auto split = scenes->FindSplit("test");
  if (!Check(state, split)) return;
  const Result<Bytes> file = ReadFile((*split)->folder / (*split)->images.front().path);
  if (!Check(state, file)) return;
  for ([[maybe_unused]] const auto _ : state) {
    const Result<datasets::Pixmap> pixels =
        datasets::DecodeWithOpenCv(*file, /*exif_rotation=*/false);
    if (!Check(state, pixels)) return;
  }
  SetItems(state, 1);
  SetBytes(state, file->size());
}
BENCHMARK(DecodeImage)->Unit(benchmark::kMicrosecond);

// A camera's image to a model's input; bytes are those of the image.
void ResizeImage(benchmark::State& state, Resize method) {
  constexpr int kWidth = 640, kHeight = 480, kSide = 224;
  const datasets::Pixmap image{
      kWidth, kHeight, 3, graph::Random(1).Values<uint8_t>(int64_t{kWidth} * kHeight * 3, 0, 255)};
  for ([[maybe_unused]] const auto _ : state) {
    benchmark::DoNotOptimize(datasets::ResizePixmap(image, kSide, kSide, method));
  }
  SetItems(state, 1);
  SetBytes(state, image.pixels.size());
}
BENCHMARK_CAPTURE(ResizeImage, pil_bilinear, Resize::kPilBilinear)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ResizeImage, tf_bilinear, Resize::kTfBilinear)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ResizeImage, nearest, Resize::kNearest)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(ResizeImage, area, Resize::kArea)->Unit(benchmark::kMicrosecond);

datasets::Preprocessing Preprocess() {
  datasets::Preprocessing preprocessing;
  preprocessing.height = preprocessing.width = 96;
  preprocessing.mean.assign(3, 127.5F);
  preprocessing.std.assign(3, 127.5F);
  return preprocessing;
}

// The calibration split, decoded once by qbench-decode.
Result<datasets::TensorCache> MakeTensors() {
  QB_ASSIGN_OR_RETURN(const datasets::Dataset scenes, Scenes());
  QB_ASSIGN_OR_RETURN(const datasets::Split* split, scenes.FindSplit("calibration"));
  datasets::DecodeOptions decode;
  decode.program = ProgramFolder() / "qbench-decode";
  return datasets::EnsureTensors(*split, Preprocess(), ScratchFolder()->path(), decode);
}

const Result<datasets::TensorCache>& Tensors() {
  static const Result<datasets::TensorCache> tensors = MakeTensors();
  return tensors;
}

void NormalizeImage(benchmark::State& state) {
  const Result<datasets::TensorCache>& tensors = Tensors();
  if (!Check(state, tensors)) return;
  const datasets::Preprocessing preprocessing = Preprocess();
  const datasets::NormalizationTable table(preprocessing.mean, preprocessing.std);
  std::vector<float> values(tensors->pixel_bytes());
  size_t image = 0;
  for ([[maybe_unused]] const auto _ : state) {
    tensors->NormalizedInto(image++ % tensors->size(), table, values.data());
    benchmark::ClobberMemory();
  }
  SetItems(state, 1);
  SetBytes(state, values.size());
}
BENCHMARK(NormalizeImage)->Unit(benchmark::kMicrosecond);

// Values of an image in the type of the model's input.
void FillInputTensor(benchmark::State& state, qbench_type type) {
  host::TensorInfo info;
  info.type = type;
  info.dims = {1, 96, 96, 3};
  info.scale = 1 / 127.5F;
  info.zero_point = 0;
  const std::vector<float> values = graph::Random(1).Reals(int64_t{96} * 96 * 3, -1, 1);
  Bytes bytes(info.ByteSize());
  for ([[maybe_unused]] const auto _ : state) {
    worker::WriteModelInput(info, values, bytes);
    benchmark::ClobberMemory();
  }
  SetBytes(state, bytes.size());
}
BENCHMARK_CAPTURE(FillInputTensor, float32, QBENCH_FLOAT32)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(FillInputTensor, int8, QBENCH_INT8)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace qbench::benchmarks
