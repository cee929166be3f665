// A seeded mutator of files for the readers' fuzz tests. The same seed gives the same mutations on
// every machine, so a failure is repeated by its number.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include "base/bytes.h"

namespace qbench::fuzz {

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : random_(seed) {}

  // A copy of `original` with one to eight random changes; now and then cut off. `original` is not
  // empty; the result may be.
  Bytes Mutate(const Bytes& original) {
    Bytes bytes = original;
    const size_t changes = 1 + Below(8);
    for (size_t i = 0; i < changes && !bytes.empty(); ++i) Change(bytes);
    return bytes;
  }

 private:
  // 0 <= result < limit. std::uniform_int_distribution differs between standard libraries.
  size_t Below(size_t limit) { return static_cast<size_t>(random_() % limit); }

  // Headers and tables stand at either end of a file and the middle is weights, so half of the
  // changes go to the first or last few kilobytes.
  size_t Position(const Bytes& bytes) {
    constexpr size_t kEdge = 16384;
    if (bytes.size() <= 2 * kEdge || Below(2) == 0) return Below(bytes.size());
    return Below(2) == 0 ? Below(kEdge) : bytes.size() - 1 - Below(kEdge);
  }

  void Change(Bytes& bytes) {
    switch (Below(16)) {
      case 0:
        return Truncate(bytes);
      case 1:
      case 2:
        return Splice(bytes);
      case 3:
      case 4:
      case 5:
        bytes[Position(bytes)] = static_cast<uint8_t>(random_());
        return;
      case 6:
      case 7:
      case 8:
      case 9:
      case 10:
        return PutInteger(bytes);
      default:
        bytes[Position(bytes)] ^= static_cast<uint8_t>(1U << Below(8));
        return;
    }
  }

  void Truncate(Bytes& bytes) {
    // Often by a little, which leaves most of the structure whole.
    const size_t cut =
        Below(2) == 0 ? Below(std::min<size_t>(bytes.size(), 64)) + 1 : Below(bytes.size()) + 1;
    bytes.resize(bytes.size() - cut);
  }

  // Copies a stretch of the file over another place.
  void Splice(Bytes& bytes) {
    const size_t from = Position(bytes);
    const size_t to = Position(bytes);
    const size_t longest = bytes.size() - std::max(from, to);
    const size_t length = 1 + Below(std::min<size_t>(longest, 64));
    std::memmove(bytes.data() + to, bytes.data() + from, length);
  }

  // Offsets, counts and sizes are integers at aligned places: put one there that hurts.
  void PutInteger(Bytes& bytes) {
    static constexpr std::array<uint64_t, 16> kInteresting = {
        0,      1,      2,          4,          0x7F,       0x80,       0xFF,           0x7FFF,
        0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC, UINT64_MAX / 2, UINT64_MAX};
    const size_t width = size_t{1} << Below(4);
    if (bytes.size() < width) return;
    uint64_t value = kInteresting[Below(kInteresting.size())];
    const size_t at = std::min(Position(bytes), bytes.size() - width) / width * width;
    if (Below(3) == 0) {  // or change the number that is there by a little
      std::memcpy(&value, bytes.data() + at, width);
      value += Below(2) == 0 ? 1 + Below(4) : uint64_t{0} - 1 - Below(4);
    }
    std::memcpy(bytes.data() + at, &value, width);
  }

  std::mt19937_64 random_;
};

}  // namespace qbench::fuzz
