// A model's summary as JSON: how it travels from the worker, and what `qbench inspect --json`
// shows.
#pragma once

#include "base/json.h"
#include "graph/model_summary.h"

namespace qbench::worker {

// {"inputs": […], "outputs": […], "ops": […], "parameters", "weight_bytes", "macs",
// "peak_activation_bytes"}. A tensor is {"name", "type", "shape", "scale", "zero_point"}: of
// per-channel quantization "scales" says how many scales there are, and "scale" is missing.
Json SummaryToJson(const graph::ModelSummary& summary);

}  // namespace qbench::worker
