// Models whose images have their channels before height and width (data_format="channels_first").
#pragma once

#include <cstddef>

#include "graph/import/keras/keras_config.h"

namespace qbench::graph::import {

// A layer of the model, or of one in it, has its channels first.
bool HasChannelsFirst(const KerasModel& model);

// The first layers with a data_format that read the model's input `layer`, directly or through
// layers that do not care for the order of dimensions, have their channels first; and none moves
// them.
bool IsChannelsFirstInput(const KerasModel& model, size_t layer);

}  // namespace qbench::graph::import
