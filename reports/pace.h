// Which of two variants is faster, and the interval of their ratio in words.
#pragma once

#include <string>

#include "harness/results/process_pace.h"
#include "harness/results/summary.h"

namespace qbench::reports {

struct Variant;

using results::kMaxOutlierShare;
using results::kMaxSpread;
using results::kPaceFloor;
using results::Pace;

// `variant` against `base`; kFaster: the variant is.
Pace ComparePace(const Variant& base, const Variant& variant);

// The interval of the ratio to float as the reports show it: "0.45–0.48"; kMissing where there is
// none.
std::string RatioRange(const results::CellSummary& summary);
// "0.45–0.48" of any such interval.
std::string RatioRange(double low, double high);
// Its coverage: "90 %", "99.2 %".
std::string Coverage(double confidence);

}  // namespace qbench::reports
