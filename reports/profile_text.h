// Where the time goes, as people read it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "harness/results/profile_summary.h"
#include "reports/variants.h"

namespace qbench::reports {

// The operators and steps of a profile that took time, the costliest first; at most `count`.
std::vector<const store::OperatorProfile*> Costliest(const store::Measurement& profile,
                                                     size_t count);

// "XNNPACK took 65 of 66 operators, in 2 partitions; not SOFTMAX (0.0 % of the multiplications,
// 0.4 % of the time)"; empty where the runtime works without a delegate.
std::string DelegationText(const results::Delegation& delegation);

// The costliest operators, at most `count`, a line each under a headline: share of the time, time,
// multiply-adds and bytes a second, operator, what the runtime calls it.
std::string OperatorTable(const store::Measurement& profile, size_t count);

// For the closing table, with a headline: what the delegate took and the three costliest operators
// of each cell that was profiled, and why it could not be for the others. Where profiles were not
// asked for, the cells of which the delegate did not take everything. Else empty.
std::vector<std::string> ProfileLines(const RunView& run);

}  // namespace qbench::reports
