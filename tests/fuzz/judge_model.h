// What the targets of all readers of models share.
#pragma once

#include <memory>
#include <utility>

#include "graph/ir.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "graph/validate.h"
#include "tests/fuzz/fuzz_target.h"

namespace qbench::fuzz {

inline Status CheckAccepted(graph::Model model) {
  QB_RETURN_IF_ERROR(graph::Validate(model));
  QB_RETURN_IF_ERROR(graph::Optimize(model));
  QB_ASSIGN_OR_RETURN(Bytes bytes, graph::WriteTflite(model));
  return graph::ReadTflite(std::make_shared<const Bytes>(std::move(bytes))).status();
}

// A model that was read is valid, can be optimized, and what is written of it can be read.
inline bool Judge(Result<graph::Model> model) {
  if (!model.ok()) return !Refused(model.status());
  if (const Status holds = CheckAccepted(std::move(*model)); !holds.ok()) Fail(holds.message());
  return true;
}

}  // namespace qbench::fuzz
