#include "tests/quantize/run_model.h"

#include <cstring>
#include <memory>

#include "gtest/gtest.h"
#include "kernels/interpreter.h"

namespace qbench::quantize {
namespace {

std::vector<float> FloatsOf(kernels::Interpreter& interpreter, graph::TensorId tensor) {
  const std::span<const uint8_t> bytes = interpreter.TensorData(tensor);
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

// Feeds each sample; `on_sample` looks at the tensors.
template <typename OnSample>
void ForEachSample(const graph::Model& model, const std::vector<std::vector<float>>& samples,
                   OnSample on_sample) {
  auto interpreter = kernels::Interpreter::Create(std::make_shared<graph::Model>(model));
  ASSERT_TRUE(interpreter.ok()) << interpreter.status().message();
  for (const std::vector<float>& sample : samples) {
    const std::span<uint8_t> input = interpreter->TensorData(model.graph.inputs[0]);
    ASSERT_EQ(input.size(), sample.size() * sizeof(float));
    std::memcpy(input.data(), sample.data(), input.size());
    const Status status = interpreter->Invoke();
    ASSERT_TRUE(status.ok()) << status.message();
    on_sample(*interpreter);
  }
}

}  // namespace

std::vector<std::vector<float>> RunModel(const graph::Model& model,
                                         const std::vector<std::vector<float>>& samples) {
  std::vector<std::vector<float>> outputs;
  ForEachSample(model, samples, [&](kernels::Interpreter& interpreter) {
    outputs.push_back(FloatsOf(interpreter, model.graph.outputs[0]));
  });
  return outputs;
}

std::vector<float> RunModel(const graph::Model& model, std::span<const float> sample) {
  const std::vector<std::vector<float>> samples = {{sample.begin(), sample.end()}};
  const auto outputs = RunModel(model, samples);
  return outputs.empty() ? std::vector<float>() : outputs[0];
}

TensorRanges MeasureRanges(const graph::Model& model,
                           const std::vector<std::vector<float>>& samples) {
  TensorRanges ranges(model.graph.tensors.size());
  ForEachSample(model, samples, [&](kernels::Interpreter& interpreter) {
    for (const graph::TensorId id : TensorsToMeasure(model)) {
      const Status status = WidenRange(FloatsOf(interpreter, id), ranges[static_cast<size_t>(id)]);
      EXPECT_TRUE(status.ok()) << status.message();
    }
  });
  return ranges;
}

}  // namespace qbench::quantize
