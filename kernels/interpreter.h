// Runs a model on the arithmetic of TensorFlow Lite (one of the three of arithmetic.h): slow,
// obvious, and the oracle that everything faster is measured against. To learn what an int8
// convolution is, read kernels/.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "graph/ir.h"
#include "kernels/arithmetic.h"

namespace qbench::kernels {

// One model, ready to run, with memory for every tensor. Allocates in Create and never in Invoke.
// One thread at a time; several interpreters of one model are independent.
class Interpreter {
 public:
  // kUnsupported, naming the operator, where an operator has no kernel for its types.
  static Result<Interpreter> Create(std::shared_ptr<const graph::Model> model,
                                    Arithmetic arithmetic = Arithmetic::kReference);
  Interpreter(Interpreter&&) noexcept;
  Interpreter& operator=(Interpreter&&) noexcept;
  ~Interpreter();

  // The memory of any tensor of the graph, ElementCount x DataTypeSize bytes (int4 unpacked),
  // 16-byte aligned; constants may not be written. Valid as long as the interpreter. Every tensor
  // has its own memory, so that intermediate results can be looked at after Invoke.
  std::span<uint8_t> TensorData(graph::TensorId tensor);

  Status Invoke();
  // The same, and says how long each operator of the graph took: `times` has an element for each,
  // in the graph's order, which is the order in which they run. Allocates nothing either.
  Status InvokeTimed(std::span<std::chrono::nanoseconds> times);

 private:
  struct Impl;
  explicit Interpreter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace qbench::kernels
