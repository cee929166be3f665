// What a profile says as a whole. Pure functions over records.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "harness/store/store.h"

namespace qbench::results {

// The cell's profile measurement that succeeded and has times, or null. (A run without --profile
// looks what is delegated and keeps no times.)
const store::Measurement* ProfileOf(const store::CellData& cell);

// The sum of the operators' and steps' medians: what the profile accounts for of one inference.
double ProfiledMicroseconds(const store::Measurement& profile);

// What the delegate of a runtime took of a model.
struct Delegation {
  std::string delegate;  // "XNNPACK"
  int64_t operators = 0;
  int64_t undelegated = 0;
  std::string undelegated_kinds;  // "DEPTHWISE_CONV_2D x10; SOFTMAX", the most frequent first
  int64_t partitions = 0;
  // Fractions, 0 to 1; empty where the model has no multiplications, or no time was seen.
  std::optional<double> undelegated_macs_share;
  std::optional<double> undelegated_time_share;  // of ProfiledMicroseconds
};
// Empty where the runtime works without a delegate.
std::optional<Delegation> DelegationOf(const store::Measurement& profile);
// Of the cell's profile measurement, with or without times; empty where there is none.
std::optional<Delegation> DelegationOf(const store::CellData& cell);

}  // namespace qbench::results
