// The models that the checks of LiteRT's ABI run, with the answers that are right.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"
#include "graph/ir.h"
#include "plugins/runtimes/litert/litert_model.h"

namespace qbench::litert {

// A .tflite file at an address that is a multiple of 64, as LiteRT asks.
class AlignedFile {
 public:
  static Result<AlignedFile> Write(const graph::Model& model);
  ByteSpan bytes() const { return span_; }

 private:
  Bytes storage_;  // moving keeps the address
  ByteSpan span_;
};

// An image of 12 x 10 x 3 to six scores and, the second output, a map of features: no two
// dimensions or ranks alike that could be confused. Float, and int8 through and through.
graph::Model TwoOutputs();
Result<graph::Model> TwoOutputsInt8();

// RESHAPE from [2, 3, 5] to [5, 6]: what every element type bears.
graph::Model ReshapeOf(graph::DataType type);

// Bytes that are sound values of the type.
Bytes SomeValues(const graph::Tensor& tensor);

// The model's outputs for one input, by the reference interpreter in the kernels' arithmetic.
Result<std::vector<Bytes>> RightAnswers(const graph::Model& model, const Bytes& input,
                                        Kernels kernels);

}  // namespace qbench::litert
