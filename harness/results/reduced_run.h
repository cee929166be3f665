// Reading a run for reports that say what its samples come to and show none of them: of 10,000
// cells the samples and conditions would fill the memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "harness/store/store.h"

namespace qbench::results {

enum class Keep {
  kSummaries,   // figures and predictions: no samples of latency, no confidences, no log, no times
                // of day
  kComparison,  // the same with confidences and without the tails of the latencies, for
                // comparison.h
};

// LoadRun without the rest. Of a latency process's conditions the facts that its runtime told stay,
// where the cell's summary needs them, and readings (ReadingOf). Everything in summary.h and
// comparison.h says the same of such a run. The errors of LoadRun.
Result<store::RunData> LoadReduced(store::Store& store, int64_t run_id, Keep keep);

// A number among a process's conditions (harness/measure/conditions.h): what the board said `end`
// ("before" or "after") it. None where it is not there, or is no number.
std::optional<double> ReadingIn(const Json& conditions, std::string_view end,
                                std::string_view name);

// A number that the board said before or after a latency process (`end`: "before", "after"), of
// those that comparisons look at: "temperature_c", "frequency_khz", "load_1min", "throttled". None:
// it did not say it.
std::optional<double> ReadingOf(const store::CellData& cell, const store::Measurement& process,
                                std::string_view end, std::string_view name);

}  // namespace qbench::results
