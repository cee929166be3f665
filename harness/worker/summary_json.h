// A model's summary as JSON: how it travels from the worker, and what `qbench inspect --json`
// shows.
#pragma once

#include "base/json.h"
#include "graph/model_summary.h"
#include "graph/tflite/tflite_contents.h"

namespace qbench::worker {

// {"inputs": […], "outputs": […], "ops": […], "parameters", "weight_bytes", "macs",
// "peak_activation_bytes"}. A tensor is {"name", "type", "shape", "scale", "zero_point"}: of
// per-channel quantization "scales" says how many scales there are, and "scale" is missing.
Json SummaryToJson(const graph::ModelSummary& summary);

// {"description", "subgraphs", "inputs", "outputs", "ops", "operators", "unsupported"}. An operator
// of "ops" is {"index", "subgraph", "kind", "custom", "known", "name", "output"}, its name that of
// the first tensor that it computes, "output" {"name", "type", "shape"} (null where there is none).
// "operators" counts the kinds: {"CONV_2D": 2}. "unsupported": why qbench cannot read the file.
Json ContentsToJson(const graph::TfliteContents& contents);

}  // namespace qbench::worker
