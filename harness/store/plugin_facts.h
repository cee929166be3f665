// The names of the facts that qbench itself stores with a plugin, beside what the plugin told.
#pragma once

namespace qbench::store {

// true: a quantizer that leaves the model as it is, with which the others are compared. Runs of
// earlier versions do not have it.
inline constexpr const char* kBaselineFact = "baseline";

}  // namespace qbench::store
