// Quantization parameters of activations for full integer models, under the constraints that
// TensorFlow Lite's int8 and int16 operators set (its 8-bit quantization specification; for int16
// its 16x8 scheme): operators that move values keep the scale of their input, a concatenation's
// inputs and output share one, softmax, logistic and tanh have fixed outputs. int8 activations are
// asymmetric, int16 ones symmetric.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "graph/ir.h"
#include "graph/numerics/quantize_math.h"
#include "quantize/float_model.h"
#include "quantize/operator_choices.h"
#include "quantize/ranges/calibration.h"

namespace qbench::quantize {

// The parameters that the operator's output always has; `activations` is kInt8 or kInt16.
std::optional<graph::AffineParameters> FixedOutput(
    graph::OpKind kind, graph::DataType activations = graph::DataType::kInt8);

// The parameters of a constant operand of an addition or multiplication, or of a convolution's
// constant input. kInvalidArgument where a value is not finite.
Result<graph::AffineParameters> ConstantParameters(std::span<const float> values,
                                                   graph::DataType activations);

struct ActivationScale {
  graph::AffineParameters parameters;
  ValueRange range;  // of everything that shares the parameters; zero is not forced in
};

// One place a tensor: set for every float32 activation, and for constants that a concatenation
// takes; not where nothing is known of one that operators in float alone read and make. Tensors
// that must share their parameters get the union of their ranges. The only inputs of a
// scale-keeping operator with other parameters than its output's are a concatenation's that have
// fixed ones: they need a QUANTIZE between. Operators that are chosen to compute in float tie
// nothing, and an output of one that moves values gets a range of its own, the union of its
// inputs'. Scales that are too small for the arithmetic of the operators around them
// (scale_limits.h) are raised, with a warning that names tensor and layer. `trained`: the ranges
// are learned ones, so zero points are rounded as simulated quantization rounds them (int8: upwards
// from the middle between two; [-1, 1] has 0, where -1 is usual). A range without width, and one
// that is not there although it is needed (kInternal), are told of: the first as a warning that
// names the tensor.
Result<std::vector<std::optional<ActivationScale>>> ChooseActivationScales(
    const graph::Model& model, const TensorRanges& ranges, Warnings& warnings,
    graph::DataType activations = graph::DataType::kInt8, const OperatorChoices& choices = {},
    bool trained = false);

}  // namespace qbench::quantize
