// TensorFlow graphs made by hand, for tests of what is refused.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "graph/import/tensorflow/tf_model.h"
#include "tensorflow.pb.h"

namespace qbench::graph::import {

inline const std::filesystem::path kData =
    std::filesystem::path(QBENCH_SOURCE_DIR) / "tests/import/data";

class HostileTf : public testing::Test {
 protected:
  // What reading the graph says.
  Status Refusal(const tensorflow::Graph& graph, const TfOptions& options = {}) {
    const std::filesystem::path path = folder_.path() / "graph.pb";
    EXPECT_TRUE(WriteFileAtomically(path, graph.SerializeAsString()).ok());
    const auto model = ReadFrozenGraph(path, options);
    EXPECT_FALSE(model.ok());
    EXPECT_EQ(model.status().message().find('\n'), std::string::npos);
    return model.status();
  }

  // A copy that may be damaged.
  std::filesystem::path CopyOf(const std::string& name) {
    const std::filesystem::path copy = folder_.path() / name;
    std::filesystem::copy(kData / name, copy, std::filesystem::copy_options::recursive);
    return copy;
  }

  TempDir folder_ = *TempDir::Create("hostile-tf");
};

inline tensorflow::Node& Add(tensorflow::Graph& graph, const std::string& name,
                             const std::string& op, const std::vector<std::string>& inputs = {}) {
  tensorflow::Node& node = *graph.add_node();
  node.set_name(name);
  node.set_op(op);
  for (const std::string& input : inputs) node.add_input(input);
  return node;
}

inline void SetShape(tensorflow::Node& placeholder, const std::vector<int64_t>& dims) {
  tensorflow::TensorShape& shape = *(*placeholder.mutable_attr())["shape"].mutable_shape();
  for (const int64_t dim : dims) shape.add_dim()->set_size(dim);
  (*placeholder.mutable_attr())["dtype"].set_type(1);
}

inline tensorflow::TensorValue& AddFloats(tensorflow::Graph& graph, const std::string& name,
                                          const std::vector<int64_t>& dims, size_t values) {
  tensorflow::TensorValue& value =
      *(*Add(graph, name, "Const").mutable_attr())["value"].mutable_tensor();
  value.set_dtype(1);
  for (const int64_t dim : dims) value.mutable_tensor_shape()->add_dim()->set_size(dim);
  for (size_t i = 0; i < values; ++i) value.add_float_val(1.0F);
  return value;
}

inline tensorflow::Graph WithInput() {
  tensorflow::Graph graph;
  SetShape(Add(graph, "x", "Placeholder"), {-1, 4});
  return graph;
}

}  // namespace qbench::graph::import
