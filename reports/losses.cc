#include "reports/losses.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

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
  const std::optional<size_t>& base = run.float_of[index];
  return base ? &run.variants[*base] : nullptr;
}

// What is looked for again and again: of thousands of cells not by looking at each of the others.
class Index {
 public:
  explicit Index(const RunView& run) : run_(run) {
    for (const Variant& variant : run.variants) {
      if (!variant.summary.top1) continue;
      if (!variant.summary.artifact_sha256.empty()) {
        of_file_[variant.summary.artifact_sha256].push_back(&variant);
      }
      if (FloatOf(run, variant) != &variant) continue;
      const Variant*& best = best_float_[ImagesOf(variant)];
      if (best == nullptr || *variant.summary.top1 > *best->summary.top1) best = &variant;
    }
  }

  // Its float variant, or else the most accurate one of the same model on the same images.
  const Variant* BaseOf(const Variant& variant) const {
    const Variant* base = FloatOf(run_, variant);
    if (base == nullptr || base == &variant || !base->summary.top1) {
      const auto best = best_float_.find(ImagesOf(variant));
      base = best == best_float_.end() ? nullptr : best->second;
    }
    return base == &variant ? nullptr : base;
  }

  // Those with the same file whose accuracy was measured.
  std::span<const Variant* const> WithFileOf(const Variant& variant) const {
    const auto found = of_file_.find(variant.summary.artifact_sha256);
    return found == of_file_.end() ? std::span<const Variant* const>() : found->second;
  }

 private:
  using Images = std::pair<int64_t, int64_t>;  // model and split
  static Images ImagesOf(const Variant& variant) {
    return {variant.cell->cell.model_id, variant.cell->cell.split_id};
  }

  const RunView& run_;
  std::map<Images, const Variant*> best_float_;
  std::map<std::string, std::vector<const Variant*>> of_file_;
};

void Measure(const Variant& base, const Variant& variant, Loss* loss) {
  loss->base = &base;
  loss->paired = results::ComparePaired(*base.cell, *variant.cell, *variant.split);
  const auto [images, lost, gained] = loss->paired;
  if (images == 0) return;
  loss->drop = static_cast<double>(lost - gained) / static_cast<double>(images);
  loss->p = stats::McNemarOneSidedP(lost, gained);
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
const Variant* FindSameFile(const Index& index, const Loss& loss) {
  const Variant& variant = *loss.variants.front();
  const Variant* best = nullptr;
  for (const Variant* other : index.WithFileOf(variant)) {
    if (!SameImages(variant, *other) || other->runtime == variant.runtime) continue;
    Loss there;
    Measure(*loss.base, *other, &there);
    if (2 * there.drop > loss.drop) continue;
    if (best == nullptr || *other->summary.top1 > *best->summary.top1) best = other;
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
  const Index index(run);
  std::vector<Loss> losses;
  for (const Variant& variant : run.variants) {
    if (!variant.summary.top1) continue;
    const Variant* base = index.BaseOf(variant);
    if (base == nullptr) continue;
    Loss loss;
    Measure(*base, variant, &loss);
    if (!IsWorthNaming(loss)) continue;
    loss.drop_high =
        stats::PairedDropBound(loss.paired.lost, loss.paired.gained, loss.paired.images);
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
    loss.same_file = FindSameFile(index, loss);
    loss.text = TextOf(run, loss);
  }
  std::ranges::stable_sort(losses, std::greater<>(), &Loss::drop);
  return losses;
}

}  // namespace qbench::reports
