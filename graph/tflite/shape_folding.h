// Shape arithmetic that converters leave in files: where a layer's batch is open, the new shape of
// a RESHAPE is computed by SHAPE, STRIDED_SLICE and PACK. Everything but the batch is known, so the
// result is a constant with -1 in the batch's place. Internal to graph/.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "graph/tflite/tflite_file.h"

namespace qbench::graph {

struct ShapeFolding {
  std::vector<bool> folded;  // of each operator of the subgraph: it goes
  // The new shape of a RESHAPE, by the operator's index; one element at most is -1.
  std::map<size_t, std::vector<int32_t>> new_shapes;
};

// Nothing is folded where anything but a RESHAPE reads what depends on the batch, or a value is not
// known.
ShapeFolding FoldShapes(const TfliteFile& file);

}  // namespace qbench::graph
