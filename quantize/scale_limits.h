// What LiteRT asks of the scales in an integer model, in one place: quantizers choose by it, and
// CheckScales holds every artifact against it.
//
// A model that breaks a limit does not load (the operator's Prepare or XNNPACK refuses it), ends
// the process (TFLITE_CHECK), or gives nonsense (a product that wraps, a shift that C++ does not
// define). s are scales; a multiplier is what an integer is multiplied by to become an output.
// Files are those below tflite/kernels, or XNNPACK's below src.
//
// clang-format off
//   operator             limit                          beyond it; where it stands
//   any, 8 bits          every s is a normal float      no load; XNNPACK tensor.c
//   CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED: multiplier = s_in * s_weights / s_out
//     8 bits             < 256                          no load; XNNPACK operators/
//                                                       convolution-nhwc.c, fully-connected-nc.c
//     int16              < 2^7, |accumulator| < 2^47    overflows; internal/common.cc,
//                                                       MultiplyByQuantizedMultiplier(int64_t)
//     both               at least 2^-32                 is 0; internal/quantization_util.cc,
//                                                       QuantizeMultiplier
//   ADD, SUB, 8 bits     max(s_a, s_b) / s_out < 2^8    left to LiteRT's vector code for x86,
//   MUL, 8 bits          s_a * s_b / s_out < 2^8        which wraps at 16 bits (from 2^19 on ADD
//                                                       ends the process); delegates/xnnpack/
//                                                       xnnpack_delegate.cc
//   ADD, SUB, int16      max(s_a, s_b) / s_out < 2^14   ADD ends the process, SUB wraps; add.cc,
//                                                       QuantizeMultiplierSmallerThanOneExp
//   MUL, int16           s_a * s_b / s_out < 2          wraps; internal/common.cc,
//                                                       MultiplyByQuantizedMultiplier(int32_t)
//   MEAN, RELU, RELU6, LEAKY_RELU, QUANTIZE of integers
//     8 bits             s_in / s_out < 2^22            wraps; the same
//     int16              s_in / s_out < 2^15            the same
//   HARD_SWISH           s_in / s_out < 128             no load; activations.cc, HardSwishPrepare
//                        s_in < 3 * 2^22                wraps; the same
//   SOFTMAX, 8 bits      s_in * beta > 2^-26            ends the process (reference kernels);
//                                                       quantization_util.cc,
//                                                       PreprocessSoftmaxScaling
//   SOFTMAX, int16       s_in * beta < 2^14 * 10/65535  wraps; activations.cc, SoftmaxPrepare
//   LOGISTIC/TANH, int16 s_in < 16/3                    wraps; activations.cc
//   RELU6, also fused    6 / s_out < 2^31               no load; kernel_util.cc,
//   RELU_N1_TO_1, fused  1 / s_out < 2^31               CalculateActivationRangeQuantized
// clang-format on
//
// XNNPACK's lower limits of ADD, SUB and MUL, and those of LEAKY_RELU and QUANTIZE, are not here:
// the delegate leaves such operators to LiteRT's own kernels, which bear them.
#pragma once

#include <span>

#include "base/bytes.h"
#include "base/status.h"
#include "graph/ir.h"

namespace qbench::quantize {

// Between the largest multiplication that is chosen and the limit: who computes it in float rounds
// three times.
inline constexpr double kScaleMargin = 1.0 + 0x1p-10;

struct MultiplierLimits {
  double smallest = 0.0;  // at least this
  double largest = 0.0;   // below this
};
// Of operators with weights; `activations` is kInt8, kUInt8 or kInt16.
MultiplierLimits WeightedMultiplierLimits(graph::DataType activations);

// The largest magnitude of such an operator's accumulator, and of its inputs' distance from their
// zero point.
double LargestAccumulator(graph::DataType activations);
double LargestInput(graph::DataType activations);

// The smallest scale that the operator's output can have. `input_scales`: of its activations and
// of constants that are no weights, in the order of the operator's inputs. 0: any.
double SmallestOutputScale(const graph::Op& op, graph::DataType activations,
                           std::span<const double> input_scales);

struct ScaleBounds {
  double smallest = 0.0;  // above this
  double largest = 0.0;   // below this; 0: any
};
// Of the operator's first input, whatever its output is.
ScaleBounds InputScaleBounds(const graph::Op& op, graph::DataType activations);

// Every scale of the model against the table. kUnsupported, naming the operator and its layer, the
// number and the limit.
Status CheckScales(const graph::Model& model);

// The file of an integer artifact: CheckScales, then graph::WriteTflite. What every quantizer
// that writes integers hands to the host.
Result<Bytes> WriteArtifact(graph::Model model);

}  // namespace qbench::quantize
