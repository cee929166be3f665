// Cuts a model into stages that can run one after the other, each over many images, so that only
// the activations of one stage are in memory.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/ir.h"

namespace qbench::quantize {

struct Stage {
  // Of the whole model: the model's input, or the one output of the stage before that is needed
  // from here on.
  graph::TensorId input = graph::kNoTensor;
  // Of the whole model: what is to be looked at in this stage, and the next one's input.
  std::vector<graph::TensorId> outputs = {};
  // With `input` as its only input and `outputs` as its outputs; no signature.
  graph::Model model = {};
};

// The stages that compute `outputs` (each made by an operator, none twice) of a model with one
// input. A cut is possible at a tensor that alone connects what is before it with what is after it.
// There are as few cuts, and at as small tensors, as leave every stage `most_bytes`: of
// activations, of weights twice (a runtime packs them), and of its input. Where the model cannot be
// cut so finely, the limit is the smallest that it can keep to. A model that fits is one stage.
// Whether a model is run in stages does not change a value.
Result<std::vector<Stage>> CutIntoStages(const graph::Model& model,
                                         std::span<const graph::TensorId> outputs,
                                         int64_t most_bytes);

}  // namespace qbench::quantize
