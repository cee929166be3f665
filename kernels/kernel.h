// What an operator's kernel is: a Prepare function that reads the operator's options, shapes and
// quantization once, and hands back a Run that does the arithmetic. The files of this folder hold
// one family of operators each; dispatch.cc lists which Prepare serves which types.
//
// Kernels see operators of validated graphs only: shapes fit, integer activations have one usable
// scale and a zero point in range, weights one scale or one for each output channel
// (graph/validate.h). A Prepare checks what is left: parameters its arithmetic has no room for.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "graph/ir.h"
#include "kernels/arithmetic.h"

namespace qbench::kernels {

// One input or output of an operator: what it is, and where its elements are.
struct Operand {
  const graph::Tensor* tensor = nullptr;  // null: an optional input that is absent
  uint8_t* data = nullptr;

  bool present() const { return tensor != nullptr; }
  // What the elements are in memory: int4 weights are int8 there.
  graph::DataType type() const {
    return tensor->type == graph::DataType::kInt4 ? graph::DataType::kInt8 : tensor->type;
  }
  const graph::Shape& shape() const { return tensor->shape; }
  int64_t count() const { return graph::ElementCount(tensor->shape); }

  // The elements; null for an absent operand.
  template <typename T>
  T* As() const {
    return reinterpret_cast<T*>(data);
  }

  // Of a tensor with one scale; a tensor without quantization has scale 0.
  float scale() const { return tensor->quantization ? tensor->quantization->scales[0] : 0.0F; }
  int32_t zero_point() const {
    return tensor->quantization ? static_cast<int32_t>(tensor->quantization->zero_points[0]) : 0;
  }
  // Of weights: one scale for each of `channels`; a single one serves all.
  std::vector<float> ChannelScales(int64_t channels) const {
    const std::vector<float>& scales = tensor->quantization->scales;
    if (scales.size() > 1) return scales;
    return std::vector<float>(static_cast<size_t>(channels), scales[0]);
  }
};

// Everything a Prepare sees of its operator. The operands' memory does not move.
struct OpContext {
  const graph::Op* op = nullptr;
  std::vector<Operand> inputs;
  std::vector<Operand> outputs;
  // How this operator rounds: never kXnnpack where LiteRT does not give it to XNNPACK.
  Arithmetic arithmetic = Arithmetic::kReference;

  const Operand& input(size_t i) const { return inputs[i]; }
  const Operand& output() const { return outputs[0]; }
  template <typename Options>
  const Options& options() const {
    return std::get<Options>(op->options);
  }
};

// How convolutions and fully connected layers of floats add up.
enum class FloatSums : uint8_t {
  kPlain,  // products and sums rounded as each kernel says; the bias at the end
  kFused,  // XNNPACK's: from the bias on, each product and sum rounded once (fused multiply-add)
};
inline FloatSums FloatSumsOf(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::kXnnpack ? FloatSums::kFused : FloatSums::kPlain;
}
// a * b + c, rounded once but for one case in some hundred million: the product is exact in double.
// std::fma is a slow call where the compiler may not assume the instruction.
inline float FusedMultiplyAdd(float a, float b, float c) {
  return static_cast<float>(double{a} * b + c);
}

// Computes an operator's output from its inputs. Owns its scratch memory; never allocates.
using Run = std::function<void()>;
using Prepare = Result<Run> (*)(const OpContext&);

// The kernel for the operator's kind and types. kUnsupported, naming both, where there is none.
Result<Run> PrepareOp(const OpContext& context);

}  // namespace qbench::kernels
