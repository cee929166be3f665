// What stands in a .tflite file, in the format's own terms: every operator of every subgraph, known
// to the IR or not. For `qbench inspect` of files that ReadTflite refuses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench::graph {

struct TfliteTensorEntry {
  std::string name;
  std::string type;            // "float32", "string", …
  std::vector<int32_t> shape;  // as the file says; -1: free
};

struct TfliteOpEntry {
  int32_t subgraph = 0;
  std::string kind;  // "CONV_2D"; a custom operator's own name
  bool custom = false;
  bool known = false;                      // the IR has it
  std::vector<TfliteTensorEntry> outputs;  // the first one, where there is any
};

struct TfliteContents {
  std::string description;
  int32_t subgraphs = 0;
  std::vector<TfliteOpEntry> ops;         // of the subgraphs one after the other
  std::vector<TfliteTensorEntry> inputs;  // of the first subgraph, which is the main one
  std::vector<TfliteTensorEntry> outputs;
  std::vector<std::string> signatures;  // all that the file has
  std::string signature;                // the one that is read and run; empty: none
  // Why ReadTflite refuses the file: all operators and tensors that the IR does not have. Empty
  // where it reads it.
  std::vector<std::string> unsupported;
};

// Verifies the buffer as InspectTflite does. kCorrupt where it is not a sound .tflite file.
Result<TfliteContents> ListTflite(ByteSpan bytes);

}  // namespace qbench::graph
