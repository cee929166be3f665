#include "harness/worker/classifier_io.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "datasets/model_fit.h"
#include "harness/host/sample_source.h"

namespace qbench::worker {
namespace {

bool IsQuantized(const host::TensorInfo& info) {
  return std::isfinite(info.scale) && info.scale > 0;
}

template <typename T>
void Quantize(const host::TensorInfo& input, std::span<const float> values,
              std::span<uint8_t> out) {
  // In float, as the kernels do it, so that a clamped value is clamped before it is rounded.
  const auto zero_point = static_cast<float>(input.zero_point);
  const float low = static_cast<float>(std::numeric_limits<T>::min()) - zero_point;
  const float high = static_cast<float>(std::numeric_limits<T>::max()) - zero_point;
  const float inverse_scale = 1.0F / input.scale;
  for (size_t i = 0; i < values.size(); ++i) {
    const float clamped = std::clamp(values[i] * inverse_scale, low, high);
    const auto quantized = static_cast<T>(std::rint(clamped) + zero_point);
    std::memcpy(&out[i * sizeof(T)], &quantized, sizeof(T));
  }
}

template <typename T>
std::vector<float> Dequantize(const host::TensorInfo& output, ByteSpan bytes) {
  std::vector<float> scores(bytes.size() / sizeof(T));
  for (size_t i = 0; i < scores.size(); ++i) {
    const auto quantized = LoadUnaligned<T>(bytes.subspan(i * sizeof(T)));
    scores[i] = output.scale * static_cast<float>(int32_t{quantized} - output.zero_point);
  }
  return scores;
}

}  // namespace

Status CheckModelInput(const host::TensorInfo& input, const host::TensorInfo& sample) {
  if (input.dims != sample.dims) {
    QB_RETURN_IF_ERROR(datasets::CheckInputShape(input.dims, sample.dims));
    return Error(StatusCode::kUnsupported, "the model takes {}, not {}",
                 host::DescribeTensor(input), host::DescribeTensor(sample));
  }
  if (input.type == QBENCH_FLOAT32) return OkStatus();
  if (input.type != QBENCH_INT8 && input.type != QBENCH_UINT8) {
    return Error(StatusCode::kUnsupported,
                 "the model's input is {}: qbench feeds float32, int8 and uint8",
                 host::DescribeTensor(input));
  }
  if (!IsQuantized(input)) {
    return Error(StatusCode::kUnsupported,
                 "the model's input is {} without a scale, so an image cannot be quantized for it",
                 host::DescribeTensor(input));
  }
  return OkStatus();
}

void WriteModelInput(const host::TensorInfo& input, std::span<const float> values,
                     std::span<uint8_t> out) {
  if (input.type == QBENCH_INT8) return Quantize<int8_t>(input, values, out);
  if (input.type == QBENCH_UINT8) return Quantize<uint8_t>(input, values, out);
  if (input.type == QBENCH_INT16) return Quantize<int16_t>(input, values, out);
  std::memcpy(out.data(), values.data(), values.size_bytes());
}

Result<std::vector<Bytes>> ReadModelInputs(const host::SamplesRef& ref,
                                           const host::TensorInfo& input, size_t count) {
  QB_ASSIGN_OR_RETURN(const host::SampleSource samples, host::SampleSource::Open(ref));
  QB_RETURN_IF_ERROR(CheckModelInput(input, samples.info()));
  std::vector<Bytes> inputs;
  std::vector<float> values(samples.info().ElementCount());
  for (size_t i = 0; i < samples.image_count() && inputs.size() < count; ++i) {
    if (samples.IsBroken(i)) continue;
    samples.ReadImage(i, values.data());
    Bytes& bytes = inputs.emplace_back(input.ByteSize());
    WriteModelInput(input, values, bytes);
  }
  if (inputs.empty()) {
    return Error(StatusCode::kInvalidArgument, "no image of the split could be decoded");
  }
  return inputs;
}

Status CheckModelOutput(const host::TensorInfo& output, size_t classes) {
  const bool integer =
      output.type == QBENCH_INT8 || output.type == QBENCH_UINT8 || output.type == QBENCH_INT16;
  if (output.type != QBENCH_FLOAT32 && !integer) {
    return Error(StatusCode::kUnsupported,
                 "the model's output is {}: qbench reads float32, int8, uint8 and int16",
                 host::DescribeTensor(output));
  }
  if (integer && !IsQuantized(output)) {
    return Error(StatusCode::kUnsupported, "the model's output is {} without a scale",
                 host::DescribeTensor(output));
  }
  return datasets::CheckClassCounts(output.dims, classes, classes);
}

std::vector<float> ReadScores(const host::TensorInfo& output, ByteSpan bytes) {
  if (output.type == QBENCH_INT8) return Dequantize<int8_t>(output, bytes);
  if (output.type == QBENCH_UINT8) return Dequantize<uint8_t>(output, bytes);
  if (output.type == QBENCH_INT16) return Dequantize<int16_t>(output, bytes);
  std::vector<float> scores(bytes.size() / sizeof(float));
  if (!scores.empty()) std::memcpy(scores.data(), bytes.data(), scores.size() * sizeof(float));
  return scores;
}

int32_t HighestScore(std::span<const float> scores) {
  size_t best = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (std::isnan(scores[i])) return -1;
    if (scores[i] > scores[best]) best = i;
  }
  return scores.empty() ? -1 : static_cast<int32_t>(best);
}

Prediction Predict(std::span<const float> scores) {
  if (scores.size() == 1) {
    const float second = scores.front();
    if (std::isnan(second)) return {};
    return second > 0.5F ? Prediction{1, second} : Prediction{0, 1 - second};
  }
  const int32_t best = HighestScore(scores);
  return best < 0 ? Prediction{} : Prediction{best, scores[static_cast<size_t>(best)]};
}

Status CheckScores(std::span<const float> scores) {
  constexpr float kStep = 1.0F / 256;
  if (scores.size() != 1 || std::isnan(scores.front())) return OkStatus();
  if (scores.front() >= -kStep && scores.front() <= 1 + kStep) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "the model's one output is {}, no probability of the second class: end the model "
               "with a sigmoid",
               scores.front());
}

}  // namespace qbench::worker
