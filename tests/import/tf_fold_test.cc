// What is computed when a TensorFlow graph is imported: shape arithmetic with an open batch, and
// weights, against results worked out by hand.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "graph/import/tensorflow/tf_fold.h"
#include "tensorflow.pb.h"

namespace qbench::graph::import {
namespace {

class TfFoldTest : public testing::Test {
 protected:
  Result<TfArray> Fold(const std::string& op, std::vector<TfArray> arrays) {
    def_.set_name("n");
    def_.set_op(op);
    flat_.nodes.clear();
    import_.values.clear();
    FlatNode node{&def_, "n", {}};
    std::vector<TfArrayPtr> inputs;
    for (TfArray& array : arrays) {
      // Inputs are nodes of their own, as some operators read them by their place.
      TfValue value;
      value.kind = TfValue::Kind::kArray;
      value.array = std::make_shared<const TfArray>(std::move(array));
      node.inputs.push_back({static_cast<int32_t>(inputs.size()), 0});
      flat_.nodes.push_back({&def_, "i", {}});
      import_.values.push_back({value});
      inputs.push_back(value.array);
    }
    flat_.nodes.push_back(node);
    import_.values.emplace_back();
    import_.flat = &flat_;
    const TfNode at(import_, static_cast<int32_t>(inputs.size()));
    const TfFold fold = FindFold(op);
    if (fold == nullptr) return Error(StatusCode::kNotFound, "no fold");
    return fold(at, inputs);
  }

  void SetInt(const char* key, int64_t value) { (*def_.mutable_attr())[key].set_i(value); }

  tensorflow::Node def_;
  FlatGraph flat_;
  TfImport import_;
};

TfArray Ints(std::vector<int64_t> values) {
  const auto count = static_cast<int64_t>(values.size());
  return IntArray({count}, std::move(values));
}

// The shape of a batch of samples of 4x6.
TfArray Open() {
  TfArray shape = Ints({1, 4, 6});
  shape.open = {true, false, false};
  return shape;
}

TEST_F(TfFoldTest, PartsOfAShapeKeepTheBatch) {
  SetInt("shrink_axis_mask", 1);
  auto batch = Fold("StridedSlice", {Open(), Ints({0}), Ints({1}), Ints({1})});
  ASSERT_TRUE(batch.ok()) << batch.status().message();
  EXPECT_TRUE(batch->dims.empty());
  EXPECT_EQ(batch->open, std::vector<bool>{true});
  const auto rest = Fold("StridedSlice", {Open(), Ints({-1}), Ints({0}), Ints({1})});
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(rest->ints, std::vector<int64_t>{6});
  EXPECT_FALSE(rest->any_open());
  SetInt("shrink_axis_mask", 0);
  SetInt("begin_mask", 1);
  SetInt("end_mask", 1);
  const auto turned = Fold("StridedSlice", {Open(), Ints({0}), Ints({0}), Ints({-1})});
  ASSERT_TRUE(turned.ok());
  EXPECT_EQ(turned->ints, (std::vector<int64_t>{6, 4, 1}));
  EXPECT_EQ(turned->open, (std::vector<bool>{false, false, true}));
}

TEST_F(TfFoldTest, MultiplesOfTheBatchAreFollowedAndNothingElse) {
  const auto all = Fold("Prod", {Open(), Ints({0})});
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->ints, std::vector<int64_t>{24});
  EXPECT_TRUE(all->any_open());
  TfArray batch = Ints({1});
  batch.open = {true};
  const auto product = Fold("Mul", {batch, Ints({7})});
  ASSERT_TRUE(product.ok());
  EXPECT_EQ(product->ints, std::vector<int64_t>{7});
  EXPECT_TRUE(product->any_open());
  EXPECT_FALSE(Fold("Add", {batch, Ints({7})}).ok());
  EXPECT_FALSE(Fold("Mul", {batch, batch}).ok());
  EXPECT_FALSE(Fold("Less", {batch, Ints({7})}).ok());
  EXPECT_FALSE(Fold("Fill", {batch, FloatArray({}, {0.0F})}).ok());
}

TEST_F(TfFoldTest, WholeNumbersDoNotOverflow) {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  EXPECT_FALSE(Fold("Add", {Ints({kMost}), Ints({1})}).ok());
  EXPECT_FALSE(Fold("Mul", {Ints({kMost}), Ints({2})}).ok());
  EXPECT_FALSE(Fold("Prod", {Ints({kMost, 2}), Ints({0})}).ok());
  EXPECT_FALSE(Fold("FloorDiv", {Ints({1}), Ints({0})}).ok());
  EXPECT_EQ(Fold("FloorDiv", {Ints({-7}), Ints({2})})->ints, std::vector<int64_t>{-4});
  EXPECT_EQ(Fold("FloorMod", {Ints({-7}), Ints({2})})->ints, std::vector<int64_t>{1});
  EXPECT_FALSE(Fold("Range", {Ints({0}), Ints({kMost}), Ints({1})}).ok());
}

TEST_F(TfFoldTest, FloatsStretch) {
  const auto product =
      Fold("Mul", {FloatArray({2, 1}, {1.0F, 2.0F}), FloatArray({2}, {3.0F, 5.0F})});
  ASSERT_TRUE(product.ok());
  EXPECT_EQ(product->dims, (Dims{2, 2}));
  EXPECT_EQ(product->floats.Values<float>(), (std::vector<float>{3, 5, 6, 10}));
  EXPECT_FALSE(Fold("Mul", {FloatArray({2}, {1, 2}), FloatArray({3}, {1, 2, 3})}).ok());
  const auto turned = Fold("Transpose", {FloatArray({2, 3}, {1, 2, 3, 4, 5, 6}), Ints({1, 0})});
  ASSERT_TRUE(turned.ok());
  EXPECT_EQ(turned->floats.Values<float>(), (std::vector<float>{1, 4, 2, 5, 3, 6}));
  const auto joined =
      Fold("ConcatV2", {FloatArray({2, 1}, {1, 2}), FloatArray({2, 2}, {3, 4, 5, 6}), Ints({1})});
  ASSERT_TRUE(joined.ok());
  EXPECT_EQ(joined->floats.Values<float>(), (std::vector<float>{1, 3, 4, 2, 5, 6}));
}

TEST_F(TfFoldTest, LearnedRangesFollowTheirChannels) {
  TfArray weights = FloatArray({1, 2, 2}, {1, 2, 3, 4});
  weights.range = LearnedRange{.min = {-1, -2}, .max = {1, 2}, .axis = 2};
  const auto flat = Fold("Reshape", {weights, Ints({2, 2})});
  ASSERT_TRUE(flat.ok());
  EXPECT_EQ(flat->range->axis, 1);
  EXPECT_FALSE(Fold("Reshape", {weights, Ints({4})}).ok());
  EXPECT_FALSE(Fold("Transpose", {weights, Ints({0, 2, 1})}).ok());
}

}  // namespace
}  // namespace qbench::graph::import
