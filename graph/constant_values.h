// A constant's elements without a copy of them: weights may be large.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "graph/ir.h"

namespace qbench::graph {

// The elements where they are, or a copy where the bytes are not aligned for a T, which has the
// size of the tensor's type. Lives no longer than the constant. Neither copied nor moved.
template <typename T>
class ConstantValues {
 public:
  explicit ConstantValues(const Constant& constant) {
    const ByteSpan bytes = constant.bytes();
    if (reinterpret_cast<uintptr_t>(bytes.data()) % alignof(T) == 0) {
      values_ = {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
    } else {
      copy_ = constant.Values<T>();
      values_ = copy_;
    }
  }
  ConstantValues(const ConstantValues&) = delete;
  ConstantValues& operator=(const ConstantValues&) = delete;

  std::span<const T> span() const { return values_; }

 private:
  std::span<const T> values_;
  std::vector<T> copy_;
};

// A constant that takes the elements over, where MakeConstant copies them.
template <typename T>
Constant TakeConstant(std::vector<T> values) {
  const auto owner = std::make_shared<const std::vector<T>>(std::move(values));
  return {owner, AsBytes(*owner)};
}

}  // namespace qbench::graph
