#include "reports/verdict.h"

#include <algorithm>
#include <utility>

#include "fmt/format.h"
#include "harness/stats/proportions.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

// Levels of the paired test: below the first a loss is called real, below the second likely.
constexpr double kRealLoss = 0.01;
constexpr double kLikelyLoss = 0.05;

using Group = std::vector<const Variant*>;

// "0.004", and never "0.000".
std::string PValue(double p) { return p < 0.001 ? "p < 0.001" : fmt::format("p = {:.2g}", p); }

class Writer {
 public:
  Writer(const RunView& run, Group measured) : run_(run), measured_(std::move(measured)) {}

  std::vector<std::vector<Span>> Write() {
    if (measured_.empty()) {
      Say("No variant was measured completely, so there is nothing to compare.");
      return std::move(paragraphs_);
    }
    const Variant& fastest = *Best([](const Variant& v) { return *v.summary.median_ms; });
    if (measured_.size() == 1) {
      WriteSingle(fastest);
      return std::move(paragraphs_);
    }
    const Variant& smallest = *Best(
        [](const Variant& v) { return static_cast<double>(v.summary.file_bytes.value_or(0)); });
    WriteFastest(fastest);
    if (smallest.quantizer == fastest.quantizer) {
      Say(" It is also the smallest: " + Size(fastest) + ".");
      WriteCost(fastest);
    } else {
      WriteCost(fastest);
      paragraphs_.emplace_back();
      SayStrong(smallest.quantizer);
      Say(" is the smallest: " + Size(smallest) + ".");
      WriteCost(smallest);
    }
    return std::move(paragraphs_);
  }

 private:
  void Say(const std::string& text) { paragraphs_.back().push_back({text, false}); }
  void SayStrong(const std::string& text) { paragraphs_.back().push_back({text, true}); }

  template <typename Key>
  const Variant* Best(Key&& key) const {
    return *std::min_element(measured_.begin(), measured_.end(),
                             [&](const auto* a, const auto* b) { return key(*a) < key(*b); });
  }

  void WriteSingle(const Variant& only) {
    SayStrong(only.setup);
    Say(
        fmt::format(" takes {}\u00a0ms an image (median; 90\u00a0% within {}\u00a0ms) and its file "
                    "has {}\u00a0MB.",
                    Milliseconds(only.summary.median_ms), Milliseconds(only.summary.p90_ms),
                    Megabytes(only.summary.file_bytes)));
    WriteCost(only);
  }

  void WriteFastest(const Variant& fastest) {
    SayStrong(fastest.setup);
    Say(fmt::format(" is the fastest: {}\u00a0ms an image (median)",
                    Milliseconds(fastest.summary.median_ms)));
    const auto ratio = fastest.summary.median_ratio_to_float;
    if (ratio && *ratio < 0.995) {
      Say(fmt::format(", {:.1f} times as fast as float on the same runtime and threads",
                      1 / *ratio));
    }
    Say(".");
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

  // How accurate it is, and what it lost against float.
  void WriteCost(const Variant& variant) {
    Say(fmt::format(" It is right on {}\u00a0% of {} (95\u00a0% interval {}\u00a0%)",
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
    const auto paired = store::ComparePaired(*base.cell, *variant.cell, *variant.split);
    if (paired.lost + paired.gained == 0) {
      Say(" No image was lost or gained.");
      return;
    }
    const double p = stats::McNemarOneSidedP(paired.lost, paired.gained);
    const bool overlap = *variant.summary.top1_high >= *base.summary.top1_low &&
                         *base.summary.top1_high >= *variant.summary.top1_low;
    Say(
        fmt::format(" The intervals {}; image by image it lost {} and gained {} (exact McNemar "
                    "test, {}): {}.",
                    overlap ? "overlap" : "do not overlap", paired.lost, paired.gained, PValue(p),
                    Judgement(p, paired.images)));
  }

  static std::string Judgement(double p, int64_t images) {
    if (p < kRealLoss) return "the loss is real";
    if (p < kLikelyLoss) return "a loss is likely";
    return fmt::format("these {} do not show a loss, which is no proof that there is none",
                       Counted(images, "image"));
  }

  const Variant* FloatOf(const Variant& variant) const {
    const auto index = static_cast<size_t>(&variant - run_.variants.data());
    const auto base = store::FloatCellOf(*run_.data, index);
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
