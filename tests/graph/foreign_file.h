// Files that qbench's writer does not write: other people's operators, types and shapes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace qbench::graph {

// A .tflite file of operators over float tensors of one element each: t0 -> the first operator ->
// t1 -> the next -> t2 … Numbers are the format's own.
struct ForeignFile {
  int32_t code = 19;  // RELU
  std::string custom_code = {};
  std::vector<int32_t> inputs = {0};  // of the first operator
  int32_t type = 0;                   // FLOAT32
  int32_t subgraphs = 1;
  bool reshape_options = false;
  bool details = false;
  std::vector<int32_t> shape_signature = {};
  std::vector<int32_t> more_codes = {};  // of the operators that follow

  Bytes Build() const;
};

}  // namespace qbench::graph
