// The costliest operators of each variant that was profiled, held against the same layers of the
// float variant and against what the machine can do at best.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "reports/variants.h"

namespace qbench::reports {

struct OperatorRow {
  const store::OperatorProfile* profile = nullptr;
  double share = 0;  // of all that the profile saw
  double ms = 0;
  // The same layer in float on the same runtime and threads; none for float itself, for a layer or
  // step that float does not have, and where float was not profiled.
  std::optional<double> float_ms;
  std::optional<double> ratio;  // ms / float_ms; none where that is below kShortestMs
  // Rates in thousand millions a second; none for what multiplies, or moves, nothing.
  std::optional<double> gmacs;
  std::optional<double> gbytes;
  // The rates as fractions of the machine's peak; none where that was not measured. More than 1
  // where a kernel beats the measuring loop, or bytes stay in a cache.
  std::optional<double> gmacs_of_peak;
  std::optional<double> gbytes_of_peak;
  std::string where;  // "XNNPACK"; "–": not delegated; empty: there is no delegate
};

struct CostliestOperators {
  const Variant* variant = nullptr;  // of the RunView
  std::string delegation;            // what the delegate took; empty: the runtime has none
  std::string shown;      // "the 10 costliest of 66 operators and steps: 71.0 % of 0.310 ms"
  bool is_float = false;  // then no row has float_ms
  std::vector<OperatorRow> rows;
};

inline constexpr size_t kCostliest = 10;
// From this ratio on an operator is marked as slower than in float: profiles tell whole
// microseconds, of which a step may have ten.
inline constexpr double kSlowerThanFloat = 1.2;
// Shorter times are told by no profiler in microseconds; nothing is divided by them.
inline constexpr double kShortestMs = 0.001;

// Of the variants whose profile succeeded, in the order of the run's.
std::vector<CostliestOperators> OperatorTables(const RunView& run);

// The rows of a table as JSON objects (docs/formats.md).
OrderedJson OperatorsJson(const CostliestOperators& table);

// Which of the machine's multiply-add peaks an operator is held against: "int8", "float32",
// "float16"; empty where none fits (int16). Dynamic range quantization reads float32 but multiplies
// int8: XNNPACK calls that "QD8" or "QP8", and kernels outside of a delegate do it wherever weights
// are int8.
std::string ArithmeticType(const store::OperatorProfile& profile);

}  // namespace qbench::reports
