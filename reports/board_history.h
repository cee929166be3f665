// What the board did while the run's latencies were measured: temperature, clock, load and
// throttling before and after each process, against time, with the cells marked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/variants.h"

namespace qbench::reports {

// What is not known is absent.
struct BoardReading {
  std::optional<double> temperature_c;
  std::optional<double> mhz;      // of the first core, as asked for
  std::optional<double> load;     // over a minute
  std::optional<bool> throttled;  // or under-voltage, capped or too hot, at this moment
};

// A process that measured latency.
struct BoardSpan {
  const Variant* variant;
  int32_t repetition = 0;
  double start = 0;  // seconds since the first one's start
  double end = 0;
  BoardReading before;
  BoardReading after;
};

// In order of time. Those whose times are not stored are left out.
std::vector<BoardSpan> BoardHistory(const RunView& run);

// Inline SVG: a lane a reading, "not measured" in one that has none, and a lane of the processes,
// each with its cell's name as a title. No colours of its own (classes `lane`, `reading`, `bad`,
// `span`). Empty of fewer than two processes. Of more than kMostSpans every n-th is drawn.
inline constexpr size_t kMostSpans = 1200;
std::string BoardSvg(const std::vector<BoardSpan>& history);

// "48.2 → 53.8 °C"; kMissing where neither is known.
std::string BeforeAndAfter(const std::optional<double>& before, const std::optional<double>& after,
                           int decimals);

}  // namespace qbench::reports
