#include "graph/operators.h"

#include <set>

#include "gmock/gmock.h"
#include "graph/op_versions.h"
#include "gtest/gtest.h"

namespace qbench::graph {
namespace {

// That every enumerator has a row, and one alone, is asserted where the table stands.
TEST(OperatorsTest, NamesAreUnique) {
  std::set<std::string_view> names;
  for (const OperatorInfo& op : AllOperators()) {
    EXPECT_TRUE(names.insert(op.name).second) << op.name;
    EXPECT_EQ(FindOperator(op.name), &op);
    EXPECT_EQ(&InfoOf(op.kind), &op);
    EXPECT_EQ(OpKindName(op.kind), op.name);
  }
  EXPECT_EQ(FindOperator("CUSTOM"), nullptr);
  EXPECT_EQ(FindOperator(""), nullptr);
}

// An operator with weights has inputs for them, and one that fixes its scale does not keep another.
TEST(OperatorsTest, RowsDoNotContradictThemselves) {
  for (const OperatorInfo& op : AllOperators()) {
    SCOPED_TRACE(op.name);
    EXPECT_TRUE(op.shape != nullptr && op.types != nullptr && op.version != nullptr);
    EXPECT_TRUE(!op.has_weights() || op.inputs.count > kBiasInput);
    EXPECT_FALSE(op.fixed_scale.has_value() && op.keeps_scale);
    EXPECT_FALSE(op.inputs.or_more && (op.inputs.last_optional || op.inputs.parameters > 0));
    EXPECT_FALSE(op.inputs.last_optional && op.inputs.parameters > 0);
  }
}

// Later versions came with later releases, or with the same.
TEST(OperatorsTest, ReleasesAreInOrder) {
  for (const OperatorInfo& op : AllOperators()) {
    std::string_view before = "0";
    for (const std::string_view release : op.releases) {
      if (release.empty()) continue;
      EXPECT_FALSE(IsOlderRuntime(release, before)) << op.name << ' ' << release;
      before = release;
    }
  }
  EXPECT_EQ(FirstRuntime(OpKind::kFullyConnected, 12), "2.17.0");
}

TEST(OperatorsTest, FixedScalesAreTheSpecifications) {
  const auto int8 = FixedOutputScale(OpKind::kSoftmax, DataType::kInt8);
  ASSERT_TRUE(int8.has_value());
  EXPECT_EQ(int8->scale, 1.0F / 256.0F);
  EXPECT_EQ(int8->zero_point, -128);
  EXPECT_EQ(FixedOutputScale(OpKind::kTanh, DataType::kUInt8)->zero_point, 128);
  EXPECT_EQ(FixedOutputScale(OpKind::kLogistic, DataType::kInt16)->scale, 1.0F / 32768.0F);
  EXPECT_EQ(FixedOutputScale(OpKind::kLogistic, DataType::kInt16)->zero_point, 0);
  EXPECT_FALSE(FixedOutputScale(OpKind::kRelu, DataType::kInt8).has_value());
}

TEST(OperatorsTest, HardSwishHasNoInt16Kernel) {
  EXPECT_TRUE(HasKernel(OpKind::kHardSwish, DataType::kInt8));
  EXPECT_TRUE(HasKernel(OpKind::kHardSwish, DataType::kFloat32));
  EXPECT_FALSE(HasKernel(OpKind::kHardSwish, DataType::kInt16));
  EXPECT_TRUE(HasKernel(OpKind::kAdd, DataType::kInt16));
}

TEST(ActivationsTest, BoundsAndNames) {
  EXPECT_EQ(InfoOf(Activation::kReluN1To1).name, "RELU_N1_TO_1");
  EXPECT_EQ(InfoOf(Activation::kReluN1To1).min, -1.0F);
  EXPECT_EQ(InfoOf(Activation::kRelu6).max, 6.0F);
  EXPECT_EQ(InfoOf(OpKind::kRelu6).activation, Activation::kRelu6);
  const Op conv = {.kind = OpKind::kConv2D,
                   .options = Conv2DOptions{.activation = Activation::kRelu},
                   .inputs = {},
                   .outputs = {}};
  EXPECT_EQ(FusedActivationOf(conv), Activation::kRelu);
  const Op softmax = {
      .kind = OpKind::kSoftmax, .options = SoftmaxOptions{}, .inputs = {}, .outputs = {}};
  EXPECT_EQ(FusedActivationOf(softmax), Activation::kNone);
}

}  // namespace
}  // namespace qbench::graph
