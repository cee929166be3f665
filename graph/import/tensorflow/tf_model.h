// Reads TensorFlow's own files: frozen graphs (GraphDef, .pb) and SavedModel folders, as TensorFlow
// 1.15 and 2 write them, with Keras or without.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "graph/ir.h"

namespace qbench::graph::import {

// What the user chooses where a file leaves a choice. All empty: the file decides.
struct TfOptions {
  std::string signature;  // of a SavedModel; empty: serving_default, or the only one there is
  // Names: of a frozen graph its nodes ("input" or "input:0"), of a SavedModel those of the
  // signature. In the order in which the model is to have them.
  std::vector<std::string> inputs;
  std::vector<std::string> outputs;
};

// Both: the inference graph. Float32; channels last; inputs and outputs are named as the file names
// them; the signature is the one that was read. The batch is open where it is in the file.
// Simulated quantization is taken out, and leaves Tensor::learned_range. Not optimized: call
// graph::Optimize.
//
// kNotFound, kIo; kCorrupt: broken, with what is broken; kInvalidArgument: a signature, input or
// output that is not there, or must be named (the message lists what there is); kUnsupported: a
// node that is not understood, with its name and operator, and every operator that is not known.
// `notes` (may be null) gets a line for each way in which the graph computes otherwise.
Result<Model> ReadFrozenGraph(const std::filesystem::path& path, const TfOptions& options = {},
                              std::vector<std::string>* notes = nullptr);

// `folder` holds saved_model.pb and, where it has variables, variables/variables.index.
Result<Model> ReadSavedModel(const std::filesystem::path& folder, const TfOptions& options = {},
                             std::vector<std::string>* notes = nullptr);

}  // namespace qbench::graph::import
