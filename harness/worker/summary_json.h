// What `qbench inspect` knows of a model, as JSON.
#pragma once

#include "base/json.h"
#include "graph/summary.h"
#include "graph/tflite_reader.h"

namespace qbench::worker {

// {"description", "inputs", "outputs", "layers": [{"index", "name", "kind", "options", "inputs",
// "output", "parameters", "weight_bytes", "macs"}], "parameters", "weight_bytes", "macs",
// "peak_activation_bytes"}. A tensor is {"name", "type", "shape", "constant", "dynamic_batch",
// "quantization": {"scales", "zero_points", "axis"} or null}.
Json SummaryToJson(const graph::ModelSummary& summary);

// The same keys, as far as they are known, of a file whose operators qbench does not understand:
// each layer has but "index" and "kind"; "reason" says what is not understood.
Json SummaryToJson(const graph::TfliteInfo& info, const std::string& reason);

}  // namespace qbench::worker
