// Ranges that quantization-aware training left in a model (graph::LearnedRange), in place of
// calibration.
//
// Training tells the ranges of the tensors that it quantized. Those of others may follow:
//   - a tensor of an operator that moves or selects values has its neighbour's (that is
//     ChooseActivationScales's business);
//   - what RELU6 or RELU_N1_TO_1 makes lies within its bounds;
//   - what goes into RELU or RELU6 and nowhere else has the output's: values beyond it saturate to
//     what the activation makes of them;
//   - RELU, RELU6, LEAKY_RELU, a mean, and ADD, SUB and MUL with a constant give the range of what
//     they make of their input's ends.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/ir.h"
#include "quantize/operator_choices.h"
#include "quantize/ranges/calibration.h"
#include "quantize/ranges/given_ranges.h"

namespace qbench::quantize {

// Whether any activation has one. (One with ranges of weights alone is calibrated.)
bool HasLearnedRanges(const graph::Model& model);

// Weights of `model` that have one.
int64_t CountLearnedWeights(const graph::Model& model);

struct LearnedRanges {
  TensorRanges ranges;  // one place a tensor: learned, or what follows
  std::vector<graph::TensorId> derived;
  // Activations that an operator of integers needs, of which nothing is known, in the order of
  // their producers.
  std::vector<graph::TensorId> missing;
};

// `choices` say which operators stay float: what those alone make and read needs no range.
LearnedRanges FindLearnedRanges(const graph::Model& model, const OperatorChoices& choices);

// kInvalidArgument, naming the first tensor of `missing` (which is not empty) with the operators
// around it, and how to go on.
Status MissingRangeError(const graph::Model& model, const std::vector<graph::TensorId>& missing);

// Gives the tensors of `missing` the ranges that MakeDummyRanges would. kInvalidArgument as there.
Status FillWithDummies(const graph::Model& model, const DummyRanges& dummy, LearnedRanges& learned);

// Every tensor without learned ranges.
void DropLearnedRanges(graph::Model& model);

}  // namespace qbench::quantize
