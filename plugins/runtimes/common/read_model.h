// Reading a model in a runtime that computes with qbench's own graph.
#pragma once

#include <memory>

#include "graph/tflite/tflite_reader.h"

namespace qbench::plugin {

// graph::ReadTflite; where the file has what qbench does not know, the message says that another
// runtime may know it.
inline Result<graph::Model> ReadModel(std::shared_ptr<const void> owner, ByteSpan bytes) {
  Result<graph::Model> model = graph::ReadTflite(std::move(owner), bytes);
  if (model.ok() || model.status().code() != StatusCode::kUnsupported) return model;
  return Error(StatusCode::kUnsupported,
               "{}; this runtime computes only what qbench knows, the runtime litert whatever "
               "LiteRT does",
               model.status().message());
}

}  // namespace qbench::plugin
