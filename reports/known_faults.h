// Faults of runtimes that are known to ruin predictions, and how each is recognised in a run's
// rows.
#pragma once

#include <optional>
#include <string>

#include "reports/variants.h"

namespace qbench::reports {

struct KnownFault {
  std::string id;    // for machines: "litert-dynamic-range-16-bit-sums"
  std::string text;  // what it is, which layer it strikes, and what to do: a sentence or two
};

// The first known fault that this variant meets all the conditions of: runtime, version, kernels,
// processor, and an operator of the kind, types and size that it strikes. That it has struck is for
// the predictions to say.
std::optional<KnownFault> FindKnownFault(const RunView& run, const Variant& variant);

}  // namespace qbench::reports
