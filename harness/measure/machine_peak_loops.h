// The loops whose speed is this machine's peak. Internal to measure.
//
// They are plain C++ for the compiler to vectorize, without intrinsics; each is compiled for
// several instruction sets (function attribute "target") of which the processor must have one. The
// file is compiled with -O3 in every build, and may fuse multiplications and additions: nobody sees
// what it computes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/measure/machine_peak.h"

namespace qbench::measure {

// What one thread works on.
class PeakOperands {
 public:
  // `buffer_bytes` of memory, touched here. Throws std::bad_alloc.
  explicit PeakOperands(uint64_t buffer_bytes);

  // For 8-bit multiply-adds: vectors of kDepth numbers, which fit the first-level cache.
  static constexpr int kRows = 4;
  static constexpr int kColumns = 4;
  static constexpr int kDepth = 2048;
  const int8_t* signed_rows() const { return signed_rows_.data(); }
  const uint8_t* unsigned_rows() const { return unsigned_rows_.data(); }
  const int8_t* columns() const { return columns_.data(); }

  // For those of floats: so small that a number times 1 + factor stays what it is, and nothing
  // overflows. Volatile, so that the compiler does not know.
  volatile float factor = 1e-8F;

  // For bandwidth: three streams of equal length.
  std::span<float> stream(int index) {
    const size_t length = buffer_.size() / 3;
    return {buffer_.data() + length * static_cast<size_t>(index), length};
  }
  std::span<const float> buffer() const { return buffer_; }

  // Whatever is computed goes here, so that it must be computed.
  volatile double sink = 0;

 private:
  std::vector<int8_t> signed_rows_;
  std::vector<uint8_t> unsigned_rows_;
  std::vector<int8_t> columns_;
  std::vector<float> buffer_;
};

struct PeakLoop {
  store::PeakKind kind = store::PeakKind::kMultiplyAdd;
  const char* type = "";          // as in store::MachinePeak
  const char* compiled_for = "";  // the instruction set
  // One round; returns the multiply-adds or bytes that it took. At most a few milliseconds for
  // multiply-adds, one pass over the buffer for bandwidth.
  double (*run)(PeakOperands& operands) = nullptr;
};

// Those that this processor can run, several of a type.
std::vector<PeakLoop> PeakLoops();

}  // namespace qbench::measure
