// What is wrong with an ONNX model is said with the node's name; nothing that a file says is
// believed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "base/files.h"
#include "graph/import/onnx/onnx_model.h"
#include "graph/passes/passes.h"
#include "onnx.pb.h"

namespace qbench::graph::import {
namespace {

namespace pb = ::qbench::onnx_proto;
using testing::HasSubstr;

pb::NodeProto& AddNode(pb::ModelProto& model, const std::string& op_type,
                       const std::vector<std::string>& inputs, const std::string& output) {
  pb::NodeProto& node = *model.mutable_graph()->add_node();
  node.set_op_type(op_type);
  node.set_name("the_" + op_type);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

void AddFloats(pb::ModelProto& model, const std::string& name, const std::vector<int64_t>& dims,
               size_t count) {
  pb::TensorProto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(1);
  for (const int64_t dim : dims) tensor.add_dims(dim);
  tensor.set_raw_data(std::string(count * sizeof(float), '\0'));
}

void AddInts(pb::ModelProto& model, const std::string& name, const std::vector<int64_t>& values) {
  pb::TensorProto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(7);
  tensor.add_dims(static_cast<int64_t>(values.size()));
  for (const int64_t value : values) tensor.add_int64_data(value);
}

void AddInts(pb::NodeProto& node, const std::string& name, const std::vector<int64_t>& values) {
  pb::AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  for (const int64_t value : values) attribute.add_ints(value);
}

// x: [batch, 2, 4, 4]; y is the output.
pb::ModelProto Empty() {
  pb::ModelProto model;
  model.set_ir_version(8);
  pb::OperatorSetProto& set = *model.add_opset_import();
  set.set_domain("");
  set.set_version(17);
  pb::ValueInfoProto& input = *model.mutable_graph()->add_input();
  input.set_name("x");
  pb::TensorTypeProto& type = *input.mutable_type()->mutable_tensor_type();
  type.set_elem_type(1);
  type.mutable_shape()->add_dim()->set_dim_param("batch");
  for (const int64_t dim : {2, 4, 4}) type.mutable_shape()->add_dim()->set_dim_value(dim);
  model.mutable_graph()->add_output()->set_name("y");
  return model;
}

class OnnxRefusal : public testing::Test {
 protected:
  void SetUp() override {
    auto folder = TempDir::Create("onnx-refusal");
    ASSERT_TRUE(folder.ok());
    folder_.emplace(std::move(*folder));
  }
  std::filesystem::path Path() const { return folder_->path() / "model.onnx"; }
  Result<Model> Read(const pb::ModelProto& model) {
    EXPECT_TRUE(WriteFileAtomically(Path(), model.SerializeAsString()).ok());
    return ReadOnnxModel(Path());
  }
  // One line that begins with the path.
  std::string Refusal(const pb::ModelProto& model, StatusCode code) {
    const auto read = Read(model);
    EXPECT_FALSE(read.ok());
    if (read.ok()) return "";
    EXPECT_EQ(read.status().code(), code) << read.status().message();
    EXPECT_EQ(read.status().message().find(Path().string() + ": "), 0U) << read.status().message();
    EXPECT_EQ(read.status().message().find('\n'), std::string::npos);
    return read.status().message();
  }
  // Of a model of one node, which `change` may damage.
  std::string OfNode(const std::string& op_type, StatusCode code,
                     const std::function<void(pb::ModelProto&, pb::NodeProto&)>& change) {
    pb::ModelProto model = Empty();
    pb::NodeProto node = AddNode(model, op_type, {"x"}, "y");
    change(model, node);
    *model.mutable_graph()->mutable_node(0) = node;
    return Refusal(model, code);
  }

  std::optional<TempDir> folder_;
};

TEST_F(OnnxRefusal, NamesAllThatIsMissing) {
  pb::ModelProto model = Empty();
  AddNode(model, "LSTM", {"x"}, "a");
  AddNode(model, "Relu", {"a"}, "b");
  AddNode(model, "LSTM", {"b"}, "c");
  AddNode(model, "FusedConv", {"c"}, "y").set_domain("com.microsoft");
  EXPECT_THAT(Refusal(model, StatusCode::kUnsupported),
              HasSubstr("operators that cannot be read: LSTM (node \"the_LSTM\" and 1 more), "
                        "com.microsoft.FusedConv (node \"the_FusedConv\"); build"));
}

TEST_F(OnnxRefusal, OperatorSets) {
  pb::ModelProto model = Empty();
  AddNode(model, "Relu", {"x"}, "y");
  model.mutable_opset_import(0)->set_version(6);
  EXPECT_THAT(Refusal(model, StatusCode::kUnsupported), HasSubstr("of operator set 6"));
  model.mutable_opset_import(0)->set_version(99);
  EXPECT_THAT(Refusal(model, StatusCode::kUnsupported), HasSubstr("of operator set 99"));
}

TEST_F(OnnxRefusal, Inputs) {
  const auto with_dim = [](int index, int64_t value) {
    pb::ModelProto model = Empty();
    AddNode(model, "Relu", {"x"}, "y");
    model.mutable_graph()
        ->mutable_input(0)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(index)
        ->set_dim_value(value);
    return model;
  };
  EXPECT_TRUE(Read(with_dim(0, 1)).ok());
  EXPECT_THAT(Refusal(with_dim(0, 8), StatusCode::kUnsupported), HasSubstr("a batch of 8"));
  EXPECT_THAT(Refusal(with_dim(2, -1), StatusCode::kUnsupported),
              HasSubstr("dimension 2 of input \"x\" is open"));
  EXPECT_THAT(Refusal(with_dim(1, int64_t{1} << 40), StatusCode::kUnsupported),
              HasSubstr("has the shape [1, 1099511627776, 4, 4]"));
  pb::ModelProto integers = with_dim(0, 1);
  integers.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
      2);
  EXPECT_THAT(Refusal(integers, StatusCode::kUnsupported), HasSubstr("put a Cast to float"));
}

TEST_F(OnnxRefusal, CirclesAndHoles) {
  pb::ModelProto model = Empty();
  AddNode(model, "Add", {"x", "b"}, "a");
  AddNode(model, "Relu", {"a"}, "b");
  AddNode(model, "Relu", {"b"}, "y");
  EXPECT_THAT(Refusal(model, StatusCode::kCorrupt), HasSubstr("\"b\" is no initializer"));
  pb::ModelProto twice = Empty();
  AddNode(twice, "Relu", {"x"}, "y");
  AddNode(twice, "Neg", {"x"}, "y");
  EXPECT_THAT(Refusal(twice, StatusCode::kCorrupt), HasSubstr("\"y\" is made twice"));
  pb::ModelProto none = Empty();
  EXPECT_THAT(Refusal(none, StatusCode::kCorrupt), HasSubstr("\"y\" is no initializer"));
}

TEST_F(OnnxRefusal, WildNumbers) {
  EXPECT_THAT(OfNode("Conv", StatusCode::kCorrupt,
                     [](pb::ModelProto& model, pb::NodeProto& node) {
                       node.add_input("w");
                       AddFloats(model, "w", {3, 2, 3, 3}, 7);
                     }),
              HasSubstr("28 bytes of data for 54 elements"));
  EXPECT_THAT(OfNode("Conv", StatusCode::kCorrupt,
                     [](pb::ModelProto& model, pb::NodeProto& node) {
                       node.add_input("w");
                       AddFloats(model, "w", {int64_t{1} << 40, int64_t{1} << 40}, 1);
                     }),
              HasSubstr("initializer \"w\""));
  EXPECT_THAT(OfNode("Conv", StatusCode::kCorrupt,
                     [](pb::ModelProto& model, pb::NodeProto& node) {
                       node.add_input("w");
                       AddFloats(model, "w", {3, 2, 0, 3}, 0);
                     }),
              HasSubstr("empty"));
  EXPECT_THAT(OfNode("Conv", StatusCode::kCorrupt,
                     [](pb::ModelProto& model, pb::NodeProto& node) {
                       node.add_input("w");
                       AddFloats(model, "w", {3, 2, 3, 3}, 54);
                       AddInts(node, "strides", {0, -4});
                     }),
              HasSubstr("strides is out of range"));
  EXPECT_THAT(OfNode("Conv", StatusCode::kCorrupt,
                     [](pb::ModelProto& model, pb::NodeProto& node) {
                       node.add_input("w");
                       AddFloats(model, "w", {3, 2, 9, 9}, 3 * 2 * 81);
                     }),
              HasSubstr("node \"the_Conv\" (Conv): a window of 9 does not fit into 4"));
  EXPECT_THAT(OfNode("Reshape", StatusCode::kCorrupt,
                     [](pb::ModelProto& model, pb::NodeProto& node) {
                       node.add_input("s");
                       AddInts(model, "s", {int64_t{1} << 62, 4, INT64_MIN});
                     }),
              HasSubstr("32 elements do not take its shape"));
  EXPECT_THAT(OfNode("Reshape", StatusCode::kUnsupported,
                     [](pb::ModelProto& model, pb::NodeProto& node) {
                       node.add_input("s");
                       AddInts(model, "s", {4, 8});
                     }),
              HasSubstr("another dimension of the batch"));
  EXPECT_THAT(OfNode("Slice", StatusCode::kUnsupported,
                     [](pb::ModelProto& model, pb::NodeProto& node) {
                       for (const char* name : {"a", "b", "c"}) node.add_input(name);
                       AddInts(model, "a", {INT64_MIN});
                       AddInts(model, "b", {INT64_MIN});
                       AddInts(model, "c", {3});
                     }),
              HasSubstr("nothing is left"));
  EXPECT_THAT(OfNode("Transpose", StatusCode::kCorrupt,
                     [](pb::ModelProto&, pb::NodeProto& node) {
                       AddInts(node, "perm", {0, 1, 1, 3});
                     }),
              HasSubstr("axis 1 twice"));
}

// Another input keeps them from being computed at import.
TEST_F(OnnxRefusal, ConstantsBesideAnotherInput) {
  for (const char* op_type : {"Mul", "Transpose"}) {
    pb::ModelProto model = Empty();
    AddFloats(model, "c", {2, 1, 1}, 2);
    AddNode(model, op_type, {"c", "c", "x"}, "a");
    AddNode(model, "Add", {"x", "a"}, "y");
    EXPECT_THAT(Refusal(model, StatusCode::kCorrupt), HasSubstr(std::string("the_") + op_type));
  }
}

// Not a number, where a size is computed from it.
TEST_F(OnnxRefusal, SizesOfNoNumbers) {
  EXPECT_THAT(OfNode("Resize", StatusCode::kUnsupported,
                     [](pb::ModelProto& model, pb::NodeProto& node) {
                       node.add_input("");
                       node.add_input("s");
                       pb::TensorProto& scales = *model.mutable_graph()->add_initializer();
                       scales.set_name("s");
                       scales.set_data_type(1);
                       scales.add_dims(4);
                       for (const float scale : {1.0F, 1.0F, NAN, INFINITY})
                         scales.add_float_data(scale);
                     }),
              HasSubstr("its output is empty or too large"));
  pb::ModelProto model = Empty();
  pb::TensorProto& number = *model.mutable_graph()->add_initializer();
  number.set_name("n");
  number.set_data_type(1);
  number.add_dims(1);
  number.add_float_data(NAN);
  pb::AttributeProto& to = *AddNode(model, "Cast", {"n"}, "s").add_attribute();
  to.set_name("to");
  to.set_i(7);
  AddNode(model, "Reshape", {"x", "s"}, "y");
  EXPECT_THAT(Refusal(model, StatusCode::kCorrupt), HasSubstr("a value is no whole number"));
}

// What cannot be read does not hide what else cannot be.
TEST_F(OnnxRefusal, NamesAllNodesThatFail) {
  pb::ModelProto model = Empty();
  AddInts(model, "axes", {0});
  AddNode(model, "ReduceMean", {"x"}, "a");
  AddNode(model, "Relu", {"a"}, "b");
  AddNode(model, "Floor", {"x"}, "c");
  AddNode(model, "Floor", {"x"}, "d");
  AddNode(model, "Pow", {"x", "x"}, "e");
  AddNode(model, "Sum", {"b", "c", "d", "e"}, "y");
  EXPECT_THAT(
      Refusal(model, StatusCode::kUnsupported),
      testing::AllOf(HasSubstr("node \"the_ReduceMean\" (ReduceMean): it is over the batch"),
                     HasSubstr("; nor can 3 other nodes be read: 2 Floor, 1 Pow")));
}

// The batch may be a part of another dimension, and has to be one of its own in the end.
TEST_F(OnnxRefusal, BatchWithinAnotherDimension) {
  const auto reshaped = [](const std::vector<int64_t>& shape) {
    pb::ModelProto model = Empty();
    AddInts(model, "s", shape);
    AddInts(model, "back", {-1, 32});
    AddNode(model, "Reshape", {"x", "s"}, "a");
    return model;
  };
  pb::ModelProto back = reshaped({-1, 4});
  AddNode(back, "Relu", {"a"}, "b");
  AddNode(back, "Reshape", {"b", "back"}, "y");
  EXPECT_TRUE(Read(back).ok());
  for (const char* op_type : {"Softmax", "ReduceMean", "ReduceMax"}) {
    pb::ModelProto model = reshaped({-1, 4});
    pb::NodeProto& node = AddNode(model, op_type, {"a"}, "b");
    if (node.op_type() != "Softmax") {
      AddInts(node, "axes", {0});
    } else {
      pb::AttributeProto& axis = *node.add_attribute();
      axis.set_name("axis");
      axis.set_i(0);
    }
    AddNode(model, "Relu", {"b"}, "y");
    EXPECT_THAT(Refusal(model, StatusCode::kUnsupported), HasSubstr("it is over the batch"))
        << op_type;
  }
  pb::ModelProto cut = reshaped({-1, 4});
  AddInts(cut, "0", {0});
  AddInts(cut, "3", {3});
  AddNode(cut, "Slice", {"a", "0", "3", "0"}, "y");
  EXPECT_THAT(Refusal(cut, StatusCode::kUnsupported), HasSubstr("it cuts the batch"));
  pb::ModelProto turned = reshaped({4, 8});
  AddNode(turned, "Transpose", {"a"}, "b");
  AddNode(turned, "Reshape", {"b", "back"}, "y");
  EXPECT_FALSE(Read(turned).ok());
}

// Of each its own wild shape; none is believed.
TEST_F(OnnxRefusal, WildProducts) {
  const auto with = [](const std::vector<int64_t>& dims, size_t count, bool first) {
    return [=](pb::ModelProto& model, pb::NodeProto& node) {
      AddFloats(model, "w", dims, count);
      node.clear_input();
      node.add_input(first ? "w" : "x");
      node.add_input(first ? "x" : "w");
    };
  };
  for (const bool first : {false, true}) {
    EXPECT_THAT(OfNode("MatMul", StatusCode::kUnsupported, with({3, 5}, 15, first)),
                HasSubstr("no matrix for an input of 4"));
    EXPECT_THAT(OfNode("MatMul", StatusCode::kUnsupported, with({2, 4, 4}, 32, first)),
                HasSubstr("constant matrix"));
    EXPECT_THAT(OfNode("MatMul", StatusCode::kUnsupported, with({4}, 4, first)),
                HasSubstr("constant matrix"));
    EXPECT_THAT(OfNode("MatMul", StatusCode::kUnsupported, with({1, 1, 1, 4, 4}, 16, first)),
                HasSubstr("constant matrix"));
    EXPECT_THAT(OfNode("MatMul", StatusCode::kUnsupported, with({0, 4}, 0, first)),
                HasSubstr("no matrix"));
  }
  const auto slice = [](pb::ModelProto& model, const std::vector<int64_t>& end) {
    AddInts(model, "zero", {0});
    AddInts(model, "end", end);
    AddInts(model, "three", {3});
    AddNode(model, "Slice", {"x", "zero", "end", "three"}, "s");
  };
  pb::ModelProto model = Empty();
  slice(model, {3});
  AddNode(model, "MatMul", {"x", "s"}, "t");
  AddNode(model, "MatMul", {"s", "x"}, "y");
  EXPECT_THAT(Refusal(model, StatusCode::kCorrupt),
              HasSubstr("it multiplies rows of 3 and columns of 4"));
  pb::ModelProto ranks = Empty();
  AddInts(ranks, "shape", {-1, 8, 4});
  AddNode(ranks, "Reshape", {"x", "shape"}, "r");
  AddNode(ranks, "MatMul", {"x", "r"}, "y");
  EXPECT_THAT(Refusal(ranks, StatusCode::kUnsupported),
              HasSubstr("it multiplies computed tensors of 4 and 3 dimensions"));
}

TEST_F(OnnxRefusal, ConstantsJoinedToSamples) {
  const auto joined = [](const std::vector<int64_t>& dims, size_t count, int64_t axis) {
    pb::ModelProto model = Empty();
    AddFloats(model, "c", dims, count);
    pb::AttributeProto& attribute = *AddNode(model, "Concat", {"c", "x"}, "y").add_attribute();
    attribute.set_name("axis");
    attribute.set_i(axis);
    return model;
  };
  EXPECT_TRUE(Read(joined({1, 3, 4, 4}, 48, 1)).ok());
  EXPECT_THAT(Refusal(joined({1, 2, 4, 4}, 32, 0), StatusCode::kUnsupported),
              HasSubstr("it joins along the batch"));
  EXPECT_THAT(Refusal(joined({1, 2, 4, 4}, 32, 4), StatusCode::kCorrupt), HasSubstr("axis 4"));
  EXPECT_THAT(Refusal(joined({1, 2, 3, 4}, 24, 1), StatusCode::kCorrupt), HasSubstr("differ"));
  EXPECT_THAT(Refusal(joined({2, 4, 4}, 32, 1), StatusCode::kCorrupt), HasSubstr("differ"));
  EXPECT_THAT(Refusal(joined({}, 1, 3), StatusCode::kCorrupt), HasSubstr("differ"));
  EXPECT_THAT(Refusal(joined({2, 2, 4, 4}, 64, 1), StatusCode::kCorrupt), HasSubstr("differ"));
}

TEST_F(OnnxRefusal, WildRows) {
  const auto of_row = [this](const std::vector<int64_t>& weights, const char* attribute,
                             const std::vector<int64_t>& values, StatusCode code) {
    pb::ModelProto model = Empty();
    AddInts(model, "shape", {-1, 2, 16});
    AddNode(model, "Reshape", {"x", "shape"}, "r");
    size_t count = 1;
    for (const int64_t dim : weights) count *= static_cast<size_t>(dim);
    AddFloats(model, "w", weights, count);
    pb::NodeProto& node = AddNode(model, "Conv", {"r", "w"}, "y");
    if (!values.empty()) AddInts(node, attribute, values);
    return Refusal(model, code);
  };
  EXPECT_THAT(of_row({3, 2, 17}, "", {}, StatusCode::kCorrupt),
              HasSubstr("a window of 17 does not fit into 16"));
  EXPECT_THAT(of_row({3, 2, 1, 3}, "", {}, StatusCode::kCorrupt),
              HasSubstr("its weights have 4 dimensions, and its input 3"));
  EXPECT_THAT(of_row({3, 2, 3}, "strides", {2, 2}, StatusCode::kUnsupported),
              HasSubstr("strides has 2 numbers, and its input 1 directions"));
  EXPECT_THAT(of_row({3, 2, 3}, "pads", {1, 1, 1, 1}, StatusCode::kUnsupported),
              HasSubstr("its pads are not 2 numbers"));
  EXPECT_THAT(of_row({3, 2, 3}, "dilations", {0}, StatusCode::kCorrupt),
              HasSubstr("dilations is out of range"));
  EXPECT_THAT(of_row({3, 2, 3}, "kernel_shape", {4}, StatusCode::kCorrupt),
              HasSubstr("kernel_shape is not the weights' shape"));
}

TEST_F(OnnxRefusal, WildIndices) {
  const auto gathered = [](const std::vector<int64_t>& dims, const std::vector<int64_t>& values) {
    pb::ModelProto model = Empty();
    AddFloats(model, "data", {2, 4}, 8);
    AddInts(model, "i", values);
    pb::TensorProto& indices = *model.mutable_graph()->mutable_initializer(1);
    indices.clear_dims();
    for (const int64_t dim : dims) indices.add_dims(dim);
    AddNode(model, "GatherND", {"data", "i"}, "g");
    AddNode(model, "Add", {"x", "g"}, "y");
    return model;
  };
  EXPECT_TRUE(Read(gathered({4, 2}, {0, 0, 1, -1, -2, 3, 1, 2})).ok());
  EXPECT_THAT(Refusal(gathered({1, 2}, {0, 4}), StatusCode::kCorrupt), HasSubstr("axis 4 of 4"));
  EXPECT_THAT(Refusal(gathered({1, 2}, {INT64_MIN, 0}), StatusCode::kCorrupt), HasSubstr("axis"));
  EXPECT_THAT(Refusal(gathered({1, 3}, {0, 0, 0}), StatusCode::kCorrupt),
              HasSubstr("indices of 3 numbers for 2 dimensions"));
  pb::ModelProto scattered = Empty();
  AddFloats(scattered, "data", {4}, 4);
  AddFloats(scattered, "updates", {2}, 2);
  AddInts(scattered, "i", {3});
  AddNode(scattered, "ScatterND", {"data", "i", "updates"}, "g");
  AddNode(scattered, "Add", {"x", "g"}, "y");
  EXPECT_THAT(Refusal(scattered, StatusCode::kCorrupt), HasSubstr("updates do not fit"));
}

// A few bytes that ask for gigabytes.
TEST_F(OnnxRefusal, ConstantsThatGrow) {
  pb::ModelProto model = Empty();
  AddInts(model, "size", {1 << 14, 1 << 14});
  AddNode(model, "ConstantOfShape", {"size"}, "a");
  AddNode(model, "Add", {"x", "a"}, "y");
  EXPECT_THAT(Refusal(model, StatusCode::kUnsupported), HasSubstr("too large"));
}

TEST_F(OnnxRefusal, CutFiles) {
  pb::ModelProto model = Empty();
  AddFloats(model, "w", {3, 2, 1, 1}, 6);
  AddNode(model, "Conv", {"x", "w"}, "y");
  ASSERT_TRUE(Read(model).ok());
  const std::string whole = model.SerializeAsString();
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_TRUE(WriteFileAtomically(Path(), whole.substr(0, size)).ok());
    const auto read = ReadOnnxModel(Path());
    ASSERT_FALSE(read.ok()) << size;
    EXPECT_TRUE(read.status().code() == StatusCode::kCorrupt ||
                read.status().code() == StatusCode::kUnsupported)
        << size << read.status().message();
  }
}

// Weights in a file of their own: beside the model, and nowhere else.
TEST_F(OnnxRefusal, ExternalData) {
  pb::ModelProto model = Empty();
  pb::TensorProto& tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(1);
  for (const int64_t dim : {3, 2, 1, 1}) tensor.add_dims(dim);
  tensor.set_data_location(1);
  const auto set = [&tensor](const std::string& key, const std::string& value) {
    pb::StringPair& pair = *tensor.add_external_data();
    pair.set_key(key);
    pair.set_value(value);
  };
  set("location", "model.onnx.data");
  set("offset", "8");
  AddNode(model, "Conv", {"x", "w"}, "y");
  EXPECT_THAT(Refusal(model, StatusCode::kNotFound), HasSubstr("in the model's folder"));
  const std::vector<float> values = {0.0F, 0.0F, 1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F};
  ASSERT_TRUE(WriteFileAtomically(folder_->path() / "model.onnx.data", AsBytes(values)).ok());
  const auto read = Read(model);
  ASSERT_TRUE(read.ok()) << read.status().message();
  const Op& conv = read->graph.ops.at(0);
  EXPECT_EQ(read->graph.tensors[static_cast<size_t>(conv.inputs[1])].constant->Values<float>(),
            (std::vector<float>{1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F}));
  set("length", "1000");
  EXPECT_THAT(Refusal(model, StatusCode::kCorrupt), HasSubstr("behind the end of model.onnx.data"));
  for (const char* place : {"../model.onnx.data", "/etc/passwd", "", "..", "a/b", "weights.bin"}) {
    tensor.clear_external_data();
    set("location", place);
    EXPECT_THAT(Refusal(model, StatusCode::kUnsupported), HasSubstr("model.onnx.data and"));
  }
  std::filesystem::create_symlink("/etc/passwd", folder_->path() / "model.onnx_data");
  tensor.clear_external_data();
  set("location", "model.onnx_data");
  EXPECT_THAT(Refusal(model, StatusCode::kUnsupported), HasSubstr("a link"));
}

}  // namespace
}  // namespace qbench::graph::import
