// Why a quantized variant is as fast as it is: from its operators' profile, that of its float
// variant and the machine's peak to causes with numbers, and a paragraph in plain words.
//
// Pure functions over plain facts; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/store/records.h"
#include "reports/pace.h"

namespace qbench::reports {

// One variant on one runtime.
struct ProfiledVariant {
  std::string name;                 // "int8"
  std::optional<double> median_ms;  // its measured latency, without the profiler
  double profiled_ms = 0;           // median of the profiled inferences
  double quickest_ms = 0;  // the quickest of them: operators, what lies between, and no disturbance
  std::vector<store::OperatorProfile> operators;
  std::string delegate;   // "XNNPACK"; empty: the runtime works without one
  bool is_float = false;  // the model as it is, not quantized
};

struct ExplanationFacts {
  ProfiledVariant variant;
  std::optional<ProfiledVariant> base;  // float, on the same runtime with the same threads
  std::vector<store::MachinePeak> peaks;
  int32_t threads = 1;
  int64_t cache_bytes = 0;  // of the machine's largest cache; 0: not known
  // Of the variant's latency against the base's, as far as the processes tell; and the interval of
  // that ratio with its coverage, as RatioRange and Coverage write them; empty: there is none.
  Pace pace = Pace::kUnknown;
  std::string ratio_range = {};
  std::string coverage = {};
  // A sentence that names the scheme to take in place of a variant that is slower than float
  // (faster_scheme.h); empty: there is none.
  std::string faster_scheme = {};
};

// Every microsecond of the variant belongs to at most one of these.
enum class CauseKind {
  kNotDelegated,        // the delegate left operators to the runtime's own kernels
  kConversion,          // QUANTIZE, DEQUANTIZE and the delegate's own conversions
  kPartitions,          // the model is cut into pieces; time between operators
  kFloatArithmetic,     // weights are small in the file, but the arithmetic is float's
  kNoDotProduct,        // the processor multiplies int8 hardly faster than float32
  kSlowIntegerKernels,  // it could, but the runtime's kernels do not
  kDepthwise,           // few multiply-adds for each byte, short loops
  kMemory,              // memory bandwidth, not arithmetic, sets the pace
  kOverhead,            // the model is so small that what lies around operators counts
};

// "not_delegated", "conversion", ….
std::string_view CauseName(CauseKind kind);

struct Cause {
  CauseKind kind = CauseKind::kNotDelegated;
  double share = 0;  // of the variant's profiled time
  // More (or, negative, less) than the same operators take in the base, in milliseconds of profiled
  // time; none where there is no base.
  std::optional<double> extra_ms;
  std::string text;  // a sentence
};

struct Explanation {
  std::optional<double> ratio;  // of the measured latencies, to the base; none: one is missing
  // Those that are worth a sentence, what costs most first.
  std::vector<Cause> causes;
  std::string headline;   // the first sentence: how many times faster or slower
  std::string paragraph;  // with the headline
};

// The thresholds, and why they are what they are.
//
// Medians of one program on one board differ by up to some 3 % from day to day, so variants that
// are closer than 5 % are called as fast as each other.
inline constexpr double kSameSpeed = 1.05;
// What takes less than a tenth of the time is not named: to mend it would hardly be noticed.
inline constexpr double kNamedShare = 0.10;
// An operator that is at least so many times as fast as in float has gained what quantizing
// promises, and needs no excuse. Bytes shrink 4 times, arithmetic gets 1 to 4 times as fast.
inline constexpr double kGain = 1.2;
// Memory sets the pace of an operator whose bytes alone, at the machine's best bandwidth, would
// take at least half of its time, and longer than its multiply-adds at their best rate (the
// roofline of Williams, Waterman and Patterson 2009, CACM 52(4)). Half, because bytes are counted
// once.
inline constexpr double kMemoryShare = 0.5;
// More than the bandwidth, with some room for what it was measured too low, comes from a cache.
inline constexpr double kFromCache = 1.25;
// Below this ratio of the int8 to the float32 peak, the processor has no 8-bit dot product: with
// one the ratio is 3 to 4, without 0.4 to 1.2.
inline constexpr double kDotProductRatio = 1.5;
// Integer kernels that reach less than this share of the int8 peak are slow kernels; good ones
// reach half of it and more in layers that arithmetic bounds.
inline constexpr double kSlowKernelShare = 0.25;
// Pieces more than in float from which on a model is called cut up.
inline constexpr int kManyPartitions = 3;
// A model this quick or quicker is called small where overhead is named.
inline constexpr double kSmallMs = 1.0;
// A latency that is so many times the profiled one means that something else ran: profiling only
// ever costs time.
inline constexpr double kDisturbed = 1.3;

// The facts' operators must have been profiled: an empty list gives an empty explanation.
Explanation Explain(const ExplanationFacts& facts);

}  // namespace qbench::reports
