// Operators of TensorFlow with attributes and inputs that make no sense, or that have no
// counterpart: each is refused by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/import/tf_graphs.h"

namespace qbench::graph::import {
namespace {

using tensorflow::Node;
using testing::HasSubstr;

class TfRefusals : public HostileTf {};

void SetList(Node& node, const std::string& key, const std::vector<int64_t>& numbers) {
  for (const int64_t number : numbers) {
    (*node.mutable_attr())[key].mutable_list()->add_i(number);
  }
}

void AddInts(tensorflow::Graph& graph, const std::string& name,
             const std::vector<int64_t>& values) {
  tensorflow::TensorValue& value =
      *(*Add(graph, name, "Const").mutable_attr())["value"].mutable_tensor();
  value.set_dtype(9);
  value.mutable_tensor_shape()->add_dim()->set_size(static_cast<int64_t>(values.size()));
  for (const int64_t number : values) value.add_int64_val(number);
}

struct Transposed {
  std::vector<int64_t> sizes = {1, 8, 8, 2};
  std::vector<int64_t> kernel = {3, 3, 2, 3};
  std::vector<int64_t> strides = {1, 2, 2, 1};
  std::string padding = "SAME";
};

tensorflow::Graph WithTransposed(const Transposed& made) {
  tensorflow::Graph graph;
  SetShape(Add(graph, "x", "Placeholder"), {-1, 4, 4, 3});
  AddInts(graph, "sizes", made.sizes);
  AddFloats(graph, "kernel", made.kernel, 1);
  Node& node = Add(graph, "up", "Conv2DBackpropInput", {"sizes", "kernel", "x"});
  SetList(node, "strides", made.strides);
  (*node.mutable_attr())["padding"].set_s(made.padding);
  return graph;
}

TEST_F(TfRefusals, TransposedConvolutions) {
  const auto refusal = [&](const Transposed& made) {
    return Refusal(WithTransposed(made)).message();
  };
  EXPECT_THAT(refusal({.kernel = {3, 3, 2, 4}}), HasSubstr("kernel does not fit its input"));
  EXPECT_THAT(refusal({.kernel = {3, 3, 2}}), HasSubstr("kernel does not fit its input"));
  EXPECT_THAT(refusal({.strides = {1, 0, 0, 1}}), HasSubstr("strides of [1, 0, 0, 1]"));
  EXPECT_THAT(refusal({.strides = {2, 1, 1, 1}}), HasSubstr("strides of [2, 1, 1, 1]"));
  EXPECT_THAT(refusal({.strides = {1, 1 << 30, 1 << 30, 1}}), HasSubstr("strides of"));
  EXPECT_THAT(refusal({.strides = {2}}), HasSubstr("not four numbers"));
  EXPECT_THAT(refusal({.padding = "CAUSAL"}), HasSubstr("neither SAME nor VALID"));
  EXPECT_THAT(refusal({.sizes = {1, int64_t{1} << 40, 8, 2}}), HasSubstr("too large"));
  EXPECT_THAT(refusal({.sizes = {1, 0, 8, 2}}), HasSubstr("too large"));
  EXPECT_THAT(refusal({.sizes = {8}}), HasSubstr("not two or four numbers"));
}

TEST_F(TfRefusals, EquationsOfEinsum) {
  const auto refusal = [&](const std::string& equation, const std::vector<int64_t>& dims) {
    tensorflow::Graph graph;
    SetShape(Add(graph, "x", "Placeholder"), {-1, 4, 6});
    AddFloats(graph, "w", dims, 1);
    Node& node = Add(graph, "e", "Einsum", {"x", "w"});
    (*node.mutable_attr())["equation"].set_s(equation);
    return Refusal(graph).message();
  };
  EXPECT_THAT(refusal("abc", {6, 2}), HasSubstr("is not of two tensors"));
  EXPECT_THAT(refusal("abc,cd", {6, 2}), HasSubstr("is not of two tensors"));
  EXPECT_THAT(refusal("...c,cd->...d", {6, 2}), HasSubstr("is not of distinct letters"));
  EXPECT_THAT(refusal("aac,cd->ad", {6, 2}), HasSubstr("is not of distinct letters"));
  EXPECT_THAT(refusal("abc,cd->abde", {6, 2}), HasSubstr("a dimension of nothing"));
  EXPECT_THAT(refusal("abc,cd->ab", {6, 2}), HasSubstr("no product of matrices"));
  EXPECT_THAT(refusal("abc,cd->abd", {5, 2}), HasSubstr("\"c\" is 6 and 5"));
  EXPECT_THAT(refusal("abc,cd->abd", {6}), HasSubstr("other dimensions than its inputs"));
  EXPECT_THAT(refusal("abc,cd->bad", {6, 2}), HasSubstr("it moves the batch"));
  EXPECT_THAT(refusal("abc,bcd->abd", {4, 6, 2}), HasSubstr("a matrix of its own"));
  EXPECT_THAT(refusal("abc,ad->bcd", {1, 2}), HasSubstr("it moves the batch"));
}

TEST_F(TfRefusals, OrdersThatNameADimensionTwice) {
  tensorflow::Graph graph;
  SetShape(Add(graph, "x", "Placeholder"), {-1, 4, 6});
  AddInts(graph, "order", {0, 1, 1});
  Add(graph, "end", "Transpose", {"x", "order"});
  EXPECT_NE(Refusal(graph).code(), StatusCode::kOk);
}

TEST_F(TfRefusals, MultiplesOfTile) {
  const auto refusal = [&](const std::vector<int64_t>& multiples) {
    tensorflow::Graph graph = WithInput();
    AddInts(graph, "multiples", multiples);
    Add(graph, "end", "Tile", {"x", "multiples"});
    return Refusal(graph).message();
  };
  EXPECT_THAT(refusal({2, 1}), HasSubstr("it repeats the samples"));
  EXPECT_THAT(refusal({1, 0}), HasSubstr("it repeats 0 times"));
  EXPECT_THAT(refusal({1, 1 << 30}), HasSubstr("times"));
  EXPECT_THAT(refusal({1}), HasSubstr("not one a dimension"));
}

// Of gelu, only the operator that is not known stands in the list.
TEST_F(TfRefusals, PartsOfPatternsAreNotMissing) {
  tensorflow::Graph graph = WithInput();
  Add(graph, "one", "LRN", {"x"});
  Add(graph, "two", "Erf", {"one"});
  EXPECT_THAT(Refusal(graph).message(), HasSubstr("operators that are not known: 1 LRN;"));
  graph = WithInput();
  Add(graph, "two", "Erf", {"x"});
  EXPECT_THAT(Refusal(graph).message(), HasSubstr("operators that are not known: 1 Erf;"));
}

// Only what can be taken out again becomes rows of all samples.
TEST_F(TfRefusals, RowsOfAllSamples) {
  const auto refusal = [&](const std::vector<int64_t>& dims, const std::string& op) {
    tensorflow::Graph graph;
    SetShape(Add(graph, "x", "Placeholder"), {-1, 4, 6});
    AddInts(graph, "shape", dims);
    Add(graph, "rows", "Reshape", {"x", "shape"});
    Add(graph, "end", op, {"rows"});
    return Refusal(graph).message();
  };
  EXPECT_THAT(refusal({-1, 6}, "Square"), HasSubstr("rows of all samples in one dimension"));
  EXPECT_THAT(refusal({-1, 6}, "Identity"), HasSubstr("the output"));
  EXPECT_THAT(refusal({-1, 6}, "Relu"), HasSubstr("the output"));
  EXPECT_THAT(refusal({-1, 3}, "Relu"), HasSubstr("samples and parts of them into one dimension"));
  EXPECT_THAT(refusal({-1}, "Relu"), HasSubstr("samples and parts of them into one dimension"));
  EXPECT_THAT(refusal({1, -1}, "Relu"), HasSubstr("for a batch of one"));
  EXPECT_THAT(refusal({4, 6}, "Relu"), HasSubstr("for one size of the batch"));
}

}  // namespace
}  // namespace qbench::graph::import
