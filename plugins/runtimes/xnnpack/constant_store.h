// The constants of a graph as XNNPACK and the kernels take them: aligned, and readable for a few
// bytes beyond their end, which XNNPACK's vector code reads and ignores (XNN_EXTRA_BYTES).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "graph/ir.h"

namespace qbench::xnnpack {

// Memory of at least `bytes` bytes and XNN_EXTRA_BYTES more, zeroed, 64-byte aligned; null where
// there is none.
struct FreeDeleter {
  void operator()(uint8_t* memory) const;
};
using PaddedMemory = std::unique_ptr<uint8_t, FreeDeleter>;
PaddedMemory AllocatePadded(size_t bytes);

// What it gives lives as long as the store and the graph do. One thread at a time.
class ConstantStore {
 public:
  explicit ConstantStore(const graph::Graph& graph) : graph_(graph) {}

  // For data that is read element by element (weights, which XNNPACK packs when a runtime is made):
  // where it is in the file, or a copy where that is not aligned.
  Result<const uint8_t*> Aligned(graph::TensorId id);
  // For data that is read as activations are.
  Result<const uint8_t*> Padded(graph::TensorId id);
  // Numbers that have no tensor: the scales of biases.
  const float* Keep(std::vector<float> values);

 private:
  Result<const uint8_t*> Copy(graph::TensorId id);

  const graph::Graph& graph_;
  std::map<graph::TensorId, PaddedMemory> copies_;
  std::vector<std::unique_ptr<const std::vector<float>>> kept_;
};

}  // namespace qbench::xnnpack
