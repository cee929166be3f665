// Which pairs of processes of a night count. Internal to night.h.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "harness/store/store.h"

namespace qbench::results {

// The latency processes of a cell by repetition; they point into it.
std::map<int32_t, const store::Measurement*> LatencyProcesses(const store::CellData& cell);

// The pairs of a cell in a range of repetitions.
struct NightPairs {
  std::set<int32_t> counting;
  int64_t measured = 0;
  std::string why_lost;  // of the first that does not count

  int64_t lost() const { return measured - static_cast<int64_t>(counting.size()); }
  bool TooMany(double max_lost) const {
    return static_cast<double>(lost()) > max_lost * static_cast<double>(measured);
  }
};

// Of repetitions `from` to `to` - 1, those that both sides measured. A pair does not count where
// one of the two failed or was invalid, or waited for a processor for more than `max_waiting`.
NightPairs FindPairs(const store::CellData& base, const store::CellData& now, int32_t from,
                     int32_t to, double max_waiting);

}  // namespace qbench::results
