// What the kernels' tests share: models of one operator, and the two sides of an affine
// quantization.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "graph/ir.h"
#include "graph/random.h"
#include "kernels/interpreter.h"

namespace qbench::kernels {

template <typename T>
constexpr graph::DataType DataTypeOf() {
  if constexpr (std::is_same_v<T, float>) return graph::DataType::kFloat32;
  if constexpr (std::is_same_v<T, int8_t>) return graph::DataType::kInt8;
  if constexpr (std::is_same_v<T, uint8_t>) return graph::DataType::kUInt8;
  if constexpr (std::is_same_v<T, int16_t>) return graph::DataType::kInt16;
  if constexpr (std::is_same_v<T, uint16_t>) return graph::DataType::kFloat16;
  if constexpr (std::is_same_v<T, int32_t>) return graph::DataType::kInt32;
  if constexpr (std::is_same_v<T, int64_t>) return graph::DataType::kInt64;
}

using graph::Random;  // tests put the seed into a SCOPED_TRACE

inline graph::Quantization Affine(float scale, int64_t zero_point) {
  return {.scales = {scale}, .zero_points = {zero_point}, .axis = 0};
}
// Symmetric, one scale for each index of `axis`.
inline graph::Quantization PerChannel(std::vector<float> scales, int32_t axis) {
  std::vector<int64_t> zero_points(scales.size(), 0);
  return {.scales = std::move(scales), .zero_points = std::move(zero_points), .axis = axis};
}

template <typename T>
std::vector<double> RealOf(const std::vector<T>& values, const graph::Quantization& q) {
  std::vector<double> real;
  for (const T value : values) {
    real.push_back(static_cast<double>(q.scales[0]) *
                   static_cast<double>(value - static_cast<T>(0) - q.zero_points[0]));
  }
  return real;
}

template <typename T>
T QuantizedOf(double real, const graph::Quantization& q) {
  const double steps =
      std::round(real / static_cast<double>(q.scales[0])) + static_cast<double>(q.zero_points[0]);
  return static_cast<T>(
      std::clamp<double>(steps, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}

// Parameters of T with which `values` fill most of the range.
template <typename T>
graph::Quantization Fitting(const std::vector<double>& values) {
  double low = 0.0;
  double high = 0.0;
  for (const double value : values) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (high - low < 1e-6) high = low + 1.0;
  if constexpr (sizeof(T) == 2) {
    return Affine(static_cast<float>(std::max(high, -low) / 32767.0), 0);
  }
  const double scale = (high - low) / 255.0;
  const double zero = std::numeric_limits<T>::min() - std::round(low / scale);
  return Affine(static_cast<float>(scale), static_cast<int64_t>(zero));
}

// A model of one operator. Inputs and constants are added in the operator's order.
class SingleOp {
 public:
  template <typename T>
  SingleOp& Input(graph::Shape shape, const std::vector<T>& values,
                  std::optional<graph::Quantization> quantization = {}) {
    const graph::TensorId id = Add(DataTypeOf<T>(), std::move(shape), std::move(quantization));
    model_.graph.inputs.push_back(id);
    const ByteSpan bytes = AsBytes(values);
    feeds_.emplace_back(id, Bytes(bytes.begin(), bytes.end()));
    operands_.push_back(id);
    return *this;
  }
  template <typename T>
  SingleOp& Constant(graph::Shape shape, const std::vector<T>& values,
                     std::optional<graph::Quantization> quantization = {}) {
    const graph::TensorId id = Add(DataTypeOf<T>(), std::move(shape), std::move(quantization));
    model_.graph.tensors[static_cast<size_t>(id)].constant = graph::MakeConstant(values);
    operands_.push_back(id);
    return *this;
  }
  SingleOp& NoBias() {
    operands_.push_back(graph::kNoTensor);
    return *this;
  }

  // Runs the operator; its output of type T.
  template <typename T>
  Result<std::vector<T>> Run(graph::OpKind kind, graph::OpOptions options, graph::Shape shape,
                             std::optional<graph::Quantization> quantization = {}) {
    const graph::TensorId out = Add(DataTypeOf<T>(), std::move(shape), std::move(quantization));
    model_.graph.outputs = {out};
    model_.graph.ops = {{kind, std::move(options), operands_, {out}, "layer"}};
    QB_ASSIGN_OR_RETURN(Interpreter interpreter,
                        Interpreter::Create(std::make_shared<graph::Model>(model_)));
    for (const auto& [id, bytes] : feeds_) {
      std::memcpy(interpreter.TensorData(id).data(), bytes.data(), bytes.size());
    }
    QB_RETURN_IF_ERROR(interpreter.Invoke());
    const auto data = interpreter.TensorData(out);
    std::vector<T> values(data.size() / sizeof(T));
    std::memcpy(values.data(), data.data(), data.size());
    return values;
  }

 private:
  graph::TensorId Add(graph::DataType type, graph::Shape shape,
                      std::optional<graph::Quantization> quantization) {
    graph::Tensor tensor;
    tensor.name = "t" + std::to_string(model_.graph.tensors.size());
    tensor.type = type;
    tensor.shape = std::move(shape);
    tensor.quantization = std::move(quantization);
    return model_.graph.AddTensor(std::move(tensor));
  }

  graph::Model model_;
  std::vector<std::pair<graph::TensorId, Bytes>> feeds_;
  std::vector<graph::TensorId> operands_;
};

}  // namespace qbench::kernels
