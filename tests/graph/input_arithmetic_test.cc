#include "graph/input_arithmetic.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/graph/model_builder.h"

namespace qbench::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::Optional;

struct Builder : ModelBuilder {
  TensorId Number(float value) { return graph().AddConstant("number", {1}, std::vector{value}); }
  TensorId Numbers(Shape shape, const std::vector<float>& values) {
    return graph().AddConstant("numbers", std::move(shape), values);
  }
  // What a network does behind its arithmetic.
  TensorId Convolution(TensorId x) {
    return Add(OpKind::kConv2D, {x, Weight({2, 3, 3, Channels(x)}), Weight({2})});
  }
};

TEST(InputArithmetic, IsTakenTogether) {
  Builder b;
  const TensorId image = b.Input({1, 4, 4, 3});
  const TensorId scaled = b.Add(OpKind::kMul, {image, b.Number(1 / 127.5F)});
  const TensorId shifted = b.Add(OpKind::kSub, {scaled, b.Number(1)});
  const Model model = b.Finish({b.Convolution(shifted)});
  const auto found = FindInputArithmetic(model.graph);
  ASSERT_TRUE(found.has_value());
  EXPECT_THAT(found->factor,
              ElementsAre(FloatEq(1 / 127.5F), FloatEq(1 / 127.5F), FloatEq(1 / 127.5F)));
  EXPECT_THAT(found->offset, ElementsAre(-1, -1, -1));
}

TEST(InputArithmetic, HasANumberForEachChannelInEitherLayout) {
  for (const bool channels_first : {false, true}) {
    SCOPED_TRACE(channels_first);
    Builder b;
    const Shape shape = channels_first ? Shape{1, 3, 1, 1} : Shape{3};
    TensorId x = b.Input({1, 4, 4, 3});
    if (channels_first) x = b.Add(OpKind::kTranspose, {x, b.Ints({4}, {0, 3, 1, 2})});
    x = b.Add(OpKind::kSub, {x, b.Numbers(shape, {0.5F, 0.25F, 1})});
    x = b.Add(OpKind::kDiv, {x, b.Numbers(shape, {0.5F, 0.25F, 2})});
    if (channels_first) x = b.Add(OpKind::kTranspose, {x, b.Ints({4}, {0, 2, 3, 1})});
    const Model model = b.Finish({b.Convolution(x)});
    const auto found = FindInputArithmetic(model.graph);
    ASSERT_TRUE(found.has_value());
    EXPECT_THAT(found->factor, ElementsAre(2, 4, 0.5F));
    EXPECT_THAT(found->offset, ElementsAre(-1, -1, -0.5F));
  }
}

TEST(InputArithmetic, IsNotThereWhereTheModelBeginsWithSomethingElse) {
  Builder plain;
  const TensorId image = plain.Input({1, 4, 4, 3});
  EXPECT_EQ(FindInputArithmetic(plain.Finish({plain.Convolution(image)}).graph), std::nullopt);

  Builder by_pixel;  // a number for each column is no normalization
  const TensorId other = by_pixel.Input({1, 4, 4, 3});
  const TensorId columns =
      by_pixel.Add(OpKind::kMul, {other, by_pixel.Numbers({4, 1}, {1, 2, 3, 4})});
  EXPECT_EQ(FindInputArithmetic(by_pixel.Finish({by_pixel.Convolution(columns)}).graph),
            std::nullopt);

  Builder branched;
  const TensorId twice = branched.Input({1, 4, 4, 3});
  const TensorId half = branched.Add(OpKind::kMul, {twice, branched.Number(0.5F)});
  const TensorId both = branched.Add(OpKind::kAdd, {half, twice});
  EXPECT_EQ(FindInputArithmetic(branched.Finish({branched.Convolution(both)}).graph), std::nullopt);

  Builder flat;
  const TensorId rows = flat.Input({1, 12});
  const TensorId scaled = flat.Add(OpKind::kMul, {rows, flat.Number(0.5F)});
  EXPECT_EQ(FindInputArithmetic(flat.Finish({scaled}).graph), std::nullopt);
}

TEST(InputArithmetic, OfADivisionByZeroIsNone) {
  Builder b;
  const TensorId image = b.Input({1, 4, 4, 3});
  const TensorId divided = b.Add(OpKind::kDiv, {image, b.Number(0)});
  EXPECT_EQ(FindInputArithmetic(b.Finish({b.Convolution(divided)}).graph), std::nullopt);
}

TEST(InputRange, IsThatOfTheIntegers) {
  Builder b;
  const TensorId image = b.Input({1, 4, 4, 3});
  const TensorId rounded = b.Add(OpKind::kQuantize, NoOptions(), {image}, DataType::kInt8,
                                 Quantization{{1 / 255.0F}, {-128}, 0});
  const TensorId back = b.Add(OpKind::kDequantize, NoOptions(), {rounded}, DataType::kFloat32);
  const Model model = b.Finish({b.Convolution(back)});
  EXPECT_THAT(FindInputRange(model.graph), Optional(InputRange{0, 1}));

  Builder plain;
  const TensorId other = plain.Input({1, 4, 4, 3});
  Model trained = plain.Finish({plain.Convolution(other)});
  EXPECT_EQ(FindInputRange(trained.graph), std::nullopt);
  trained.graph.tensors[0].learned_range = LearnedRange{{-1}, {1}, 0};
  EXPECT_THAT(FindInputRange(trained.graph), Optional(InputRange{-1, 1}));
}

}  // namespace
}  // namespace qbench::graph
