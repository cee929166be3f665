// The warnings of one job: each text once, and not more of them than somebody reads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qbench::host {

// One thread at a time.
class WarningList {
 public:
  // More would fill the memory and the store of whoever measures with a plugin that warns of every
  // sample.
  static constexpr size_t kMostLines = 100;
  static constexpr size_t kMostBytes = 1000;  // of a line

  // A line that is there already is not added again.
  void Add(const std::string& line);
  // In the order of their first occurrence; where some did not fit, a last line says how many.
  std::vector<std::string> lines() const;

 private:
  std::vector<std::string> lines_;
  uint64_t left_out_ = 0;
};

}  // namespace qbench::host
