#include "quantize/ranges/input_moments.h"

#include <algorithm>
#include <cstring>
#include <variant>

#include "quantize/float_model.h"

namespace qbench::quantize {

using graph::TensorId;

MomentMeter::Window MomentMeter::MakeWindow(int32_t inputs, int32_t outputs, int32_t size,
                                            int32_t stride, int32_t dilation,
                                            graph::Padding padding) {
  Window window{inputs, outputs, size, stride, dilation, 0};
  if (padding == graph::Padding::kSame) {
    const int32_t needed = (outputs - 1) * stride + (size - 1) * dilation + 1 - inputs;
    window.before = std::max(needed, 0) / 2;
  }
  return window;
}

MomentMeter::MomentMeter(const graph::Graph& graph, const graph::Op& op) {
  const auto shape_of = [&](TensorId id) -> const graph::Shape& {
    return graph.tensors[static_cast<size_t>(id)].shape;
  };
  const graph::Shape& weights = shape_of(op.inputs[kWeightsInput]);
  const graph::Shape& input = shape_of(op.inputs[0]);
  const graph::Shape& output = shape_of(op.outputs[0]);
  const auto set_windows = [&](const auto& options) {
    rows_ = MakeWindow(input[1], output[1], weights[1], options.stride_h, options.dilation_h,
                       options.padding);
    columns_ = MakeWindow(input[2], output[2], weights[2], options.stride_w, options.dilation_w,
                          options.padding);
    channels_ = static_cast<size_t>(input[3]);
    moments_.taps = static_cast<size_t>(weights[1]) * static_cast<size_t>(weights[2]);
  };
  if (const auto* conv = std::get_if<graph::Conv2DOptions>(&op.options)) {
    set_windows(*conv);
    moments_.taps *= channels_;
  } else if (const auto* depthwise = std::get_if<graph::DepthwiseConv2DOptions>(&op.options)) {
    set_windows(*depthwise);
    moments_.groups = channels_;
    most_vectors_ = kDepthwiseVectorsPerSample;
  } else {
    // The rows of a matrix.
    channels_ = static_cast<size_t>(weights[1]);
    moments_.taps = channels_;
    const auto matrix_rows =
        static_cast<int32_t>(graph::ElementCount(input) / static_cast<int64_t>(channels_));
    rows_ = MakeWindow(matrix_rows, matrix_rows, 1, 1, 1, graph::Padding::kValid);
  }
}

void MomentMeter::Gather(std::span<const float> input, size_t position, float* vector) const {
  const auto row = static_cast<int32_t>(position) / columns_.outputs;
  const auto column = static_cast<int32_t>(position) % columns_.outputs;
  for (int32_t y = 0; y < rows_.size; ++y) {
    for (int32_t x = 0; x < columns_.size; ++x, vector += channels_) {
      const int32_t in_row = rows_.InputAt(row, y);
      const int32_t in_column = columns_.InputAt(column, x);
      if (in_row < 0 || in_row >= rows_.inputs || in_column < 0 || in_column >= columns_.inputs) {
        std::fill_n(vector, channels_, 0.0F);
        continue;
      }
      const size_t pixel = static_cast<size_t>(in_row) * static_cast<size_t>(columns_.inputs) +
                           static_cast<size_t>(in_column);
      std::memcpy(vector, &input[pixel * channels_], channels_ * sizeof(float));
    }
  }
}

void MomentMeter::FitExponent(std::span<float> batch) {
  // Magnitudes within 2^32 of 1 are left alone: a hundred million squares of 2^32 fit a float.
  constexpr int kUsual = 32;
  float largest = 0.0F;
  for (const float value : batch) largest = std::max(largest, std::abs(value));
  if (largest == 0.0F) return;
  const int size = std::ilogb(largest);
  const int relative = size - moments_.exponent;
  const auto nothing_yet = [&] {
    return std::ranges::all_of(moments_.sums, [](float sum) { return sum == 0.0F; });
  };
  if (relative >= kUsual || (relative < -kUsual && nothing_yet())) {
    for (float& sum : moments_.sums) sum = std::ldexp(sum, 2 * (moments_.exponent - size));
    moments_.exponent = size;
  }
  if (moments_.exponent == 0) return;
  for (float& value : batch) value = std::ldexp(value, -moments_.exponent);
}

// The upper triangle of the batch's outer products. A row of sums stays in the cache while all
// vectors are added to it.
void MomentMeter::Accumulate(std::span<const float> batch, size_t vectors) {
  const size_t taps = moments_.taps;
  const size_t groups = moments_.groups;
  for (size_t i = 0; i < taps; ++i) {
    // row[j * groups] is the place of i and j; it lies in the sums from j = i on.
    float* row = moments_.sums.data() + moments_.Place(i, 0) * groups;
    for (size_t v = 0; v < vectors; ++v) {
      const float* vector = &batch[v * taps * groups];
      if (groups > 1) {
        for (size_t j = i; j < taps; ++j) {
          for (size_t group = 0; group < groups; ++group) {
            row[j * groups + group] += vector[i * groups + group] * vector[j * groups + group];
          }
        }
      } else if (const float factor = vector[i]; factor != 0.0F) {  // after a ReLU many are zero
        for (size_t j = i; j < taps; ++j) row[j] += factor * vector[j];
      }
    }
  }
}

void MomentMeter::Add(std::span<const float> input, std::vector<float>& scratch) {
  const auto positions = static_cast<size_t>(rows_.outputs) * static_cast<size_t>(columns_.outputs);
  const size_t vectors = std::min(positions, most_vectors_);
  constexpr size_t kShift = 7919;  // a prime: the positions of one sample are not those of the next
  const size_t size = moments_.taps * moments_.groups;
  // Only now: while an early stage of a model runs, the sums of later ones need no memory.
  moments_.sums.resize(InputMoments::Places(moments_.taps) * moments_.groups, 0.0F);
  scratch.resize(std::max(scratch.size(), vectors * size));
  for (size_t v = 0; v < vectors; ++v) {
    Gather(input, (v * positions / vectors + samples_ * kShift) % positions, &scratch[v * size]);
  }
  FitExponent(std::span(scratch).first(vectors * size));
  Accumulate(scratch, vectors);
  moments_.vectors += static_cast<int64_t>(vectors);
  ++samples_;
}

}  // namespace qbench::quantize
