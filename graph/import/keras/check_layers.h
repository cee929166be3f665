// Can all layers of a Keras model be imported?
#pragma once

#include "base/status.h"
#include "graph/import/keras/keras_config.h"

namespace qbench::graph::import {

// kUnsupported where there are layers of unknown classes, or operators that are no layers: the
// message names all of them, nested models' included, and what to do.
Status CheckLayers(const KerasModel& model);

}  // namespace qbench::graph::import
