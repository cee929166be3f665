#include "reports/verdict.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "harness/stats/proportions.h"
#include "reports/losses.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using Group = std::vector<const Variant*>;

// "2.2", and "1.06" where one decimal says too little.
std::string Times(double ratio) {
  return ratio < 2 ? fmt::format("{:.2f}", ratio)
                   : (ratio < 10 ? fmt::format("{:.1f}", ratio) : Significant(ratio));
}

// "a, b and c"; of many "a, b, c, d and 3 more".
std::string Listed(std::vector<std::string> names) {
  constexpr size_t kShown = 4;
  std::string last;
  if (names.size() > kShown + 1) {
    last = fmt::format("{} more", names.size() - kShown);
    names.resize(kShown);
  } else {
    last = names.back();
    names.pop_back();
  }
  return names.empty() ? last : fmt::format("{} and {}", fmt::join(names, ", "), last);
}

std::string Listed(const Group& group) {
  std::vector<std::string> names;
  for (const Variant* variant : group) names.push_back(variant->setup);
  return Listed(std::move(names));
}

// What is as fast as the one with the smallest median, as far as the processes tell.
struct Fastest {
  Group tied;         // by median; empty: all were disturbed
  bool same = false;  // they are one file on one runtime
  bool known = true;  // enough processes to say so
};

Fastest FindFastest(const Group& measured) {
  Fastest fastest;
  Group steady;
  for (const Variant* variant : measured) {
    if (!variant->noisy) steady.push_back(variant);
  }
  std::ranges::stable_sort(steady, [](const auto* a, const auto* b) {
    return *a->summary.median_ms < *b->summary.median_ms;
  });
  fastest.same = steady.size() > 1;
  for (const Variant* variant : steady) {
    const Pace pace = ComparePace(*steady.front(), *variant);
    if (pace == Pace::kSlower) continue;
    fastest.known = fastest.known && pace != Pace::kUnknown;
    fastest.same = fastest.same && pace == Pace::kSame;
    fastest.tied.push_back(variant);
  }
  return fastest;
}

// The most accurate, of equals the smallest, of those the first.
const Variant* MostAccurate(const Group& group) {
  return *std::ranges::max_element(group, [](const auto* a, const auto* b) {
    return std::pair(*a->summary.top1, -a->summary.file_bytes.value_or(0)) <
           std::pair(*b->summary.top1, -b->summary.file_bytes.value_or(0));
  });
}

class Writer {
 public:
  Writer(const RunView& run, Group measured) : run_(run), measured_(std::move(measured)) {}

  std::vector<std::vector<Span>> Write() {
    if (measured_.empty()) {
      Say("No variant was measured completely, so there is nothing to compare.");
      return std::move(paragraphs_);
    }
    if (measured_.size() == 1) {
      WriteSingle(*measured_.front());
      return std::move(paragraphs_);
    }
    const Variant* shown = WriteFastest(FindFastest(measured_));
    WriteNoisy();
    WriteSmallest(shown);
    return std::move(paragraphs_);
  }

 private:
  void Say(const std::string& text) { paragraphs_.back().push_back({text, false}); }
  void SayStrong(const std::string& text) { paragraphs_.back().push_back({text, true}); }

  void WriteSingle(const Variant& only) {
    SayStrong(only.setup);
    Say(fmt::format(" takes {}\u00a0ms an image (median{}) and its file has {}\u00a0MB.",
                    Milliseconds(only.summary.median_ms),
                    only.summary.p90_ms ? fmt::format("; 90\u00a0% within {}\u00a0ms",
                                                      Milliseconds(only.summary.p90_ms))
                                        : "",
                    Megabytes(only.summary.file_bytes)));
    WriteCost(only, " It");
  }

  // Returns the one whose accuracy is told; null where none may be called the fastest.
  const Variant* WriteFastest(const Fastest& fastest) {
    if (fastest.tied.empty()) {
      Say("None can be called the fastest: something disturbed the times of every one.");
      return nullptr;
    }
    if (!fastest.known) {
      Say("Which is the fastest is not known: three processes of each are the fewest that tell "
          "(--repetitions 3). The smallest median has ");
      SayStrong(fastest.tied.front()->setup);
      Say(fmt::format(", {}\u00a0ms an image.",
                      Milliseconds(fastest.tied.front()->summary.median_ms)));
      return nullptr;
    }
    const Variant& shown = *MostAccurate(fastest.tied);
    SayStrong(Listed(fastest.tied));
    if (fastest.tied.size() == 1) {
      Say(fmt::format(" is the fastest: {}\u00a0ms an image (median){}.",
                      Milliseconds(shown.summary.median_ms), AgainstFloat(shown)));
      WriteCost(shown, " It");
      return &shown;
    }
    Say(fmt::format(" {}: {} an image (median).",
                    fastest.same ? "are one file, byte for byte, and the fastest"
                                 : "are the fastest, and tie: these times do not tell them apart",
                    MedianRange(fastest.tied)));
    Say(" ");
    SayStrong(shown.setup);
    WriteCost(shown, "");
    return &shown;
  }

  static std::string MedianRange(const Group& group) {
    const std::string low = Milliseconds(group.front()->summary.median_ms);
    const std::string high = Milliseconds(group.back()->summary.median_ms);
    return (low == high ? low : low + " to " + high) + "\u00a0ms";
  }

  // ", 2.2 times as fast as float on …"; empty where that cannot be said.
  std::string AgainstFloat(const Variant& variant) const {
    const auto& summary = variant.summary;
    const Variant* base = FloatOf(variant);
    if (base == nullptr || base == &variant) return {};
    if (base->noisy) return "; float’s own times are too noisy to compare them with";
    if (variant.pace != Pace::kFaster) return {};
    return fmt::format(
        ", {} times as fast as float on the same runtime and threads ({} interval {} to {})",
        Times(1 / *summary.median_ratio_to_float), Coverage(*summary.ratio_confidence),
        Times(1 / *summary.ratio_high), Times(1 / *summary.ratio_low));
  }

  // Whose times do not count.
  void WriteNoisy() {
    Group noisy;
    for (const Variant* variant : measured_) {
      if (variant->noisy) noisy.push_back(variant);
    }
    if (noisy.empty() || noisy.size() == measured_.size()) return;
    Say(fmt::format(" Not in the race, as something disturbed {} times: {}.",
                    noisy.size() == 1 ? "its" : "their", Listed(noisy)));
  }

  void WriteSmallest(const Variant* shown) {
    const auto bytes = [](const Variant* v) { return v->summary.file_bytes.value_or(0); };
    const int64_t least = bytes(*std::ranges::min_element(measured_, {}, bytes));
    Group smallest;
    std::vector<std::string> quantizers;
    for (const Variant* variant : measured_) {
      if (bytes(variant) != least) continue;
      smallest.push_back(variant);
      if (std::ranges::find(quantizers, variant->quantizer) == quantizers.end()) {
        quantizers.push_back(variant->quantizer);
      }
    }
    const auto own =
        shown == nullptr ? quantizers.end() : std::ranges::find(quantizers, shown->quantizer);
    if (own != quantizers.end()) {
      quantizers.erase(own);
      Say(fmt::format(" {} is also the smallest{}: {}.", shown->quantizer,
                      quantizers.empty() ? "" : ", with " + Listed(quantizers), Size(*shown)));
      return;
    }
    const Variant& first = *MostAccurate(smallest);
    paragraphs_.emplace_back();
    SayStrong(Listed(quantizers));
    Say(fmt::format(" {} the smallest: {}.", quantizers.size() == 1 ? "is" : "are", Size(first)));
    WriteCost(first, quantizers.size() == 1 ? " It" : " " + first.setup);
  }

  static std::string Size(const Variant& variant) {
    std::string text = Megabytes(variant.summary.file_bytes) + "\u00a0MB";
    const auto ratio = variant.summary.size_ratio_to_float;
    if (ratio && *ratio != 1) text += fmt::format(", {:.0f}\u00a0% of float’s", *ratio * 100);
    return text;
  }

  static std::string Accuracy(const Variant& variant) {
    return fmt::format("{}\u00a0% ({})", Percent(variant.summary.top1),
                       PercentRange(variant.summary.top1_low, variant.summary.top1_high));
  }

  // How accurate it is, and what it lost against float. `subject` begins the sentence.
  void WriteCost(const Variant& variant, const std::string& subject) {
    Say(fmt::format("{} is right on {}\u00a0% of {} (95\u00a0% interval {}\u00a0%)", subject,
                    Percent(variant.summary.top1), Counted(*variant.summary.images, "image"),
                    PercentRange(variant.summary.top1_low, variant.summary.top1_high)));
    const Variant* base = FloatOf(variant);
    if (base == nullptr || base == &variant) {
      Say(".");
      return;
    }
    const double difference = *variant.summary.top1_difference_to_float;
    if (difference == 0) {
      Say(", exactly as many as float.");
    } else {
      Say(fmt::format(", {:.1f} points {} float’s {}.", std::abs(difference) * 100,
                      difference < 0 ? "below" : "above", Accuracy(*base)));
    }
    WritePaired(*base, variant);
  }

  void WritePaired(const Variant& base, const Variant& variant) {
    const auto paired = results::ComparePaired(*base.cell, *variant.cell, *variant.split);
    if (paired.lost + paired.gained == 0) {
      Say(" They are the very images that float is right on.");
      return;
    }
    const double p = stats::McNemarOneSidedP(paired.lost, paired.gained);
    const bool overlap = *variant.summary.top1_high >= *base.summary.top1_low &&
                         *base.summary.top1_high >= *variant.summary.top1_low;
    Say(
        fmt::format(" The intervals {}; image by image it lost {} and gained {} (exact McNemar "
                    "test, {}): {}.",
                    overlap ? "overlap" : "do not overlap", paired.lost, paired.gained, PValue(p),
                    Judgement(paired, p)));
  }

  static std::string Judgement(const results::PairedVerdicts& paired, double p) {
    if (p < kRealLoss) return "the loss is real";
    if (p < kLikelyLoss) return "a loss is likely";
    const double bound = stats::PairedDropBound(paired.lost, paired.gained, paired.images);
    if (bound <= 0) return "it is the more accurate one";
    return fmt::format("these {} do not show a loss, nor rule out one of up to {:.1f} points",
                       Counted(paired.images, "image"), bound * 100);
  }

  const Variant* FloatOf(const Variant& variant) const {
    const auto index = static_cast<size_t>(&variant - run_.variants.data());
    const std::optional<size_t>& base = run_.float_of[index];
    if (!base || !run_.variants[*base].summary.top1) return nullptr;
    return &run_.variants[*base];
  }

  const RunView& run_;
  Group measured_;
  std::vector<std::vector<Span>> paragraphs_{1};
};

}  // namespace

std::vector<Verdict> Verdicts(const RunView& run) {
  std::vector<Verdict> verdicts;
  std::vector<Group> groups;
  for (const Variant& variant : run.variants) {
    const std::string subject = variant.summary.model + " on " + variant.dataset;
    size_t index = 0;
    while (index < verdicts.size() && verdicts[index].subject != subject) ++index;
    if (index == verdicts.size()) {
      verdicts.push_back({subject, {}});
      groups.emplace_back();
    }
    if (variant.latency_valid() && variant.summary.top1) groups[index].push_back(&variant);
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    verdicts[i].paragraphs = Writer(run, std::move(groups[i])).Write();
  }
  return verdicts;
}

}  // namespace qbench::reports
