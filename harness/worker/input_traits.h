// What a model tells of how its input was made, beside the shape: for `qbench init`.
#pragma once

#include "graph/ir.h"
#include "harness/jobs/jobs.h"

namespace qbench::worker {

// Of a valid model as its file has it: before the passes, which move arithmetic into weights.
jobs::InputTraits DescribeInput(const graph::Model& model);

}  // namespace qbench::worker
