// The signatures of a .tflite file: names by which applications call it. Each belongs to a
// subgraph; a file with several may have one for each. Internal to graph/.
#pragma once

#include <string>
#include <vector>

#include "graph/tflite/tflite_file.h"

namespace qbench::graph {

// The one that qbench reads, and runtimes run where they are not told another: of the first
// subgraph, "serving_default" or else its first. Null where it has none.
const wire::SignatureDef* MainSignature(const wire::Model& model);

// Whether every subgraph but the first belongs to a signature of its own, so that the first is a
// whole model without them. (Subgraphs of loops and conditions have no signature.)
bool OthersAreSignatures(const wire::Model& model);

// In the file's order.
std::vector<std::string> SignatureKeys(const wire::Model& model);

}  // namespace qbench::graph
