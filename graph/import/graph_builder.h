// A graph under construction, the same for every reader of another format: unique names, constants,
// and operators whose outputs' shapes are found and bounded.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "graph/ir.h"

namespace qbench::graph::import {

inline constexpr int64_t kMaxElements = int64_t{1} << 29;  // of a tensor: 2 GiB of floats

// One thread at a time.
class GraphBuilder {
 public:
  Graph graph;

  const Shape& ShapeOf(TensorId tensor) const { return graph.tensors[tensor].shape; }

  // `name`, or `name`_1, …, where tensors have those already.
  std::string UniqueName(const std::string& name);

  // A constant, called `name` or nearly so.
  template <typename T>
  TensorId AddConstant(const std::string& name, Shape shape, const std::vector<T>& values) {
    return graph.AddConstant(UniqueName(name), std::move(shape), values);
  }

  // Adds an operator of the source model's layer `layer` and returns its output, which is called
  // `layer`/KIND or nearly so and has an open batch. kCorrupt or kUnsupported where inputs and
  // options do not fit together, the tensor would be absurdly large, or there are too many
  // operators; the message does not name the layer.
  Result<TensorId> Emit(OpKind kind, OpOptions options, std::vector<TensorId> inputs,
                        const std::string& layer);

 private:
  std::set<std::string> names_;  // of tensors
  std::map<std::string, int32_t> name_count_;
};

}  // namespace qbench::graph::import
