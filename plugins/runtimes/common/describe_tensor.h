// The model library's tensors as runtime plugins describe them to the host.
#pragma once

#include <optional>
#include <string>

#include "graph/ir.h"
#include "plugins/support/runtime_plugin.h"

namespace qbench::plugin {

// Scale and zero point are told of per-tensor quantization alone: the ABI has no per-channel inputs
// and outputs.
TensorDescription DescribeTensor(const std::string& name, graph::DataType type,
                                 const graph::Shape& shape,
                                 const std::optional<graph::Quantization>& quantization);

}  // namespace qbench::plugin
