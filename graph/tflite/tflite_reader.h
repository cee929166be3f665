// Reads TensorFlow Lite flatbuffers (file identifier TFL3, schema version 3). The bytes come from
// outside: the buffer is verified (offsets, alignment, depth) before anything in it is trusted.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "graph/ir.h"

namespace qbench::graph {

// The model in `bytes`, validated. Constants point into `bytes`, which the model keeps alive.
// Of a file with several signatures it is the first subgraph, where the others are signatures' own.
// kCorrupt: not a .tflite file, or a broken one. kUnsupported: subgraphs of any other use, or
// operators, types or options that the IR does not have; the message names all of them, operators
// with what they compute.
Result<Model> ReadTflite(std::shared_ptr<const Bytes> bytes);
// The same of bytes that live as long as `owner`; null: they outlive the model and its copies.
Result<Model> ReadTflite(std::shared_ptr<const void> owner, ByteSpan bytes);

// What can be said of a .tflite file without understanding its operators: enough for a runtime
// plugin to refuse a broken file and for the harness to feed a foreign one.
struct TfliteTensorInfo {
  std::string name;
  DataType type = DataType::kFloat32;
  Shape shape;       // a free dimension is 1 here
  Shape file_shape;  // the same, with -1 for a free one
  std::optional<Quantization> quantization;
};
struct TfliteInfo {
  std::string description;
  int32_t subgraphs = 0;
  int32_t operators = 0;  // of the first subgraph, which is the main one
  std::vector<std::string>
      operator_names;  // "CONV_2D", a custom operator's own name; one an operator
  std::vector<TfliteTensorInfo> inputs;
  std::vector<TfliteTensorInfo> outputs;
};

// Verifies the buffer, and that every index between tensors, buffers, operators and operator codes
// is in range. kCorrupt where it is not a sound .tflite file.
Result<TfliteInfo> InspectTflite(ByteSpan bytes);

// kUnsupported where an input has a free dimension other than the batch: the file leaves its size
// to whoever runs it, and qbench takes sizes from the file.
Status CheckInputSizes(const TfliteInfo& info);

}  // namespace qbench::graph
