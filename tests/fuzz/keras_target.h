// What the two Keras targets share.
#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include "base/files.h"
#include "graph/import/keras/keras_file.h"
#include "graph/ir.h"
#include "graph/passes/passes.h"
#include "graph/tflite/tflite_reader.h"
#include "graph/tflite/tflite_writer.h"
#include "graph/validate.h"
#include "tests/fuzz/fuzz_target.h"

namespace qbench::fuzz {

inline std::filesystem::path KerasSeed(const char* name) {
  return std::filesystem::path(QBENCH_SOURCE_DIR) / "tests/import/data" / name;
}

inline constexpr const char* kKerasSeeds[] = {"nested.keras2.h5", "nested.keras3.h5", "qat.h5"};

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
