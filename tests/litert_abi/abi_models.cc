#include "tests/litert_abi/abi_models.h"

#include "graph/random.h"
#include "graph/tflite/tflite_writer.h"
#include "kernels/interpreter.h"
#include "quantize/full_integer.h"
#include "tests/quantize/tiny_models.h"

namespace qbench::litert {

Result<AlignedFile> AlignedFile::Write(const graph::Model& model) {
  QB_ASSIGN_OR_RETURN(const Bytes bytes, graph::WriteTflite(model));
  AlignedFile file;
  file.storage_.resize(bytes.size() + 63);
  void* start = file.storage_.data();
  size_t space = file.storage_.size();
  std::align(64, bytes.size(), start, space);
  std::memcpy(start, bytes.data(), bytes.size());
  file.span_ = ByteSpan(static_cast<const uint8_t*>(start), bytes.size());
  return file;
}

graph::Model TwoOutputs() {
  quantize::ModelBuilder b(5);
  const graph::TensorId image = b.Input({1, 12, 10, 3});
  const graph::TensorId features = b.Depthwise(b.Conv(image, 8, 3), 3);
  const graph::TensorId scores =
      b.Unary(graph::OpKind::kSoftmax, b.Dense(b.Flatten(b.Mean(features)), 6));
  return b.Finish({scores, features});
}

Result<graph::Model> TwoOutputsInt8() {
  const graph::Model model = TwoOutputs();
  quantize::TensorRanges ranges(model.graph.tensors.size());
  for (const graph::TensorId id : quantize::TensorsToMeasure(model)) {
    ranges[static_cast<size_t>(id)] = quantize::ValueRange{-2, 6};
  }
  quantize::Warnings warnings;
  QB_ASSIGN_OR_RETURN(const auto scales, quantize::ChooseActivationScales(model, ranges, warnings));
  quantize::FullIntegerOptions options;
  options.input = options.output = graph::DataType::kInt8;
  return quantize::QuantizeFullInteger(model, scales, options, warnings);
}

graph::Model ReshapeOf(graph::DataType type) {
  graph::Model model;
  graph::Graph& graph = model.graph;
  const graph::TensorId in = graph.AddTensor({.name = "in", .type = type, .shape = {2, 3, 5}});
  const graph::TensorId shape = graph.AddConstant("shape", {2}, std::vector<int32_t>{5, 6});
  const graph::TensorId out = graph.AddTensor({.name = "out", .type = type, .shape = {5, 6}});
  graph.ops.push_back(
      {graph::OpKind::kReshape, graph::ReshapeOptions{{5, 6}}, {in, shape}, {out}, "reshape"});
  graph.inputs = {in};
  graph.outputs = {out};
  return model;
}

Bytes SomeValues(const graph::Tensor& tensor) {
  graph::Random random(1);
  const int64_t count = graph::ElementCount(tensor.shape);
  if (tensor.type == graph::DataType::kFloat32) {
    const std::vector<float> values = random.Reals(count, -1, 1);
    const ByteSpan bytes = AsBytes(values);
    return {bytes.begin(), bytes.end()};
  }
  const bool is_bool = tensor.type == graph::DataType::kBool;
  return random.Values<uint8_t>(count * static_cast<int64_t>(graph::DataTypeSize(tensor.type)), 0,
                                is_bool ? 1 : 255);
}

Result<std::vector<Bytes>> RightAnswers(const graph::Model& model, const Bytes& input,
                                        Kernels kernels) {
  const qbench::kernels::Arithmetic arithmetic =
      kernels == Kernels::kXnnpack   ? qbench::kernels::Arithmetic::kXnnpack
      : kernels == Kernels::kBuiltin ? qbench::kernels::Arithmetic::kBuiltin
                                     : qbench::kernels::Arithmetic::kReference;
  QB_ASSIGN_OR_RETURN(qbench::kernels::Interpreter interpreter,
                      qbench::kernels::Interpreter::Create(
                          std::make_shared<const graph::Model>(model), arithmetic));
  std::memcpy(interpreter.TensorData(model.graph.inputs.front()).data(), input.data(),
              input.size());
  QB_RETURN_IF_ERROR(interpreter.Invoke());
  std::vector<Bytes> outputs;
  for (const graph::TensorId id : model.graph.outputs) {
    const std::span<uint8_t> data = interpreter.TensorData(id);
    outputs.emplace_back(data.begin(), data.end());
  }
  return outputs;
}

}  // namespace qbench::litert
