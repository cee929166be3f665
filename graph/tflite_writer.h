// Writes TensorFlow Lite flatbuffers that stock LiteRT loads: schema version 3, constants aligned
// to 16 bytes, the `serving_default` signature, the lowest operator versions that fit. The same
// model gives the same bytes, on every machine.
#pragma once

#include "graph/ir.h"

namespace qbench::graph {

// Validates first. kUnsupported where the file would pass 2 GiB; else Validate's errors.
Result<Bytes> WriteTflite(const Model& model);

}  // namespace qbench::graph
