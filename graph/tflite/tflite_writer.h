// Writes TensorFlow Lite flatbuffers that stock LiteRT loads: schema version 3, constants aligned
// to 16 bytes, the `serving_default` signature, the lowest operator versions that fit; equal
// constants, scales, zero points and shapes once (on a MobileNet a sixth of an int8 file). The same
// model gives the same bytes, on every machine.
#pragma once

#include "graph/ir.h"

namespace qbench::graph {

struct WriteOptions {
  bool statistics = false;  // with Op::statistics (output_statistics.h)
};

// A model without a signature gets one by its tensors' names, and a convolution without a bias one
// of zeros, which LiteRT needs; else reading the file gives an equal model. Layers' names
// (Op::name) have no place in the format, and Op::statistics are left out if `options` do not ask
// for them. Validates first. kUnsupported where the file would pass 2 GiB; else Validate's errors.
Result<Bytes> WriteTflite(const Model& model, const WriteOptions& options = {});

}  // namespace qbench::graph
