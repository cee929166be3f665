#include "reports/explanation.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "fmt/format.h"
#include "harness/results/peak_lookup.h"
#include "reports/counterparts.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using store::OperatorProfile;

constexpr std::array<std::string_view, 9> kCauseNames = {
    "not_delegated",        "conversion", "partitions", "float_arithmetic", "no_dot_product",
    "slow_integer_kernels", "depthwise",  "memory",     "overhead"};

// --- Operators ----------------------------------------------------------------------------------

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool IsStep(const OperatorProfile& op) { return op.op < 0; }
bool IsDepthwise(const OperatorProfile& op) { return op.kind == "DEPTHWISE_CONV_2D"; }
bool IsFloat(std::string_view type) { return type == "float32"; }
bool IsInteger(std::string_view type) {
  return type == "int8" || type == "uint8" || type == "int16";
}

// A change of type, as an operator of the model or as a step that the delegate put in (XNNPACK
// calls it "Convert (NC, QS8, F32)").
bool IsConversion(const OperatorProfile& op) {
  if (op.kind == "QUANTIZE" || op.kind == "DEQUANTIZE") return true;
  return IsStep(op) && (Contains(op.name, "Convert") || Contains(op.name, "uantize"));
}

// "depthwise convolutions"; kinds without a usual name keep theirs.
std::string KindName(const std::string& kind, int count) {
  static const std::map<std::string, std::pair<const char*, const char*>> names = {
      {"CONV_2D", {"convolution", "convolutions"}},
      {"DEPTHWISE_CONV_2D", {"depthwise convolution", "depthwise convolutions"}},
      {"TRANSPOSE_CONV", {"transposed convolution", "transposed convolutions"}},
      {"FULLY_CONNECTED", {"fully connected layer", "fully connected layers"}}};
  const auto known = names.find(kind);
  if (known == names.end()) return kind;
  return count == 1 ? known->second.first : known->second.second;
}

double SumUs(const std::vector<OperatorProfile>& operators) {
  double sum = 0;
  for (const OperatorProfile& op : operators) sum += op.median_us;
  return sum;
}

// Time of an inference that is in no operator and no step. The profiler's own work lies there too,
// so where the latency without it is less, that is taken.
double BetweenUs(const ProfiledVariant& variant) {
  const double whole_ms = std::min(variant.quickest_ms, variant.median_ms.value_or(1e300));
  return std::max(0.0, whole_ms * 1e3 - SumUs(variant.operators));
}

int Partitions(const ProfiledVariant& variant) {
  std::set<int32_t> partitions;
  for (const OperatorProfile& op : variant.operators) {
    if (op.partition >= 0) partitions.insert(op.partition);
  }
  return static_cast<int>(partitions.size());
}

// --- What an operator's time goes into ----------------------------------------------------------

// The operators of one cause.
struct Group {
  double us = 0;
  double base_us = 0;  // of their counterparts
  int64_t macs = 0;
  int64_t bytes = 0;
  std::map<std::string, std::pair<int, double>> kinds;  // operators and time by kind
};

class Explainer {
 public:
  explicit Explainer(const ExplanationFacts& facts)
      : facts_(facts),
        counterparts_(facts.variant.operators,
                      facts.base ? std::span<const OperatorProfile>(facts.base->operators)
                                 : std::span<const OperatorProfile>()),
        total_us_(SumUs(facts.variant.operators)) {
    total_us_ += BetweenUs(facts.variant);
    for (const OperatorProfile& op : facts.variant.operators) {
      touched_bytes_ += op.bytes_read + op.bytes_written;
    }
    if (facts.base && facts.base->median_ms && facts.variant.median_ms &&
        *facts.base->median_ms > 0) {
      result_.ratio = *facts.variant.median_ms / *facts.base->median_ms;
    }
  }

  Explanation Explain() {
    for (const OperatorProfile& op : facts_.variant.operators) {
      if (const auto cause = CauseOf(op)) Add(op, groups_[*cause]);
    }
    AddBetween();
    for (const auto& [kind, group] : groups_) Name(kind, group);
    for (Cause& cause : result_.causes) cause.text = Sentence(cause.kind, groups_.at(cause.kind));
    // What costs most against float comes first where it is slower, what takes most time otherwise.
    std::ranges::stable_sort(result_.causes, [&](const Cause& a, const Cause& b) {
      if (Slower() && a.extra_ms && b.extra_ms) return *a.extra_ms > *b.extra_ms;
      return a.share > b.share;
    });
    result_.headline = Headline();
    result_.paragraph = Paragraph();
    return std::move(result_);
  }

 private:
  bool Slower() const {
    return facts_.pace == Pace::kSlower && result_.ratio && *result_.ratio > kSameSpeed;
  }
  bool Faster() const {
    return facts_.pace == Pace::kFaster && result_.ratio && *result_.ratio < 1 / kSameSpeed;
  }

  std::optional<double> Peak(std::string_view type) const {
    return results::PeakPerSecond(facts_.peaks, store::PeakKind::kMultiplyAdd, type,
                                  facts_.threads);
  }
  // How many times as fast the machine multiplies int8 as float32.
  std::optional<double> PeakRatio() const {
    const auto integer = Peak("int8");
    const auto real = Peak("float32");
    if (!integer || !real || *real <= 0) return std::nullopt;
    return *integer / *real;
  }

  // Is memory what an operator waits for? See kMemoryShare. Not where a cache holds all that an
  // inference touches, or this operator is faster than memory can be.
  bool MemoryBound(const OperatorProfile& op) const {
    if (touched_bytes_ < facts_.cache_bytes / 2) return false;
    const auto bandwidth = results::BandwidthPeak(facts_.peaks, facts_.threads);
    const auto rate = Peak(IsInteger(op.input_type) ? "int8" : "float32");
    if (!bandwidth || !rate || op.median_us <= 0) return false;
    const double bytes_us =
        static_cast<double>(op.bytes_read + op.bytes_written) / *bandwidth * 1e6;
    const double macs_us = static_cast<double>(op.macs) / *rate * 1e6;
    return bytes_us > macs_us && bytes_us >= kMemoryShare * op.median_us &&
           bytes_us <= kFromCache * op.median_us;
  }

  std::optional<CauseKind> CauseOf(const OperatorProfile& op) const {
    if (op.median_us <= 0) return std::nullopt;
    if (IsConversion(op)) return CauseKind::kConversion;
    if (IsStep(op)) return CauseKind::kOverhead;
    const OperatorProfile* base = counterparts_.Of(op);
    const bool gained = base != nullptr && base->median_us >= kGain * op.median_us;
    if (!facts_.variant.delegate.empty() && op.partition < 0) return CauseKind::kNotDelegated;
    // Where all is faster than float, what still takes the time is asked instead.
    if (gained && !Faster()) return std::nullopt;
    if (op.macs == 0) {
      return MemoryBound(op) ? std::optional(CauseKind::kMemory) : std::nullopt;
    }
    if (ComputesInFloat(op)) return CauseKind::kFloatArithmetic;
    if (MemoryBound(op)) return CauseKind::kMemory;
    if (IsDepthwise(op)) return CauseKind::kDepthwise;
    return gained ? std::nullopt : IntegerCause(op);
  }

  // Float arithmetic in a variant that is not float. Dynamic range quantization has the same types,
  // but quantizes its inputs on the way: XNNPACK calls that "QD8", "QDU8" or "QP8", the kernels of
  // a runtime without a delegate always do it where weights are integers.
  bool ComputesInFloat(const OperatorProfile& op) const {
    if (!IsFloat(op.input_type) || facts_.variant.is_float) return false;
    if (Contains(op.steps, "QD") || Contains(op.steps, "QP8")) return false;
    return !facts_.variant.delegate.empty() || !IsInteger(op.weight_type);
  }

  // An integer operator that arithmetic bounds, and that is no faster than in float.
  std::optional<CauseKind> IntegerCause(const OperatorProfile& op) const {
    const auto ratio = PeakRatio();
    if (!IsInteger(op.input_type) || !ratio) return std::nullopt;
    if (*ratio < kDotProductRatio) return CauseKind::kNoDotProduct;
    const double rate = static_cast<double>(op.macs) / op.median_us * 1e6;
    if (rate < kSlowKernelShare * *Peak("int8")) return CauseKind::kSlowIntegerKernels;
    return std::nullopt;
  }

  void Add(const OperatorProfile& op, Group& group) const {
    group.us += op.median_us;
    if (const OperatorProfile* base = counterparts_.Of(op)) group.base_us += base->median_us;
    group.macs += op.macs;
    group.bytes += op.bytes_read + op.bytes_written;
    auto& [count, us] = group.kinds[op.kind];
    ++count;
    us += op.median_us;
  }

  // Time between operators: that of the cuts where the model is cut up, else of its smallness.
  void AddBetween() {
    const double between = BetweenUs(facts_.variant);
    const int usual = facts_.base ? Partitions(*facts_.base) : 1;
    const bool cut = Partitions(facts_.variant) >= usual + kManyPartitions;
    Group& group = groups_[cut ? CauseKind::kPartitions : CauseKind::kOverhead];
    group.us += between;
    if (facts_.base) group.base_us += BetweenUs(*facts_.base);
  }

  double ShareOf(const Group& group) const { return total_us_ > 0 ? group.us / total_us_ : 0; }

  // Adds the cause where it is worth a sentence: a tenth of the time, or of the difference to
  // float.
  void Name(CauseKind kind, const Group& group) {
    Cause cause{kind, ShareOf(group), std::nullopt, {}};
    if (facts_.base) cause.extra_ms = (group.us - group.base_us) / 1e3;
    bool named = cause.share >= kNamedShare;
    if (Slower()) {
      const double slower_ms = *facts_.variant.median_ms - *facts_.base->median_ms;
      const bool explains = *cause.extra_ms >= kNamedShare * slower_ms;
      // What float pays as well does not make this one slower.
      named = explains && *cause.extra_ms > 0;
    }
    if (kind == CauseKind::kOverhead && facts_.variant.profiled_ms > kSmallMs) named = false;
    if (!named) return;
    result_.causes.push_back(std::move(cause));
  }

  // --- Words ------------------------------------------------------------------------------------

  int CountOf(const std::string& kind) const {
    return static_cast<int>(
        std::ranges::count(facts_.variant.operators, kind, &OperatorProfile::kind));
  }

  // "10 of 10 depthwise convolutions and the SOFTMAX": the two kinds that take most.
  std::string Operators(const Group& group) const {
    std::vector<std::pair<std::string, std::pair<int, double>>> kinds(group.kinds.begin(),
                                                                      group.kinds.end());
    std::erase_if(kinds, [](const auto& kind) { return kind.first.empty(); });
    std::ranges::stable_sort(
        kinds, [](const auto& a, const auto& b) { return a.second.second > b.second.second; });
    std::vector<std::string> parts;
    int others = 0;
    for (const auto& [kind, operators] : kinds) {
      if (parts.size() < 2) {
        const int all = CountOf(kind);
        parts.push_back(
            all == 1 ? "the " + KindName(kind, 1)
                     : fmt::format("{} of {} {}", operators.first, all, KindName(kind, all)));
      } else {
        others += operators.first;
      }
    }
    if (others > 0) parts.push_back(Counted(others, "other operator"));
    if (parts.size() < 2) return parts.empty() ? "" : parts[0];
    const std::string last = parts.back();
    parts.pop_back();
    return fmt::format("{} and {}", fmt::join(parts, ", "), last);
  }

  // "62 %", "0.4 %"
  static std::string PerCent(double share) {
    return share < 0.01 ? fmt::format("{:.1f} %", share * 100)
                        : fmt::format("{:.0f} %", share * 100);
  }
  static std::string TimeShare(double share) { return PerCent(share) + " of the time"; }

  static std::string Duration(double ms) {
    return ms < 0.1 ? Significant(ms * 1e3) + " µs" : Significant(ms) + " ms";
  }

  // ", 0.9 ms more than in float"; empty where the two are about the same, there is no base, or all
  // takes less anyway.
  std::string Against(const Group& group) const {
    if (!facts_.base) return {};
    const double extra = (group.us - group.base_us) / 1e3;
    if (std::abs(extra) * 1e3 < (kSameSpeed - 1) * total_us_ || (Faster() && extra < 0)) return {};
    return fmt::format(", {} {} than in {}", Duration(std::abs(extra)), extra > 0 ? "more" : "less",
                       facts_.base->name);
  }

  std::string Rate(const Group& group) const {
    return Significant(static_cast<double>(group.macs) / group.us / 1e3) + " GMAC/s";
  }

  // ", 48 % of this machine's 200 GMAC/s"
  std::string OfPeak(const Group& group) const {
    const auto peak = Peak("int8");
    if (!peak) return {};
    const double share = static_cast<double>(group.macs) / group.us * 1e6 / *peak;
    return fmt::format(", {} of this machine's {}", PerCent(share), Significant(*peak / 1e9));
  }

  // "4 of 4 depthwise convolutions take": the operators at the beginning of a sentence, with their
  // verb, of which `one` is the form for a single operator.
  std::string Subject(const Group& group, std::string_view one, std::string_view several) const {
    int count = 0;
    for (const auto& [kind, operators] : group.kinds) count += operators.first;
    std::string text = fmt::format("{} {}", Operators(group), count == 1 ? one : several);
    if (text.starts_with("the ")) text[0] = 'T';
    return text;
  }

  std::string Sentence(CauseKind kind, const Group& group) const {
    const std::string share = TimeShare(ShareOf(group)) + Against(group);
    switch (kind) {
      case CauseKind::kNotDelegated:
        return fmt::format("{} left to the runtime's own kernels by {}: {}.{}",
                           Subject(group, "was", "were"), facts_.variant.delegate, share, Pieces());
      case CauseKind::kConversion:
        return fmt::format("Conversions between float and integers take {}.", share);
      case CauseKind::kPartitions:
        return fmt::format(
            "The model is cut into {} pieces for {}, and what lies between operators takes {}.",
            Partitions(facts_.variant), facts_.variant.delegate, share);
      case CauseKind::kFloatArithmetic:
        return fmt::format("{} in float32: {}; smaller weights alone save no arithmetic.",
                           Subject(group, "still computes", "still compute"), share);
      case CauseKind::kNoDotProduct:
        return fmt::format(
            "This processor multiplies int8 only {} as fast as float32 (it has no 8-bit dot "
            "product), which leaves nothing to gain in {}: {}.",
            Ratio(PeakRatio()), Operators(group), share);
      case CauseKind::kSlowIntegerKernels:
        return fmt::format("{} {}: the runtime's integer kernels are slow ({}{}).",
                           Subject(group, "takes", "take"), share, Rate(group), OfPeak(group));
      case CauseKind::kDepthwise:
        return fmt::format(
            "{} {}, at {}: with so little to do for each byte, integer arithmetic gains little.",
            Subject(group, "takes", "take"), share, Rate(group));
      case CauseKind::kMemory:
        return MemorySentence(group, share);
      case CauseKind::kOverhead:
        return fmt::format(
            "The model is small: what lies around its operators takes {}, whatever their "
            "arithmetic.",
            share);
    }
    return {};
  }

  // That the model is cut up, where that has no sentence of its own.
  std::string Pieces() const {
    const bool named = std::ranges::find(result_.causes, CauseKind::kPartitions, &Cause::kind) !=
                       result_.causes.end();
    if (named || !groups_.contains(CauseKind::kPartitions)) return {};
    return fmt::format(" That cuts the model into {} pieces.", Partitions(facts_.variant));
  }

  std::string MemorySentence(const Group& group, const std::string& share) const {
    const double rate = static_cast<double>(group.bytes) / group.us * 1e6;
    const double of_peak =
        rate / results::BandwidthPeak(facts_.peaks, facts_.threads).value_or(rate);
    return fmt::format(
        "{} for memory rather than for arithmetic: {}, at {} GB/s, {} of this machine's "
        "bandwidth.",
        Subject(group, "waits", "wait"), share, Significant(rate / 1e9), PerCent(of_peak));
  }

  // What fast convolutions look like: the rate of all multiply-adds in both variants.
  std::string GoodNews() const {
    const auto rate = [](const ProfiledVariant& variant) {
      double macs = 0;
      double us = 0;
      for (const OperatorProfile& op : variant.operators) {
        if (op.macs == 0) continue;
        macs += static_cast<double>(op.macs);
        us += op.median_us;
      }
      return us > 0 ? macs / us * 1e6 : 0;
    };
    const double mine = rate(facts_.variant);
    const double theirs = rate(*facts_.base);
    if (mine <= theirs || theirs <= 0) return {};
    return fmt::format(
        " Its convolutions and fully connected layers run at {} GMAC/s together, against {} in {}.",
        Significant(mine / 1e9), Significant(theirs / 1e9), facts_.base->name);
  }

  std::string Headline() const {
    const std::string& name = facts_.variant.name;
    if (!result_.ratio) {
      return facts_.base ? fmt::format("Where {} spends its time:", name)
                         : fmt::format(
                               "Where {} spends its time (there is no float variant on the "
                               "same runtime to compare with):",
                               name);
    }
    const std::string interval =
        facts_.ratio_range.empty()
            ? ""
            : fmt::format("; {} interval of the ratio {}", facts_.coverage, facts_.ratio_range);
    const std::string against = fmt::format("{} here ({} ms against {} ms{})", facts_.base->name,
                                            Significant(*facts_.variant.median_ms),
                                            Significant(*facts_.base->median_ms), interval);
    if (Slower())
      return fmt::format("{} is {} slower than {}.", name, Ratio(result_.ratio), against);
    if (Faster()) {
      return fmt::format("{} is {} faster than {}.", name, Ratio(1 / *result_.ratio), against);
    }
    return NeitherHeadline(name, against);
  }

  std::string NeitherHeadline(const std::string& name, const std::string& against) const {
    const bool close = *result_.ratio <= kSameSpeed && *result_.ratio >= 1 / kSameSpeed;
    switch (facts_.pace) {
      case Pace::kSame:
        return fmt::format("{} is the same file as {}.", name, against);
      case Pace::kNoisy:
        return fmt::format("{} is measured too noisily to be held against {}.", name, against);
      case Pace::kUnknown:
        return fmt::format("{} is measured in too few processes to be held against {}.", name,
                           against);
      case Pace::kTie:
        if (!close) return fmt::format("{} cannot be told apart from {}.", name, against);
        break;
      case Pace::kFaster:
      case Pace::kSlower:
        break;
    }
    return fmt::format("{} is as fast as {}.", name, against);
  }

  // Where the profile and the latency are far apart, one of them was disturbed. "int8 (1.08 ms
  // where it was profiled, 2.00 ms where its latency was measured)"; empty where all is well.
  static std::string Disturbed(const ProfiledVariant& variant) {
    if (!variant.median_ms || *variant.median_ms <= kDisturbed * variant.profiled_ms) return {};
    return fmt::format("{} ({} ms where it was profiled, {} ms where its latency was measured)",
                       variant.name, Significant(variant.profiled_ms),
                       Significant(*variant.median_ms));
  }

  std::string Caveat() const {
    const std::string mine = Disturbed(facts_.variant);
    const std::string theirs = facts_.base ? Disturbed(*facts_.base) : "";
    if (mine.empty() && theirs.empty()) return {};
    return fmt::format(" Take this with care: something disturbed {}{}{}.", mine,
                       mine.empty() || theirs.empty() ? "" : " and ", theirs);
  }

  std::string Paragraph() const {
    std::string text = result_.headline;
    if (Faster()) text += GoodNews();
    for (const Cause& cause : result_.causes) text += " " + cause.text;
    if (result_.causes.empty() && Slower()) {
      text +=
          " No single cause stands out: the time is spread over operators that are each a "
          "little slower.";
    }
    if (result_.causes.empty() && !result_.ratio) {
      text += " in operators that nothing in particular holds up.";
    }
    if (Slower() && !facts_.faster_scheme.empty()) text += " " + facts_.faster_scheme;
    return text + Caveat();
  }

  const ExplanationFacts& facts_;
  const Counterparts counterparts_;
  double total_us_ = 0;
  int64_t touched_bytes_ = 0;
  std::map<CauseKind, Group> groups_;
  Explanation result_;
};

}  // namespace

std::string_view CauseName(CauseKind kind) { return kCauseNames.at(static_cast<size_t>(kind)); }

Explanation Explain(const ExplanationFacts& facts) {
  if (facts.variant.operators.empty()) return {};
  return Explainer(facts).Explain();
}

}  // namespace qbench::reports
