// The nights of a database: runs that were measured beside a pinned baseline and judged
// (`qbench run --gate`), each judged as it was then: by the same rules, with the floors that the
// board had shown by then.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "harness/results/environment.h"
#include "harness/results/night.h"
#include "harness/store/store.h"

namespace qbench::results {

// Floors are learned from the newest so many nights before one. Older ones tell of another board by
// now, and take time to read.
inline constexpr size_t kFloorNights = 60;

bool IsNight(const store::Run& run);
// The name and the hash of the baseline that a night was measured beside; empty of other runs.
std::string BaselineOf(const store::Run& run);
std::string BaselineHashOf(const store::Run& run);

// The runs whose nights the floors of `run` are learned from, the newest first: finished ones
// before it on the same board. `runs` are a store's, the newest first.
std::vector<const store::Run*> NightsBefore(const std::vector<store::Run>& runs,
                                            const store::Run& run);

struct Temperatures {
  double low = 0;  // °C, over the starts and ends of the latency processes of both sides
  double median = 0;
  double high = 0;
};

struct JudgedNight {
  store::Run run;
  // None: the run did not finish, and nothing is said of it.
  std::optional<Night> night;
  std::optional<Temperatures> temperatures;  // none: the board does not tell
  // What of inputs and programs is not what it was on the finished night before that was measured
  // beside the same baseline; empty of the first.
  std::vector<FactDifference> changed;
};

struct NightChoice {
  std::string baseline = {};  // its name; empty: that of the newest night
  size_t last = 180;          // the newest so many, unfinished ones among them
};

struct NightHistory {
  std::string baseline;             // empty: there is no night
  std::vector<JudgedNight> nights;  // the oldest first; all of one board and baseline name
  size_t older = 0;                 // nights that are not among the newest
  size_t other_boards = 0;  // that were measured on another board than the newest, and left out
};

// kNotFound: no night has that baseline, naming those that there are. kCancelled. The store's.
Result<NightHistory> LoadNights(store::Store& store, const NightChoice& choice);

}  // namespace qbench::results
