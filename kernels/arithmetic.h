// Which of LiteRT's three arithmetics the kernels follow. One quantized model has three sets of
// output bytes, since the ways from a 32-bit accumulator back to 8 bits round differently;
// docs/runtimes.md has the table of the rules and what it means where a model is deployed.
#pragma once

#include <cstdint>

namespace qbench::kernels {

enum class Arithmetic : uint8_t {
  kReference,  // TensorFlow Lite's reference kernels
  kBuiltin,    // LiteRT's own optimized kernels, as they compute on x86-64
  kXnnpack,    // the XNNPACK delegate, and kBuiltin for what it leaves (OperatorArithmetic)
};

struct OpContext;

// What really computes the operator: kXnnpack stays only where LiteRT gives an operator of these
// types and options to XNNPACK; else it becomes kBuiltin.
Arithmetic OperatorArithmetic(Arithmetic chosen, const OpContext& context);

}  // namespace qbench::kernels
