// The reference kernels, one operator a model, and a whole model on them. The counter `macs` is
// multiply-adds a second.
#include "graph/random.h"
#include "kernels/interpreter.h"
#include "tests/benchmarks/benchmark_inputs.h"

namespace qbench::benchmarks {
namespace {

using graph::DataType;
using graph::OpKind;
using graph::Shape;
using graph::TensorId;

constexpr float kInputScale = 0.02F;
constexpr float kWeightScale = 0.004F;
constexpr float kOutputScale = 0.05F;

// One operator with random weights on activations of `type`; weights are then int8, or float32.
class OneOperator {
 public:
  explicit OneOperator(DataType type) : type_(type) {}

  TensorId Activation(const Shape& shape, float scale, int64_t zero_point = 0) {
    graph::Tensor tensor{.name = NextName(), .type = type_, .shape = shape};
    if (quantized()) tensor.quantization = graph::Quantization{{scale}, {zero_point}, 0};
    return model_.graph.AddTensor(std::move(tensor));
  }
  // A scale for each index of `axis`.
  TensorId Weights(const Shape& shape, int32_t axis) {
    graph::Tensor tensor{.name = NextName(), .shape = shape};
    const int64_t count = graph::ElementCount(shape);
    if (quantized()) {
      const auto channels = static_cast<size_t>(shape[static_cast<size_t>(axis)]);
      tensor.type = DataType::kInt8;
      tensor.quantization = graph::Quantization{std::vector<float>(channels, kWeightScale),
                                                std::vector<int64_t>(channels, 0), axis};
      tensor.constant = graph::MakeConstant(random_.Values<int8_t>(count, -127, 127));
    } else {
      tensor.constant = graph::MakeConstant(random_.Reals(count, -0.5F, 0.5F));
    }
    return model_.graph.AddTensor(std::move(tensor));
  }
  TensorId Bias(int32_t channels) {
    graph::Tensor tensor{.name = NextName(), .shape = {channels}};
    if (quantized()) {
      const auto count = static_cast<size_t>(channels);
      tensor.quantization = graph::Quantization{
          std::vector<float>(count, kInputScale * kWeightScale), std::vector<int64_t>(count, 0), 0};
      tensor.type = type_ == DataType::kInt16 ? DataType::kInt64 : DataType::kInt32;
      tensor.constant = type_ == DataType::kInt16
                            ? graph::MakeConstant(random_.Values<int64_t>(channels, -1000, 1000))
                            : graph::MakeConstant(random_.Values<int32_t>(channels, -1000, 1000));
    } else {
      tensor.constant = graph::MakeConstant(random_.Reals(channels, -0.5F, 0.5F));
    }
    return model_.graph.AddTensor(std::move(tensor));
  }

  // The first of `inputs` is the model's.
  Result<kernels::Interpreter> Make(OpKind kind, graph::OpOptions options,
                                    std::vector<TensorId> inputs, TensorId output) {
    model_.graph.inputs = {inputs.front()};
    model_.graph.outputs = {output};
    model_.graph.ops = {{kind, std::move(options), std::move(inputs), {output}, "layer"}};
    QB_ASSIGN_OR_RETURN(kernels::Interpreter interpreter,
                        kernels::Interpreter::Create(std::make_shared<const graph::Model>(model_)));
    FillInput(interpreter.TensorData(model_.graph.inputs.front()));
    return interpreter;
  }

 private:
  bool quantized() const { return type_ != DataType::kFloat32; }
  std::string NextName() const { return "t" + std::to_string(model_.graph.tensors.size()); }
  void FillInput(std::span<uint8_t> bytes) {
    if (quantized()) {
      for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random_.Int(0, 255));
      return;
    }
    const std::vector<float> values =
        random_.Reals(static_cast<int64_t>(bytes.size() / sizeof(float)), -1, 1);
    std::memcpy(bytes.data(), values.data(), bytes.size());
  }

  DataType type_;
  graph::Model model_;
  graph::Random random_{1};
};

void InvokeAll(benchmark::State& state, Result<kernels::Interpreter> interpreter, int64_t macs) {
  if (!Check(state, interpreter)) return;
  for ([[maybe_unused]] const auto _ : state) {
    if (!Check(state, interpreter->Invoke())) return;
  }
  if (macs == 0) return;
  state.counters["macs"] = benchmark::Counter(
      static_cast<double>(macs), benchmark::Counter::kIsRate | benchmark::Counter::kAvgThreads |
                                     benchmark::Counter::kIsIterationInvariant);
}

void Conv2D(benchmark::State& state, DataType type) {
  constexpr int32_t kSide = 24, kIn = 32, kOut = 32;
  OneOperator op(type);
  const TensorId in = op.Activation({1, kSide, kSide, kIn}, kInputScale);
  const TensorId weights = op.Weights({kOut, 3, 3, kIn}, 0);
  const TensorId bias = op.Bias(kOut);
  const TensorId out = op.Activation({1, kSide, kSide, kOut}, kOutputScale);
  InvokeAll(state,
            op.Make(OpKind::kConv2D, graph::Conv2DOptions{.activation = graph::Activation::kRelu},
                    {in, weights, bias}, out),
            int64_t{kSide} * kSide * 9 * kIn * kOut);
}

void DepthwiseConv2D(benchmark::State& state, DataType type) {
  constexpr int32_t kSide = 48, kChannels = 96;
  OneOperator op(type);
  const TensorId in = op.Activation({1, kSide, kSide, kChannels}, kInputScale);
  const TensorId weights = op.Weights({1, 3, 3, kChannels}, 3);
  const TensorId bias = op.Bias(kChannels);
  const TensorId out = op.Activation({1, kSide, kSide, kChannels}, kOutputScale);
  InvokeAll(state,
            op.Make(OpKind::kDepthwiseConv2D,
                    graph::DepthwiseConv2DOptions{.activation = graph::Activation::kRelu},
                    {in, weights, bias}, out),
            int64_t{kSide} * kSide * 9 * kChannels);
}

void FullyConnected(benchmark::State& state, DataType type) {
  constexpr int32_t kIn = 1024, kOut = 256;
  OneOperator op(type);
  const TensorId in = op.Activation({1, kIn}, kInputScale);
  const TensorId weights = op.Weights({kOut, kIn}, 0);
  const TensorId bias = op.Bias(kOut);
  const TensorId out = op.Activation({1, kOut}, kOutputScale);
  InvokeAll(
      state,
      op.Make(OpKind::kFullyConnected, graph::FullyConnectedOptions{}, {in, weights, bias}, out),
      int64_t{kIn} * kOut);
}

// The output of a quantized softmax has a scale of its own.
void Softmax(benchmark::State& state, DataType type) {
  constexpr int32_t kClasses = 1000;
  OneOperator op(type);
  const TensorId in = op.Activation({1, kClasses}, kInputScale);
  const TensorId out = op.Activation({1, kClasses}, 1.0F / 256, -128);
  InvokeAll(state, op.Make(OpKind::kSoftmax, graph::SoftmaxOptions{}, {in}, out), 0);
  SetItems(state, kClasses);
}

#define QBENCH_KERNEL_BENCHMARKS(function)                                                 \
  BENCHMARK_CAPTURE(function, float32, DataType::kFloat32)->Unit(benchmark::kMicrosecond); \
  BENCHMARK_CAPTURE(function, int8, DataType::kInt8)->Unit(benchmark::kMicrosecond);       \
  BENCHMARK_CAPTURE(function, int16, DataType::kInt16)->Unit(benchmark::kMicrosecond)
QBENCH_KERNEL_BENCHMARKS(Conv2D);
QBENCH_KERNEL_BENCHMARKS(DepthwiseConv2D);
QBENCH_KERNEL_BENCHMARKS(FullyConnected);
BENCHMARK_CAPTURE(Softmax, float32, DataType::kFloat32)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Softmax, int8, DataType::kInt8)->Unit(benchmark::kMicrosecond);

void WholeModel(benchmark::State& state, const char* stem) {
  const Result<ShippedModel>& model = Shipped(stem);
  if (!Check(state, model)) return;
  InvokeAll(state,
            kernels::Interpreter::Create(std::make_shared<const graph::Model>(model->optimized)),
            0);
}
BENCHMARK_CAPTURE(WholeModel, mobilenetv2, kMobileNet)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace qbench::benchmarks
