// The messages of an ONNX file, with its weights wherever they are.
#pragma once

#include <filesystem>

#include "base/status.h"
#include "onnx.pb.h"

namespace qbench::graph::import::onnx {

namespace pb = ::qbench::onnx_proto;

// The operator sets that are understood.
inline constexpr int64_t kOldestOperators = 7;
inline constexpr int64_t kNewestOperators = 21;

// Sound as far as protobuf goes: it has a graph, and names its operator set. Tensors whose elements
// are in other files have them in raw_data. Messages do not begin with the path.
Result<pb::ModelProto> ReadOnnxFile(const std::filesystem::path& path);

// The version of ONNX's own operators that the file asks for.
int64_t OperatorSet(const pb::ModelProto& model);

}  // namespace qbench::graph::import::onnx
