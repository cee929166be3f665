// A node of a TensorFlow graph that is being imported, as the builders of its operator see it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "graph/import/graph_builder.h"
#include "graph/import/tensorflow/flat_graph.h"
#include "graph/import/tensorflow/tf_array.h"
#include "graph/ir.h"

namespace qbench::tensorflow {
class Attribute;
}  // namespace qbench::tensorflow

namespace qbench::graph::import {

// SPACE_TO_BATCH, which together with the convolution behind it and BATCH_TO_SPACE is a dilated
// convolution.
struct Spaced {
  TensorId tensor = kNoTensor;
  std::pair<int32_t, int32_t> block = {1, 1};
  std::vector<int64_t> paddings = {};  // top, bottom, left, right
  int32_t convolution = -1;            // the flat node, once it is known
};

// One number in all places of a tensor: OnesLike and what is computed of it.
struct Even {
  float number = 0;
  Shape shape;  // for a batch of one
};

// What an output of a node is.
struct TfValue {
  enum class Kind : uint8_t {
    kNone,
    kTensor,    // computed when the model runs
    kRows,      // a tensor whose dimensions but the last are one in the file: rows of all samples
    kArray,     // known now
    kVariable,  // of which a read gives `array`
    kSpaced,
    kEven,
    kDead,    // on the branch that is never taken
    kFailed,  // cannot be imported; an error only where an output needs it
  };
  Kind kind = Kind::kNone;
  TensorId tensor = kNoTensor;
  bool is_integer = false;  // whole numbers in the file; the tensor is float32 all the same
  TfArrayPtr array;
  int32_t variable = -1;  // the flat node that makes it
  std::shared_ptr<const Spaced> spaced;
  std::shared_ptr<const Even> even;
};

// What all nodes share.
struct TfImport {
  GraphBuilder builder;
  const FlatGraph* flat = nullptr;
  std::vector<std::vector<TfValue>> values;  // of each flat node, its outputs
  bool open_batch = true;
  // The value of the variable that this node makes; empty where there is no checkpoint.
  std::function<Result<TfArray>(const FlatNode& variable)> read_variable;
  // Constants of functions that are called several times.
  std::map<const tensorflow::Node*, int32_t> copies;
  std::map<const tensorflow::Node*, TfArrayPtr> constants;

  // Null where it is none, or no longer kept.
  const TfValue* Find(FlatRef ref) const;
};

class TfNode {
 public:
  TfNode(TfImport& import, int32_t index);

  TfImport& import() const { return import_; }
  const FlatNode& flat() const { return flat_; }
  int32_t index() const { return index_; }
  const std::string& name() const { return flat_.name; }
  const std::string& op() const;

  size_t inputs() const { return flat_.inputs.size(); }
  // kCorrupt where there is no such input.
  Result<const TfValue*> Value(size_t index) const;
  bool IsArray(size_t index) const;
  bool IsTensor(size_t index) const;
  // From now on its inputs may be rows of all samples, and what it gives is.
  void WorkOnRows() { rows_ = true; }
  // The tensor, or the array made a constant. `whole_numbers`: also where the file has integers.
  Result<TensorId> Tensor(size_t index, bool whole_numbers = false) const;
  // kUnsupported where it is computed when the model runs.
  Result<TfArrayPtr> Array(size_t index) const;
  Result<std::vector<float>> Floats(size_t index) const;  // of an array, whole numbers too
  // None of them depends on the batch, and all fit.
  Result<std::vector<int32_t>> Ints(size_t index) const;
  // Of dimensions: from the front, in rising order, each once.
  Result<std::vector<int32_t>> Axes(size_t index, size_t rank) const;
  // The node that computes an input, through nodes that pass it on; null where there is none.
  const FlatNode* Producer(size_t index) const { return Producer(flat_, index); }
  const FlatNode* Producer(const FlatNode& node, size_t index) const;
  FlatRef Source(const FlatNode& node, size_t index) const;  // behind nodes that pass it on

  // Attributes; the fallback where the file has none.
  int64_t Int(const char* key, int64_t fallback) const;
  double Float(const char* key, double fallback) const;
  bool Bool(const char* key, bool fallback) const;
  std::string Text(const char* key, std::string_view fallback) const;
  int32_t Type(const char* key) const;
  std::vector<int64_t> List(const char* key) const;  // empty where there is none
  const tensorflow::Attribute* Find(const char* key) const;
  // kUnsupported where data_format is not channels last.
  Status CheckChannelsLast() const;

  const Shape& ShapeOf(TensorId tensor) const { return import_.builder.ShapeOf(tensor); }
  Result<TensorId> Emit(OpKind kind, OpOptions options, std::vector<TensorId> inputs);
  Result<TensorId> Emit(OpKind kind, std::vector<TensorId> inputs);
  template <typename T>
  TensorId Constant(std::string_view suffix, Shape shape, const std::vector<T>& values) {
    return import_.builder.AddConstant(fmt::format("{}/{}", name(), suffix), std::move(shape),
                                       values);
  }
  TensorId AddWeights(graph::Tensor tensor);  // its name is the suffix
  Result<TensorId> Scaled(TensorId tensor, double factor);
  Result<TensorId> Shifted(TensorId tensor, double offset);
  // `shape` has -1 where the batch is.
  Result<TensorId> Reshaped(TensorId tensor, std::vector<int32_t> shape);
  Result<TensorId> Transposed(TensorId tensor, const std::vector<int32_t>& order);
  // The shape with -1 for an open batch.
  std::vector<int32_t> OpenShape(TensorId tensor) const;

  // The next output.
  Status Give(TensorId tensor);
  Status Give(TfArray array);
  Status Give(TfValue value);
  std::vector<TfValue>& outputs() { return outputs_; }

  Status Corrupt(std::string_view what) const;
  Status Unsupported(std::string_view what) const;

 private:
  TfImport& import_;
  int32_t index_;
  const FlatNode& flat_;
  std::vector<TfValue> outputs_;
  size_t first_tensor_;
  bool rows_ = false;
};

// A float32 array as a constant of the model.
Result<Shape> ShapeOfDims(const Dims& dims);

}  // namespace qbench::graph::import
