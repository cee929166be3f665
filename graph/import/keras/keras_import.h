// Turns what a Keras file holds into a graph: goes through the layers, nested models included, in
// the order of their connections.
#pragma once

#include <string>
#include <vector>

#include "graph/import/keras/keras_file.h"
#include "graph/ir.h"

namespace qbench::graph::import {

// As ReadKerasModel (keras_model.h), without the file's name in messages.
Result<Model> ImportKeras(const KerasFile& file, std::vector<std::string>* notes = nullptr,
                          std::vector<std::string>* missing = nullptr);

}  // namespace qbench::graph::import
