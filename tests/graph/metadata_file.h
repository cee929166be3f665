// Small .tflite files with metadata (graph/tflite/metadata.fbs), or of subgraphs, signatures and
// shape arithmetic that qbench's writer does not write, for tests.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "graph/ir.h"

namespace qbench::graph {

struct MetadataText {
  std::vector<float> mean = {};
  std::vector<float> std = {};
  std::string label_file = {};
};

// A model of one RELU over a [1, 2, 2, 3] image, without metadata.
Model MetadataModel();
Bytes WithMetadata(const MetadataText& text);
// The same file with other bytes in the metadata's buffer.
Bytes WithMetadataBytes(const Bytes& metadata);

// Two subgraphs of a RELU, and signatures of these keys, each of the subgraph of its place; one
// less key than subgraphs leaves the second without.
Bytes WithSignatures(const std::vector<std::string>& keys);

// [-1, 2, 2, 3] -> RESHAPE to PACK(SHAPE(input)[0], last): what converters make of a Flatten with
// an open batch. `added`: an ADD of the shape to itself follows, whose output is the model's
// second.
Bytes WithShapeArithmetic(int32_t last, bool added = false);

// [-1, 1, 1, 3] -> SQUEEZE -> [-1, 3].
Bytes WithSqueeze();

}  // namespace qbench::graph
