#include "reports/losses.h"

#include <algorithm>

#include "fmt/format.h"
#include "harness/stats/proportions.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

bool SameImages(const Variant& a, const Variant& b) {
  return a.cell->cell.model_id == b.cell->cell.model_id &&
         a.cell->cell.split_id == b.cell->cell.split_id;
}

const Variant* FloatOf(const RunView& run, const Variant& variant) {
  const auto index = static_cast<size_t>(&variant - run.variants.data());
  const auto base = results::FloatCellOf(*run.data, index);
  return base ? &run.variants[*base] : nullptr;
}

// The most accurate float variant of the same model on the same images.
const Variant* BestFloat(const RunView& run, const Variant& variant) {
  const Variant* best = nullptr;
  for (const Variant& other : run.variants) {
    if (!SameImages(variant, other) || !other.summary.top1 || FloatOf(run, other) != &other) {
      continue;
    }
    if (best == nullptr || *other.summary.top1 > *best->summary.top1) best = &other;
  }
  return best;
}

const Variant* BaseOf(const RunView& run, const Variant& variant) {
  const Variant* base = FloatOf(run, variant);
  if (base == nullptr || base == &variant || !base->summary.top1) base = BestFloat(run, variant);
  return base == &variant ? nullptr : base;
}

void Measure(const Variant& base, const Variant& variant, Loss* loss) {
  loss->base = &base;
  loss->paired = results::ComparePaired(*base.cell, *variant.cell, *variant.split);
  const auto [images, lost, gained] = loss->paired;
  if (images == 0) return;
  loss->drop = static_cast<double>(lost - gained) / static_cast<double>(images);
  loss->p = stats::McNemarOneSidedP(lost, gained);
  loss->drop_high = stats::PairedDropBound(lost, gained, images);
}

bool IsWorthNaming(const Loss& loss) {
  return (loss.p < kRealLoss && loss.drop >= kLossBudget) ||
         (loss.p < kLikelyLoss && loss.drop > kLargeLoss);
}

bool SamePredictions(const Variant& a, const Variant& b) {
  return SameImages(a, b) &&
         results::AccuracyOf(*a.cell)->predictions == results::AccuracyOf(*b.cell)->predictions;
}

// The most accurate variant with the same file on which it loses less than half as much.
const Variant* FindSameFile(const RunView& run, const Loss& loss) {
  const Variant& variant = *loss.variants.front();
  if (variant.summary.artifact_sha256.empty()) return nullptr;
  const Variant* best = nullptr;
  for (const Variant& other : run.variants) {
    if (!SameImages(variant, other) || !other.summary.top1 ||
        other.summary.artifact_sha256 != variant.summary.artifact_sha256 ||
        other.runtime == variant.runtime) {
      continue;
    }
    Loss there;
    Measure(*loss.base, other, &there);
    if (2 * there.drop > loss.drop) continue;
    if (best == nullptr || *other.summary.top1 > *best->summary.top1) best = &other;
  }
  return best;
}

std::string NamesOf(const Loss& loss) {
  constexpr size_t kShown = 3;
  const auto& variants = loss.variants;
  std::string names;
  for (size_t i = 0; i < std::min(variants.size(), kShown); ++i) {
    names += (i == 0 ? "" : ", ") + variants[i]->name;
  }
  if (variants.size() > kShown) {
    names += fmt::format(" and {} more with the same predictions", variants.size() - kShown);
  }
  return names;
}

std::string TextOf(const RunView& run, const Loss& loss) {
  const Variant& variant = *loss.variants.front();
  const bool own = FloatOf(run, variant) == loss.base;
  std::string text = fmt::format(
      "{}: {:.1f} percentage points below {}, {} % of {} right in place of {} % ({} lost and {} "
      "gained; exact McNemar test, {}{}).",
      NamesOf(loss), loss.drop * 100, own ? "float" : loss.base->setup,
      Percent(variant.summary.top1), Counted(loss.paired.images, "image"),
      Percent(loss.base->summary.top1), loss.paired.lost, loss.paired.gained, PValue(loss.p),
      loss.p < kRealLoss ? "" : ": likely, of too few images to be certain");
  if (loss.fault) return text + " " + loss.fault->text;
  if (loss.same_file != nullptr) {
    text += fmt::format(
        " The same file is right on {} % with {}: the loss is not the file's but {}'s.",
        Percent(loss.same_file->summary.top1), loss.same_file->runtime, variant.runtime);
  }
  return text;
}

}  // namespace

std::string PValue(double p) { return p < 0.001 ? "p < 0.001" : fmt::format("p = {:.2g}", p); }

std::vector<Loss> Losses(const RunView& run) {
  std::vector<Loss> losses;
  for (const Variant& variant : run.variants) {
    if (!variant.summary.top1) continue;
    const Variant* base = BaseOf(run, variant);
    if (base == nullptr) continue;
    Loss loss;
    Measure(*base, variant, &loss);
    if (!IsWorthNaming(loss)) continue;
    const auto known = std::ranges::find_if(losses, [&](const Loss& other) {
      return SamePredictions(*other.variants.front(), variant) &&
             SamePredictions(*other.base, *base);
    });
    if (known != losses.end()) {
      known->variants.push_back(&variant);
      continue;
    }
    loss.variants.push_back(&variant);
    losses.push_back(std::move(loss));
  }
  for (Loss& loss : losses) {
    for (const Variant* variant : loss.variants) {
      if (!loss.fault) loss.fault = FindKnownFault(run, *variant);
    }
    loss.same_file = FindSameFile(run, loss);
    loss.text = TextOf(run, loss);
  }
  std::ranges::stable_sort(losses, std::greater<>(), &Loss::drop);
  return losses;
}

}  // namespace qbench::reports
