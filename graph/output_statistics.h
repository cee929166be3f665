// What batch normalization says of a layer's outputs, kept when it is folded into the layer's
// weights: quantizers need it where they have no images (bias correction, Nagel et al. 2019, arXiv
// 1906.04721, section 4.2).
//
// In a .tflite file it is the metadata "qbench.output_statistics", which other programs ignore: for
// each operator that has it, little endian,
//   uint32 bytes of the name, the name of its output, uint32 channels, float32 means, float32
//   standard deviations.
#pragma once

#include "base/bytes.h"
#include "base/status.h"
#include "graph/ir.h"

namespace qbench::graph {

inline constexpr std::string_view kStatisticsMetadata = "qbench.output_statistics";

// Of the operators with (finite) statistics whose output has a name of its own; empty where there
// are none.
Bytes EncodeStatistics(const Graph& graph);

// Gives operators their statistics. An entry whose tensor is no longer there, or has another number
// of channels, is of an operator that another program has replaced: it is left out. kCorrupt where
// the bytes are not what stands above.
Status DecodeStatistics(ByteSpan bytes, Graph& graph);

bool HasStatistics(const Graph& graph);

}  // namespace qbench::graph
