#include "tests/graph/foreign_file.h"

#include <algorithm>

#include "tflite_generated.h"

namespace qbench::graph {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;

flatbuffers::Offset<wire::OperatorCode> OperatorCode(Builder& b, int32_t code,
                                                     const std::string& custom_code) {
  const auto custom = b.CreateString(custom_code);
  return wire::CreateOperatorCode(b, static_cast<int8_t>(std::min(code, 127)), custom, 1, code);
}

flatbuffers::Offset<wire::Tensor> Tensor(Builder& b, const ForeignFile& file, size_t index) {
  flatbuffers::Offset<wire::QuantizationParameters> quantization = 0;
  if (file.details) quantization = wire::CreateQuantizationParameters(b, 0, 0, 0, 0, 2, 0, 0);
  const auto shape = b.CreateVector(std::vector<int32_t>{1, 1});
  const auto name = b.CreateString("t" + std::to_string(index));
  flatbuffers::Offset<flatbuffers::Vector<int32_t>> free = 0;
  if (!file.shape_signature.empty()) free = b.CreateVector(file.shape_signature);
  return wire::CreateTensor(b, shape, static_cast<int8_t>(file.type), 0, name, quantization, false,
                            0, free);
}

flatbuffers::Offset<wire::Operator> Operator(Builder& b, const ForeignFile& file, uint32_t index) {
  flatbuffers::Offset<void> options = 0;
  const bool reshape = file.reshape_options && index == 0;
  if (reshape) {
    options = wire::CreateReshapeOptions(b, b.CreateVector(std::vector<int32_t>{-1, 1})).Union();
  }
  const auto here = static_cast<int32_t>(index);
  const auto inputs = b.CreateVector(index == 0 ? file.inputs : std::vector<int32_t>{here});
  const auto outputs = b.CreateVector(std::vector<int32_t>{here + 1});
  return wire::CreateOperator(
      b, index, inputs, outputs,
      reshape ? wire::BuiltinOptions_ReshapeOptions : wire::BuiltinOptions_NONE, options);
}

flatbuffers::Offset<wire::SubGraph> SubGraph(Builder& b, const ForeignFile& file) {
  const size_t count = 1 + file.more_codes.size();
  std::vector<flatbuffers::Offset<wire::Tensor>> tensors;
  std::vector<flatbuffers::Offset<wire::Operator>> operators;
  for (size_t i = 0; i <= count; ++i) tensors.push_back(Tensor(b, file, i));
  for (uint32_t i = 0; i < count; ++i) operators.push_back(Operator(b, file, i));
  const auto operator_vector = b.CreateVector(operators);
  const auto tensor_vector = b.CreateVector(tensors);
  const auto inputs = b.CreateVector(std::vector<int32_t>{0});
  const auto outputs = b.CreateVector(std::vector<int32_t>{static_cast<int32_t>(count)});
  return wire::CreateSubGraph(b, tensor_vector, inputs, outputs, operator_vector);
}

}  // namespace

Bytes ForeignFile::Build() const {
  Builder b;
  const auto buffers = b.CreateVector(std::vector{wire::CreateBuffer(b)});
  std::vector<flatbuffers::Offset<wire::OperatorCode>> codes = {OperatorCode(b, code, custom_code)};
  for (const int32_t more : more_codes) codes.push_back(OperatorCode(b, more, custom_code));
  const auto code_vector = b.CreateVector(codes);
  std::vector<flatbuffers::Offset<wire::SubGraph>> graphs;
  for (int32_t i = 0; i < subgraphs; ++i) graphs.push_back(SubGraph(b, *this));
  const auto graph_vector = b.CreateVector(graphs);
  b.Finish(wire::CreateModel(b, 3, code_vector, graph_vector, 0, buffers), "TFL3");
  return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
}

}  // namespace qbench::graph
