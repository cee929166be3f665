// What an operator's kernel is: a Prepare function that reads the operator's options, shapes and
// quantization once, and hands back a Run that does the arithmetic. The files of this folder hold
// one family of operators each; dispatch.cc lists which Prepare serves which types.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "graph/ir.h"

namespace qbench::kernels {

// One input or output of an operator: what it is, and where its elements are.
struct Operand {
  const graph::Tensor* tensor = nullptr;  // null: an optional input that is absent
  uint8_t* data = nullptr;

  bool present() const { return tensor != nullptr; }
  graph::DataType type() const { return tensor->type; }
  const graph::Shape& shape() const { return tensor->shape; }
  int64_t count() const { return graph::ElementCount(tensor->shape); }

  // The elements; null for an absent operand.
  template <typename T>
  T* As() const {
    return reinterpret_cast<T*>(data);
  }

  // Of a tensor with one scale. A tensor without quantization has scale 0.
  float scale() const { return quantized() ? tensor->quantization->scales[0] : 0.0F; }
  int32_t zero_point() const {
    return quantized() && !tensor->quantization->zero_points.empty()
               ? static_cast<int32_t>(tensor->quantization->zero_points[0])
               : 0;
  }
  bool quantized() const {
    return tensor->quantization.has_value() && !tensor->quantization->scales.empty();
  }
  // One scale for each of `channels`; a single one serves all. kUnsupported where there are none,
  // or another number.
  Result<std::vector<float>> ChannelScales(int64_t channels) const;
};

// Everything a Prepare sees of its operator. The operands' memory does not move.
struct OpContext {
  const graph::Op* op = nullptr;
  std::vector<Operand> inputs;
  std::vector<Operand> outputs;

  const Operand& input(size_t i) const { return inputs[i]; }
  // The last input of convolutions and fully connected layers may be missing from the list.
  Operand optional_input(size_t i) const { return i < inputs.size() ? inputs[i] : Operand(); }
  const Operand& output() const { return outputs[0]; }
  template <typename Options>
  const Options& options() const {
    return std::get<Options>(op->options);
  }
};

// Computes an operator's output from its inputs. Owns its scratch memory; never allocates.
using Run = std::function<void()>;
using Prepare = Result<Run> (*)(const OpContext&);

// The first `inputs` inputs and the output are quantized with parameters that arithmetic can rely
// on: finite positive scales, zero points that the type holds (0 for int16). Only input 1, the
// weights, may have more than one scale. kUnsupported otherwise.
Status RequireQuantized(const OpContext& context, size_t inputs);

// `zero_point` as a file has it, checked against the type.
Result<int32_t> ZeroPointOf(int64_t zero_point, graph::DataType type);

// Kernels that copy or compare quantized values need both sides on one scale: kUnsupported, as in
// TensorFlow Lite, where `input` and `output` differ.
Status RequireSameQuantization(const Operand& input, const Operand& output);

// The kernel for the operator's kind and types. kUnsupported, naming both, where there is none.
Result<Run> PrepareOp(const OpContext& context);

}  // namespace qbench::kernels
