// Quantized weights are those of TensorFlow's converter, operator by operator, on a real network.
#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "graph/tflite/tflite_reader.h"
#include "gtest/gtest.h"
#include "quantize/full_integer.h"
#include "quantize/weights/dynamic_weights.h"
#include "tests/graph/peer_files.h"

namespace qbench::quantize {
namespace {

using graph::DataType;
using graph::Op;
using graph::OpKind;
using graph::Tensor;

class ConverterAgreement : public ::testing::Test {
 protected:
  void SetUp() override {
    if (graph::PeerTfliteFiles("mbv2_035_96.tf_").empty()) GTEST_SKIP() << graph::kNoPeers;
  }

  static graph::Model ReadPeer(const char* name) {
    auto bytes = ReadFile(graph::SharedDir() / "peers" / name);
    EXPECT_TRUE(bytes.ok()) << bytes.status().message();
    auto model = graph::ReadTflite(std::make_shared<const Bytes>(std::move(*bytes)));
    EXPECT_TRUE(model.ok()) << model.status().message();
    return std::move(*model);
  }
};

const Tensor& WeightsOf(const graph::Model& model, const Op& op) {
  return model.graph.tensors[static_cast<size_t>(op.inputs[kWeightsInput])];
}

// The converter rounds the quotient in float and qbench in double, so a tie may differ by one step.
void ExpectSameWeights(const Tensor& ours, const Tensor& theirs) {
  ASSERT_EQ(ours.type, theirs.type) << theirs.name;
  if (theirs.type != DataType::kInt8) return;
  EXPECT_EQ(ours.quantization->scales, theirs.quantization->scales) << theirs.name;
  EXPECT_EQ(ours.quantization->axis, theirs.quantization->axis) << theirs.name;
  const auto a = ours.constant->Values<int8_t>();
  const auto b = theirs.constant->Values<int8_t>();
  ASSERT_EQ(a.size(), b.size());
  int differing = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_LE(std::abs(a[i] - b[i]), 1) << theirs.name;
    differing += a[i] != b[i] ? 1 : 0;
  }
  EXPECT_LE(differing, 1) << theirs.name;
}

void ExpectSameModel(const graph::Model& ours, const graph::Model& theirs) {
  ASSERT_EQ(ours.graph.ops.size(), theirs.graph.ops.size());
  for (size_t i = 0; i < ours.graph.ops.size(); ++i) {
    const Op& a = ours.graph.ops[i];
    const Op& b = theirs.graph.ops[i];
    ASSERT_EQ(a.kind, b.kind) << i;
    EXPECT_EQ(a.options, b.options) << i;
    if (FindWeights(a)) ExpectSameWeights(WeightsOf(ours, a), WeightsOf(theirs, b));
  }
}

TEST_F(ConverterAgreement, DynamicRange) {
  graph::Model model = ReadPeer("mbv2_035_96.tf_float.tflite");
  ASSERT_TRUE(QuantizeWeightsDynamically(model, {}, HybridOperators::kAll).ok());
  ExpectSameModel(model, ReadPeer("mbv2_035_96.tf_dyn_default.tflite"));
}

TEST_F(ConverterAgreement, FullInteger) {
  const graph::Model model = ReadPeer("mbv2_035_96.tf_float.tflite");
  // Weights do not depend on the activations' ranges, so any will do.
  const TensorRanges ranges(model.graph.tensors.size(), ValueRange{-3.0F, 3.0F});
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, ranges, warnings);
  ASSERT_TRUE(scales.ok()) << scales.status().message();
  for (const bool integer_io : {false, true}) {
    const graph::DataType boundary =
        integer_io ? graph::DataType::kInt8 : graph::DataType::kFloat32;
    const auto integer =
        QuantizeFullInteger(model, *scales, {.input = boundary, .output = boundary}, warnings);
    ASSERT_TRUE(integer.ok()) << integer.status().message();
    ExpectSameModel(*integer, ReadPeer(integer_io ? "mbv2_035_96.tf_int8_int8io.tflite"
                                                  : "mbv2_035_96.tf_int8_floatio.tflite"));
  }
}

TEST_F(ConverterAgreement, Int16Activations) {
  const graph::Model model = ReadPeer("mbv2_035_96.tf_float.tflite");
  const TensorRanges ranges(model.graph.tensors.size(), ValueRange{-3.0F, 3.0F});
  Warnings warnings;
  const auto scales = ChooseActivationScales(model, ranges, warnings, graph::DataType::kInt16);
  ASSERT_TRUE(scales.ok()) << scales.status().message();
  const auto integer =
      QuantizeFullInteger(model, *scales, {.activations = graph::DataType::kInt16}, warnings);
  ASSERT_TRUE(integer.ok()) << integer.status().message();
  ExpectSameModel(*integer, ReadPeer("mbv2_035_96.tf_int16x8.tflite"));
}

}  // namespace
}  // namespace qbench::quantize
