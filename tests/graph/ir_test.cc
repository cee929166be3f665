#include "graph/ir.h"

#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace qbench::graph {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ConstantTest, CopiesShareTheBytesAndKeepThemAlive) {
  Constant copy;
  const uint8_t* address = nullptr;
  {
    const Constant original = MakeConstant<float>({1.0F, -2.0F});
    address = original.bytes().data();
    copy = original;
  }
  EXPECT_EQ(copy.bytes().data(), address);
  EXPECT_THAT(copy.Values<float>(), ElementsAre(1.0F, -2.0F));
}

TEST(ConstantTest, ReadsUnalignedBytesOfAnOwner) {
  const auto owner = std::make_shared<const Bytes>(Bytes{0xFF, 1, 0, 0, 0, 2, 0, 0, 0});
  const Constant constant(owner, ByteSpan(*owner).subspan(1));
  EXPECT_THAT(constant.Values<int32_t>(), ElementsAre(1, 2));
  EXPECT_TRUE(constant == MakeConstant<int32_t>({1, 2}));
  EXPECT_FALSE(constant == MakeConstant<int32_t>({1, 3}));
  EXPECT_FALSE(constant == MakeConstant<int32_t>({1}));
}

TEST(GraphTest, FindUsesCountsAnOperatorOnce) {
  Graph graph;
  for (int i = 0; i < 3; ++i) graph.AddTensor({.shape = {1}});
  graph.inputs = {0};
  graph.ops.push_back(
      {.kind = OpKind::kMul, .options = BinaryOptions{}, .inputs = {0, 0}, .outputs = {1}});
  graph.ops.push_back({.kind = OpKind::kFullyConnected,
                       .options = FullyConnectedOptions{},
                       .inputs = {0, 1, kNoTensor},
                       .outputs = {2}});
  const Uses uses = FindUses(graph);
  EXPECT_THAT(uses.users[0], ElementsAre(0, 1));
  EXPECT_THAT(uses.users[1], ElementsAre(1));
  EXPECT_THAT(uses.users[2], IsEmpty());
  EXPECT_THAT(uses.producer, ElementsAre(-1, 0, 1));
}

TEST(GraphTest, DisplayNameIsTheLayersOrTheOutputs) {
  Graph graph;
  graph.AddTensor({.name = "sum", .shape = {1}});
  Op op{.kind = OpKind::kAdd, .options = BinaryOptions{}, .inputs = {}, .outputs = {0}};
  EXPECT_EQ(DisplayName(graph, op), "sum");
  op.name = "block_1_add";
  EXPECT_EQ(DisplayName(graph, op), "block_1_add");
  op.name.clear();
  op.outputs = {7};
  EXPECT_EQ(DisplayName(graph, op), "ADD");
}

TEST(Int4Test, TwoAByteTheFirstInTheLowHalf) {
  EXPECT_THAT(PackInt4(std::vector<int8_t>{1, -1, -8}), ElementsAre(0xF1, 0x08));
  EXPECT_THAT(UnpackInt4(Bytes{0xF1, 0x08}, 3), ElementsAre(1, -1, -8));
  EXPECT_THAT(PackInt4({}), IsEmpty());
}

TEST(Int4Test, EveryNumberOfValuesComesBack) {
  std::mt19937 random(7);
  for (size_t count = 0; count < 40; ++count) {
    std::vector<int8_t> values(count);
    for (int8_t& value : values) value = static_cast<int8_t>(static_cast<int>(random() % 16) - 8);
    const Bytes packed = PackInt4(values);
    const Tensor tensor = {.type = DataType::kInt4, .shape = {static_cast<int32_t>(count)}};
    EXPECT_EQ(static_cast<int64_t>(packed.size()), StoredBytes(tensor));
    EXPECT_EQ(UnpackInt4(packed, count), values) << count;
  }
}

TEST(ElementCountTest, IsOneForAScalar) {
  EXPECT_EQ(ElementCount({}), 1);
  EXPECT_EQ(ElementCount({2, 3, 5}), 30);
  EXPECT_EQ(ElementCount({1 << 30, 1 << 30}), int64_t{1} << 60);
}

}  // namespace
}  // namespace qbench::graph
