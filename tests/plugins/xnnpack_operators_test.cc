// Every operator and type on `xnnpack`, with random shapes, against the reference kernels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "graph/operators.h"
#include "graph/tflite/tflite_writer.h"
#include "harness/checks/random_operator.h"
#include "kernels/interpreter.h"
#include "plugins/runtimes/xnnpack/xnnpack_model.h"

namespace qbench::xnnpack {
namespace {

using graph::DataType;
using graph::OpKind;
using graph::Tensor;

constexpr uint32_t kSeeds = 20;

double ValueAt(DataType type, ByteSpan data, size_t i) {
  switch (type) {
    case DataType::kFloat32:
      return static_cast<double>(LoadUnaligned<float>(data.subspan(i * sizeof(float))));
    case DataType::kInt8:
      return static_cast<int8_t>(data[i]);
    case DataType::kInt16:
      return LoadUnaligned<int16_t>(data.subspan(i * sizeof(int16_t)));
    default:
      return data[i];
  }
}

// The largest difference: in steps for integers; for floats as a part of the largest value.
double Distance(const Tensor& tensor, ByteSpan a, ByteSpan b) {
  double largest = 1.0;
  double distance = 0.0;
  for (size_t i = 0; i < static_cast<size_t>(graph::ElementCount(tensor.shape)); ++i) {
    const double x = ValueAt(tensor.type, a, i);
    const double y = ValueAt(tensor.type, b, i);
    largest = std::max(largest, std::abs(y));
    distance = std::max(distance, std::abs(x - y));
  }
  return tensor.type == DataType::kFloat32 ? distance / largest : distance;
}

// Dynamic range: the kernels round activations to 8 bits, XNNPACK computes with unpacked weights.
double ToleranceOf(const graph::OperatorType& type, const Tensor& tensor) {
  if (type.weights == graph::WeightScheme::kDynamic) return 0.05;
  return tensor.type == DataType::kFloat32 ? 1e-5 : 1.0;
}

// How many of the models ran on XNNPACK, and how far from the kernels at most.
struct Agreement {
  int on_xnnpack = 0;
  double distance = 0.0;
};

void Compare(const graph::OperatorType& type, OpKind kind, uint32_t seed, Agreement& agreement) {
  SCOPED_TRACE(testing::Message() << graph::OpKindName(kind) << " " << type.name << " seed "
                                  << seed);
  graph::Random random(seed);
  const auto model =
      std::make_shared<const graph::Model>(graph::RandomOperator(kind, type, random));
  auto interpreter = kernels::Interpreter::Create(model);
  const Result<Bytes> file = graph::WriteTflite(*model);
  ASSERT_TRUE(file.ok()) << file.status().message();
  const auto loaded = XnnpackModel::Load(*file, seed % 5 == 4 ? 2 : 1);
  ASSERT_EQ(loaded.ok(), interpreter.ok()) << loaded.status().message();
  if (!loaded.ok()) return;  // 16-bit TANH and the like: nobody has them
  XnnpackModel& xnnpack = **loaded;
  for (size_t i = 0; i < model->graph.inputs.size(); ++i) {
    const graph::TensorId id = model->graph.inputs[i];
    const Tensor& input = model->graph.tensors[static_cast<size_t>(id)];
    const Bytes bytes = graph::RandomValues(input.type, input.shape, random);
    std::ranges::copy(bytes, interpreter->TensorData(id).begin());
    std::ranges::copy(bytes, xnnpack.TensorData(xnnpack.graph().inputs[i]).begin());
  }
  ASSERT_TRUE(interpreter->Invoke().ok());
  ASSERT_TRUE(xnnpack.Invoke().ok());
  const graph::TensorId out = model->graph.outputs[0];
  const Tensor& tensor = model->graph.tensors[static_cast<size_t>(out)];
  const auto output = xnnpack.TensorData(xnnpack.graph().outputs[0]);
  const double distance = Distance(tensor, output, interpreter->TensorData(out));
  EXPECT_LE(distance, ToleranceOf(type, tensor));
  agreement.distance = std::max(agreement.distance, distance);
  if (xnnpack.division().kernel_operators.empty()) ++agreement.on_xnnpack;
}

// Which operators the library takes in which types, of any shape or of some; the others run on the
// kernels. A newer library may take more.
bool IsTaken(OpKind kind, const graph::OperatorType& type) {
  static const std::set<OpKind> never = {
      OpKind::kConcatenation, OpKind::kTanh,         OpKind::kTranspose,
      OpKind::kStridedSlice,  OpKind::kDepthToSpace, OpKind::kResizeNearestNeighbor,
      OpKind::kGelu,          OpKind::kRsqrt,        OpKind::kBatchMatMul,
      OpKind::kSum,           OpKind::kReduceMax};
  static const std::set<OpKind> in_float = {
      OpKind::kLeakyRelu, OpKind::kHardSwish, OpKind::kSoftmax,        OpKind::kMaximum,
      OpKind::kMinimum,   OpKind::kDiv,       OpKind::kResizeBilinear, OpKind::kElu,
      OpKind::kPrelu,     OpKind::kSqrt};
  if (type.activations == DataType::kInt16 || never.contains(kind)) return false;
  return type.activations == DataType::kFloat32 || !in_float.contains(kind);
}

class XnnpackOperators : public testing::TestWithParam<graph::OperatorType> {};
INSTANTIATE_TEST_SUITE_P(Types, XnnpackOperators, testing::ValuesIn(graph::kOperatorTypes),
                         [](const auto& type) { return std::string(type.param.name); });

TEST_P(XnnpackOperators, AgreeWithTheKernels) {
  for (const graph::OperatorInfo& info : graph::AllOperators()) {
    const OpKind op = info.kind;
    if (!graph::HasOperator(GetParam(), op)) continue;
    Agreement agreement;
    for (uint32_t seed = 0; seed < kSeeds && !HasFatalFailure(); ++seed) {
      Compare(GetParam(), op, seed, agreement);
    }
    if (IsTaken(op, GetParam())) {
      EXPECT_GT(agreement.on_xnnpack, 0) << graph::OpKindName(op) << " never ran on XNNPACK";
    }
    if (std::getenv("QBENCH_PRINT_AGREEMENT") != nullptr) {
      std::printf("%-18s %-18s %2d of %u on XNNPACK, at most %g apart\n",
                  std::string(graph::OpKindName(op)).c_str(), std::string(GetParam().name).c_str(),
                  agreement.on_xnnpack, kSeeds, agreement.distance);
    }
  }
}

}  // namespace
}  // namespace qbench::xnnpack
