#include "plugins/runtimes/xnnpack/constant_store.h"

#include <xnnpack.h>

#include <cstdlib>

#include "base/one_line.h"

namespace qbench::xnnpack {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kConstantAlignment = 16;  // what flatbuffers give to constants

}  // namespace

void FreeDeleter::operator()(uint8_t* memory) const { std::free(memory); }

PaddedMemory AllocatePadded(size_t bytes) {
  const size_t size = (bytes + XNN_EXTRA_BYTES + kAlignment - 1) / kAlignment * kAlignment;
  PaddedMemory memory(static_cast<uint8_t*>(std::aligned_alloc(kAlignment, size)));
  if (memory != nullptr) std::memset(memory.get(), 0, size);
  return memory;
}

Result<const uint8_t*> ConstantStore::Copy(graph::TensorId id) {
  if (const auto found = copies_.find(id); found != copies_.end()) return found->second.get();
  const graph::Tensor& tensor = graph_.tensors[static_cast<size_t>(id)];
  const ByteSpan bytes = tensor.constant->bytes();
  PaddedMemory memory = AllocatePadded(bytes.size());
  if (memory == nullptr) {
    return Error(StatusCode::kOutOfMemory, "no memory for the constant '{}' of {} bytes",
                 SafeName(tensor.name), bytes.size());
  }
  if (!bytes.empty()) std::memcpy(memory.get(), bytes.data(), bytes.size());
  return copies_.emplace(id, std::move(memory)).first->second.get();
}

Result<const uint8_t*> ConstantStore::Aligned(graph::TensorId id) {
  const uint8_t* data = graph_.tensors[static_cast<size_t>(id)].constant->bytes().data();
  if (reinterpret_cast<uintptr_t>(data) % kConstantAlignment == 0) return data;
  return Copy(id);
}

Result<const uint8_t*> ConstantStore::Padded(graph::TensorId id) { return Copy(id); }

const float* ConstantStore::Keep(std::vector<float> values) {
  kept_.push_back(std::make_unique<const std::vector<float>>(std::move(values)));
  return kept_.back()->data();
}

}  // namespace qbench::xnnpack
