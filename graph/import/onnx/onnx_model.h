// Reads ONNX files (operator sets 9 to 21, as torch.onnx and tf2onnx write classifiers).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graph/ir.h"

namespace qbench::graph::import {

// The inference graph of the file's model. Where its images come in channels first, inputs and
// outputs of four dimensions are [batch, height, width, channels] here, and `notes` name them;
// where the model turns them itself, as tf2onnx writes it, all are as in the file. Float32; batch
// free; inputs and outputs named as in the file; the signature is `serving_default`. Pairs of
// QuantizeLinear and DequantizeLinear are not computed: they are Tensor::learned_range. Not
// optimized: call graph::Optimize.
//
// kNotFound, kIo, kCancelled; kCorrupt: not ONNX, or broken, with what is broken; kUnsupported:
// nodes or options that are not understood, with a node's name, its operator and what is missing.
// Messages begin with the path. Weights in a file of their own are read from FILE.data or FILE_data
// beside the model, and from nowhere else.
// `notes` (may be null) gets a line for each way in which the graph computes otherwise than ONNX.
Result<Model> ReadOnnxModel(const std::filesystem::path& path,
                            std::vector<std::string>* notes = nullptr);

}  // namespace qbench::graph::import
