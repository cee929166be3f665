#include "graph/model_summary.h"

#include <memory>

#include "base/files.h"
#include "gmock/gmock.h"
#include "graph/tflite/tflite_reader.h"
#include "gtest/gtest.h"
#include "tests/graph/model_builder.h"
#include "tests/graph/peer_files.h"

namespace qbench::graph {
namespace {

TEST(SummaryTest, CountsParametersBytesAndMultiplications) {
  ModelBuilder b;
  TensorId x = b.Input({1, 8, 8, 3});
  x = b.Add(OpKind::kConv2D,
            Conv2DOptions{.stride_h = 2, .stride_w = 2, .activation = Activation::kRelu6},
            {x, b.Weight({4, 3, 3, 3}), b.Weight({4})});
  x = b.Add(OpKind::kDepthwiseConv2D,
            DepthwiseConv2DOptions{.padding = Padding::kValid, .dilation_h = 2},
            {x, b.Weight({1, 2, 3, 4}), kNoTensor});
  x = b.Add(OpKind::kMean, {x, b.Ints({2}, {1, 2})});
  x = b.Add(OpKind::kFullyConnected, {x, b.Weight({5, 4}), b.Weight({5})});
  const ModelSummary summary = Summarize(b.Finish({x}));

  ASSERT_EQ(summary.ops.size(), 4U);
  const OpSummary& conv = summary.ops[0];
  EXPECT_EQ(conv.kind, "CONV_2D");
  EXPECT_EQ(conv.options, "stride 2x2, SAME, RELU6");
  EXPECT_EQ(conv.output.shape, (Shape{1, 4, 4, 4}));
  EXPECT_TRUE(conv.output.dynamic_batch);
  EXPECT_EQ(conv.parameters, 4 * 27 + 4);
  EXPECT_EQ(conv.weight_bytes, 4 * (4 * 27 + 4));
  EXPECT_EQ(conv.macs, 16 * 4 * 27);
  EXPECT_EQ(conv.bytes_read, 4 * (8 * 8 * 3 + 4 * 27 + 4));
  EXPECT_EQ(conv.bytes_written, 4 * 16 * 4);
  const OpSummary& depthwise = summary.ops[1];
  EXPECT_EQ(depthwise.options, "stride 1x1, VALID, dilation 2x1");
  EXPECT_EQ(depthwise.inputs.size(), 2U);  // no bias
  EXPECT_EQ(depthwise.macs, 2 * 2 * 4 * 6);
  EXPECT_EQ(summary.ops[2].parameters, 0);  // the axes are none
  EXPECT_EQ(summary.ops[3].macs, 20);
  EXPECT_EQ(summary.parameters, 112 + 24 + 25);
  EXPECT_EQ(summary.weight_bytes, 4 * (112 + 24 + 25));
  EXPECT_EQ(summary.macs, 1728 + 96 + 20);
  // The input and the first convolution's output live together.
  EXPECT_EQ(summary.peak_activation_bytes, 4 * (8 * 8 * 3 + 4 * 4 * 4));
}

TEST(SummaryTest, SharedWeightsCountOnceInTheTotal) {
  ModelBuilder b;
  const TensorId input = b.Input({1, 4});
  const TensorId weights = b.Weight({4, 4});
  const TensorId x = b.Add(OpKind::kFullyConnected, {input, weights, kNoTensor});
  const TensorId y = b.Add(OpKind::kFullyConnected, {x, weights, kNoTensor});
  const ModelSummary summary = Summarize(b.Finish({y}));
  EXPECT_EQ(summary.ops[1].parameters, 16);
  EXPECT_EQ(summary.parameters, 16);
  EXPECT_EQ(summary.macs, 32);
}

TEST(SummaryTest, PeakFollowsBranches) {
  ModelBuilder b;
  const TensorId input = b.Input({1, 100});
  const TensorId a = b.Add(OpKind::kRelu, {input});
  const TensorId c = b.Add(OpKind::kTanh, {input});  // input, a and c
  const TensorId sum = b.Add(OpKind::kAdd, {a, c});  // a, c and sum
  const TensorId twice = b.Add(OpKind::kMul, {sum, sum});
  const ModelSummary summary = Summarize(b.Finish({twice}));
  EXPECT_EQ(summary.peak_activation_bytes, 4 * 300);
  EXPECT_EQ(summary.ops[2].bytes_read, 4 * 200);
  EXPECT_EQ(summary.ops[3].bytes_read, 4 * 100);  // one tensor, read twice
}

TEST(SummaryTest, FiguresOfARealModel) {
  const std::vector<std::filesystem::path> files = PeerTfliteFiles("mbv2_035_96.tf_");
  if (files.empty()) GTEST_SKIP() << kNoPeers;
  for (const std::filesystem::path& path : files) {
    SCOPED_TRACE(path.filename());
    Result<Bytes> bytes = ReadFile(path);
    ASSERT_TRUE(bytes.ok());
    const Result<Model> model = ReadTflite(std::make_shared<const Bytes>(*bytes));
    ASSERT_TRUE(model.ok());
    const ModelSummary summary = Summarize(*model);
    // MobileNetV2 0.35 at 96x96: 11 million multiplications (Sandler et al. 2018). Keras counts
    // 417,894 parameters, of which batch normalization has four for each of 7,040 channels; folded,
    // one is left. The same whatever the weights' type.
    EXPECT_NEAR(static_cast<double>(summary.macs), 11e6, 0.5e6);
    EXPECT_EQ(summary.parameters, 417894 - 3 * 7040);
    EXPECT_LT(summary.weight_bytes, static_cast<int64_t>(bytes->size()));
  }
}

}  // namespace
}  // namespace qbench::graph
