// TensorFlow files that are damaged, or made to harm: each is one error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "graph/import/tensorflow/tensor_bundle.h"
#include "graph/import/tensorflow/tf_model.h"
#include "tensorflow.pb.h"
#include "tests/import/tf_graphs.h"

namespace qbench::graph::import {
namespace {

namespace fs = std::filesystem;
using tensorflow::Node;
using testing::HasSubstr;

TEST_F(HostileTf, CyclesAndLoops) {
  tensorflow::Graph graph = WithInput();
  Add(graph, "a", "AddV2", {"x", "b"});
  Add(graph, "b", "Relu", {"a"});
  EXPECT_THAT(Refusal(graph, {.signature = {}, .inputs = {}, .outputs = {"b"}}).message(),
              HasSubstr("depends on itself"));
}

TEST_F(HostileTf, ALongChainIsNoRecursion) {
  tensorflow::Graph graph = WithInput();
  std::string last = "x";
  for (int i = 0; i < 150000; ++i) {
    const std::string name = "n" + std::to_string(i);
    Add(graph, name, "Identity", {last});
    last = name;
  }
  EXPECT_THAT(Refusal(graph).message(), HasSubstr("the same tensor as an input"));
}

tensorflow::Function& AddFunction(tensorflow::Graph& graph, const std::string& name) {
  tensorflow::Function& function = *graph.mutable_library()->add_function();
  function.mutable_signature()->set_name(name);
  function.mutable_signature()->add_input_arg()->set_name("in");
  function.mutable_signature()->add_output_arg()->set_name("out");
  return function;
}

Node& SetCall(Node& node, const std::string& function, const std::string& input) {
  node.set_op("PartitionedCall");
  node.add_input(input);
  (*node.mutable_attr())["f"].mutable_func()->set_name(function);
  return node;
}

TEST_F(HostileTf, FunctionsThatCallEachOther) {
  tensorflow::Graph graph = WithInput();
  for (const char* name : {"f", "g"}) {
    tensorflow::Function& function = AddFunction(graph, name);
    Node& call = *function.add_node_def();
    call.set_name("call");
    SetCall(call, std::string(name) == "f" ? "g" : "f", "in");
    (*function.mutable_ret())["out"] = "call:output:0";
  }
  Node& call = *graph.add_node();
  call.set_name("start");
  SetCall(call, "f", "x");
  EXPECT_THAT(Refusal(graph).message(), HasSubstr("calls itself"));
}

// Each function calls the next one twice: 2^40 calls.
TEST_F(HostileTf, CallsThatMultiply) {
  tensorflow::Graph graph = WithInput();
  for (int i = 0; i < 40; ++i) {
    tensorflow::Function& function = AddFunction(graph, "f" + std::to_string(i));
    for (const char* name : {"a", "b"}) {
      Node& call = *function.add_node_def();
      call.set_name(name);
      if (i == 39) {
        call.set_op("Relu");
        call.add_input("in");
      } else {
        SetCall(call, "f" + std::to_string(i + 1), name[0] == 'a' ? "in" : "a:output:0");
      }
    }
    (*function.mutable_ret())["out"] = "b:output:0";
  }
  Node& call = *graph.add_node();
  call.set_name("start");
  SetCall(call, "f0", "x");
  EXPECT_EQ(Refusal(graph).code(), StatusCode::kUnsupported);
}

TEST_F(HostileTf, MissingFunctionsNodesAndOutputs) {
  tensorflow::Graph graph = WithInput();
  Node& call = *graph.add_node();
  call.set_name("start");
  SetCall(call, "nothing", "x");
  EXPECT_THAT(Refusal(graph).message(), HasSubstr("the function \"nothing\", which is not there"));
  graph = WithInput();
  Add(graph, "end", "AddV2", {"x", "nothing"});
  EXPECT_THAT(Refusal(graph).message(), HasSubstr("no node \"nothing\""));
  graph = WithInput();
  Add(graph, "end", "AddV2", {"x", "x:2000000000"});
  EXPECT_EQ(Refusal(graph).code(), StatusCode::kCorrupt);
  graph = WithInput();
  Add(graph, "end", "AddV2", {"x", "x:3"});
  EXPECT_EQ(Refusal(graph).code(), StatusCode::kCorrupt);
  graph = WithInput();
  Add(graph, "x", "Relu", {"x"});
  EXPECT_THAT(Refusal(graph).message(), HasSubstr("two nodes"));
}

TEST_F(HostileTf, ConstantsThatAreNotWhatTheySay) {
  const auto refusal = [&](const std::vector<int64_t>& dims, size_t values) {
    tensorflow::Graph graph = WithInput();
    AddFloats(graph, "c", dims, values);
    Add(graph, "end", "AddV2", {"x", "c"});
    return Refusal(graph);
  };
  EXPECT_THAT(refusal({4}, 5).message(), HasSubstr("5 values for the shape [4]"));
  EXPECT_EQ(refusal({-4}, 1).code(), StatusCode::kCorrupt);
  EXPECT_EQ(refusal({1 << 20, 1 << 20, 1 << 20}, 1).code(), StatusCode::kCorrupt);
  tensorflow::Graph graph = WithInput();
  AddFloats(graph, "c", {4}, 0).set_tensor_content("123");
  Add(graph, "end", "AddV2", {"x", "c"});
  EXPECT_EQ(Refusal(graph).code(), StatusCode::kCorrupt);
}

TEST_F(HostileTf, EveryUnknownOperatorIsNamed) {
  tensorflow::Graph graph = WithInput();
  Add(graph, "one", "LRN", {"x"});
  Add(graph, "two", "Cumsum", {"one"});
  Add(graph, "three", "LRN", {"two"});
  const Status status = Refusal(graph);
  EXPECT_EQ(status.code(), StatusCode::kUnsupported);
  EXPECT_THAT(status.message(), HasSubstr("node \"one\" (LRN): it is not known"));
  EXPECT_THAT(status.message(), HasSubstr("operators that are not known: 1 Cumsum, 2 LRN"));
}

TEST_F(HostileTf, EndsThatAreNotClear) {
  tensorflow::Graph graph = WithInput();
  Add(graph, "one", "Relu", {"x"});
  Add(graph, "two", "Tanh", {"x"});
  const Status status = Refusal(graph);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("2 nodes (one, two); say with --outputs"));
  tensorflow::Graph open;
  SetShape(Add(open, "x", "Placeholder"), {-1, -1, -1, 3});
  Add(open, "end", "Relu", {"x"});
  EXPECT_THAT(Refusal(open).message(), HasSubstr("not of fixed size"));
}

TEST_F(HostileTf, OtherWidthsOfSimulatedQuantization) {
  tensorflow::Graph graph = WithInput();
  Node& node = Add(graph, "fq", "FakeQuantWithMinMaxArgs", {"x"});
  (*node.mutable_attr())["num_bits"].set_i(4);
  Add(graph, "end", "Relu", {"fq"});
  EXPECT_THAT(Refusal(graph).message(), HasSubstr("trained for 4 bits"));
  (*graph.mutable_node(1)->mutable_attr())["num_bits"].set_i(8);
  (*graph.mutable_node(1)->mutable_attr())["min"].set_f(3.0F);
  EXPECT_THAT(Refusal(graph).message(), HasSubstr("which no 8-bit scale has"));
}

TEST_F(HostileTf, ACutFile) {
  const Result<Bytes> whole = ReadFile(kData / "tf_slim.pb");
  ASSERT_TRUE(whole.ok());
  for (size_t length = 1; length < whole->size(); length += 37) {
    const fs::path path = folder_.path() / "cut.pb";
    ASSERT_TRUE(WriteFile(path, ByteSpan(*whole).first(length)).ok());
    EXPECT_FALSE(ReadFrozenGraph(path).ok()) << length;
  }
}

TEST_F(HostileTf, ADamagedCheckpoint) {
  const fs::path copy = CopyOf("tf_module");
  const fs::path index = copy / "variables/variables.index";
  const fs::path data = copy / "variables/variables.data-00000-of-00001";
  ASSERT_TRUE(ReadSavedModel(copy).ok());
  const Bytes values = *ReadFile(data);
  ASSERT_TRUE(WriteFile(data, ByteSpan(values).first(values.size() / 2)).ok());
  EXPECT_THAT(ReadSavedModel(copy).status().message(), HasSubstr("copy the folder again"));
  fs::remove(data);
  EXPECT_THAT(ReadSavedModel(copy).status().message(), HasSubstr("variables.data-00000-of-00001"));
  ASSERT_TRUE(WriteFile(data, values).ok());
  const Bytes table = *ReadFile(index);
  for (size_t length = 0; length < table.size(); length += 11) {
    ASSERT_TRUE(WriteFile(index, ByteSpan(table).first(length)).ok());
    EXPECT_EQ(ReadSavedModel(copy).status().code(), StatusCode::kCorrupt) << length;
  }
  fs::remove(index);
  EXPECT_THAT(ReadSavedModel(copy).status().message(), HasSubstr("variables/variables.index"));
}

TEST_F(HostileTf, BundlesKnowTheirKeys) {
  auto bundle = TensorBundle::Open(kData / "tf_module/variables/variables");
  ASSERT_TRUE(bundle.ok()) << bundle.status().message();
  EXPECT_TRUE(bundle->Has("_CHECKPOINTABLE_OBJECT_GRAPH"));
  EXPECT_EQ(bundle->Read("nothing").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(bundle->Read("_CHECKPOINTABLE_OBJECT_GRAPH").status().code(),
            StatusCode::kUnsupported);  // a text
}

TEST_F(HostileTf, NoFolderNoModel) {
  EXPECT_EQ(ReadSavedModel(folder_.path()).status().code(), StatusCode::kNotFound);
  const fs::path copy = CopyOf("tf_module");
  ASSERT_TRUE(WriteFileAtomically(copy / "saved_model.pb", "no message").ok());
  EXPECT_EQ(ReadSavedModel(copy).status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace qbench::graph::import
