// Reads full Keras models: HDF5 files (`model.save("x.h5")` of Keras 2 and Keras 3: the layers from
// the JSON in the attribute `model_config`, the weights from the group `model_weights`) and .keras
// archives (`model.save("x.keras")`: config.json and model.weights.h5 in a zip). Which of them a
// file is, its content says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graph/ir.h"

namespace qbench::graph::import {

// The inference graph of the file's model: augmentation layers and dropout are the identity, batch
// normalization is a multiplication and an addition (graph/passes/passes.h folds them). Float32;
// batch free; inputs and outputs named as Keras names them; the signature is `serving_default`. An
// input that a layer with data_format=channels_first reads is [batch, height, width, channels] here
// and a note says so; everything else has Keras's own order of dimensions. Not
// optimized: call graph::Optimize.
//
// kNotFound, kIo; kCorrupt: neither, or broken, with what is broken; kInvalidArgument: a file of
// weights alone (the message says how to save the whole model); kUnsupported: a layer or option
// that is not understood, with the layer's name, its class and what is missing.
// `notes` (may be null) gets a line for each way in which the graph computes otherwise than Keras,
// `missing` (likewise), where the model is not supported, a line for each thing that it has and
// qbench cannot read: classes, operators and options, as far as they can be told without what they
// lack.
Result<Model> ReadKerasModel(const std::filesystem::path& path,
                             std::vector<std::string>* notes = nullptr,
                             std::vector<std::string>* missing = nullptr);

}  // namespace qbench::graph::import
