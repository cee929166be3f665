// Every operator and type on `xnnpack`, with random shapes, against the reference kernels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "graph/tflite_writer.h"
#include "kernels/interpreter.h"
#include "plugins/runtimes/xnnpack/xnnpack_model.h"
#include "random_operators.h"

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

// How many of the models ran on XNNPACK, and how far from the kernels at most.
struct Agreement {
  int on_xnnpack = 0;
  double distance = 0.0;
};

void Compare(const OperatorType& type, OpKind kind, uint32_t seed, Agreement& agreement) {
  SCOPED_TRACE(testing::Message() << graph::OpKindName(kind) << " " << type.name << " seed "
                                  << seed);
  RandomOperator maker(type, seed);
  const auto model = std::make_shared<const graph::Model>(maker.Make(kind));
  auto interpreter = kernels::Interpreter::Create(model);
  const Result<Bytes> file = graph::WriteTflite(*model);
  ASSERT_TRUE(file.ok()) << file.status().message();
  const auto loaded = XnnpackModel::Load(*file, seed % 5 == 4 ? 2 : 1);
  ASSERT_EQ(loaded.ok(), interpreter.ok()) << loaded.status().message();
  if (!loaded.ok()) return;  // 16-bit TANH and the like: nobody has them
  XnnpackModel& xnnpack = **loaded;
  for (size_t i = 0; i < model->graph.inputs.size(); ++i) {
    const graph::TensorId id = model->graph.inputs[i];
    const Bytes bytes = maker.RandomBytes(model->graph.tensors[static_cast<size_t>(id)]);
    std::ranges::copy(bytes, interpreter->TensorData(id).begin());
    std::ranges::copy(bytes, xnnpack.TensorData(xnnpack.graph().inputs[i]).begin());
  }
  ASSERT_TRUE(interpreter->Invoke().ok());
  ASSERT_TRUE(xnnpack.Invoke().ok());
  const graph::TensorId out = model->graph.outputs[0];
  const Tensor& tensor = model->graph.tensors[static_cast<size_t>(out)];
  const auto output = xnnpack.TensorData(xnnpack.graph().outputs[0]);
  const double distance = Distance(tensor, output, interpreter->TensorData(out));
  EXPECT_LE(distance, tensor.type == DataType::kFloat32 ? 1e-5 : 1.0);
  agreement.distance = std::max(agreement.distance, distance);
  if (xnnpack.division().kernel_operators.empty()) ++agreement.on_xnnpack;
}

// Which operators the library takes in which types, of any shape or of some; the others run on the
// kernels. A newer library may take more.
const std::map<std::string, std::set<OpKind>>& Taken() {
  static const std::set<OpKind> integers = {OpKind::kAdd,
                                            OpKind::kSub,
                                            OpKind::kMul,
                                            OpKind::kConv2D,
                                            OpKind::kDepthwiseConv2D,
                                            OpKind::kFullyConnected,
                                            OpKind::kAveragePool2D,
                                            OpKind::kMaxPool2D,
                                            OpKind::kMean,
                                            OpKind::kPad,
                                            OpKind::kReshape,
                                            OpKind::kRelu,
                                            OpKind::kRelu6,
                                            OpKind::kLogistic,
                                            OpKind::kQuantize,
                                            OpKind::kDequantize};
  static const std::set<OpKind> floats = [] {
    std::set<OpKind> kinds = integers;
    kinds.insert({OpKind::kLeakyRelu, OpKind::kHardSwish, OpKind::kSoftmax});
    return kinds;
  }();
  static const std::map<std::string, std::set<OpKind>> taken = {{"float", floats},
                                                                {"int8", integers},
                                                                {"int8 per channel", integers},
                                                                {"uint8", integers},
                                                                {"int16", {}}};
  return taken;
}

class XnnpackOperators : public testing::TestWithParam<OperatorType> {};
INSTANTIATE_TEST_SUITE_P(Types, XnnpackOperators, testing::ValuesIn(kOperatorTypes),
                         [](const auto& type) {
                           std::string name = type.param.name;
                           std::erase(name, ' ');
                           return name;
                         });

TEST_P(XnnpackOperators, AgreeWithTheKernels) {
  for (int kind = 0; kind <= static_cast<int>(OpKind::kDequantize); ++kind) {
    const auto op = static_cast<OpKind>(kind);
    Agreement agreement;
    for (uint32_t seed = 0; seed < kSeeds && !HasFatalFailure(); ++seed) {
      Compare(GetParam(), op, seed, agreement);
    }
    if (Taken().at(GetParam().name).contains(op)) {
      EXPECT_GT(agreement.on_xnnpack, 0) << graph::OpKindName(op) << " never ran on XNNPACK";
    }
    if (std::getenv("QBENCH_PRINT_AGREEMENT") != nullptr) {
      std::printf("%-18s %-18s %2d of %u on XNNPACK, at most %g apart\n",
                  std::string(graph::OpKindName(op)).c_str(), GetParam().name, agreement.on_xnnpack,
                  kSeeds, agreement.distance);
    }
  }
}

}  // namespace
}  // namespace qbench::xnnpack
