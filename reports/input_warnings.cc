#include "reports/input_warnings.h"

#include <algorithm>

#include "fmt/format.h"
#include "reports/losses.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using results::DoubtKind;
using results::InputDoubt;

std::vector<std::string> KeysOf(const InputDoubt& doubt) {
  switch (doubt.kind) {
    case DoubtKind::kLabelOrder:
      return {"labels"};
    case DoubtKind::kScaling:
    case DoubtKind::kRange:
      return {"mean", "std"};
    case DoubtKind::kSureAndWrong:
      return {"std", "mean"};
    case DoubtKind::kChance:
    case DoubtKind::kNeverPredicted:
    case DoubtKind::kAlwaysPredicted:
      return {"mean", "std", "channels", "labels"};
  }
  return {};
}

std::string Listed(const std::vector<std::string>& names, const char* last) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? last : ", ";
    text += names[i];
  }
  return text;
}

// "a, b, c and 4 more"
std::string Some(const std::vector<std::string>& names) {
  constexpr size_t kShown = 6;
  if (names.size() <= kShown) return Listed(names, " and ");
  const std::vector<std::string> shown(names.begin(), names.begin() + kShown);
  return fmt::format("{} and {} more", Listed(shown, ", "), names.size() - kShown);
}

std::string Share(int64_t part, int64_t all) {
  return Percent(static_cast<double>(part) / static_cast<double>(all)) + " %";
}

std::string Numbers(const std::vector<double>& values) {
  std::string text;
  for (const double value : values)
    text += fmt::format("{}{:.6g}", text.empty() ? "" : ", ", value);
  return "[" + text + "]";
}

std::string LabelOrderText(const InputDoubt& doubt, const store::DatasetSplit& split) {
  std::vector<std::string> circles;
  int64_t images = 0;
  int64_t right = 0;
  int64_t moved = 0;
  for (const stats::LabelCycle& cycle : doubt.cycles) {
    std::vector<std::string> names;
    for (const int32_t one : cycle.classes) names.push_back(split.labels[static_cast<size_t>(one)]);
    std::string circle;
    if (names.size() == 2) {
      circle = names[0] + " ↔ " + names[1];
    } else {
      constexpr size_t kShown = 6;
      for (size_t i = 0; i < std::min(names.size(), kShown); ++i) circle += names[i] + " → ";
      circle += names.size() > kShown ? "…" : names[0];
    }
    circles.push_back(std::move(circle));
    images += cycle.images;
    right += cycle.right;
    moved += cycle.right_moved;
  }
  return fmt::format(
      "images of {} are predicted in each other's place: of {} {} are right as they are labelled "
      "and {} with these labels exchanged ({} at most). The order of the labels is likely not that "
      "of the model's outputs",
      Some(circles), Counted(images, "image"), Share(right, images), Share(moved, images),
      PValue(doubt.p));
}

std::string ScalingText(const InputDoubt& doubt) {
  std::string text = fmt::format(
      "on {} the first layer{} does not get the pixels that it was trained on: its outputs are "
      "{:.2g} off what its batch normalization says (divergence; up to {} is usual)",
      Counted(doubt.images, "image"), doubt.layer.empty() ? "" : " (" + doubt.layer + ")",
      doubt.divergence, results::kUsualDivergence);
  if (!doubt.better) return text;
  return text + fmt::format(", and {:.2g} with mean = {}, std = {}", doubt.better_divergence,
                            Numbers(doubt.better->mean), Numbers(doubt.better->std));
}

std::string RangeText(const InputDoubt& doubt) {
  return fmt::format(
      "the integers of its input reach from {:.4g} to {:.4g}, the sidecar makes pixels {:.4g} to "
      "{:.4g}, and {} % of the images' values are cut off",
      doubt.low, doubt.high, doubt.pixels_low, doubt.pixels_high, Percent(doubt.share));
}

std::string ChanceText(const InputDoubt& doubt) {
  return fmt::format(
      "{} of {} are right, which is no better than luck ({} %; exact binomial test, {})",
      Share(doubt.right, doubt.images), Counted(doubt.images, "image"), Percent(doubt.chance),
      PValue(doubt.p));
}

std::string NeverText(const InputDoubt& doubt, const store::DatasetSplit& split) {
  std::vector<std::string> names;
  for (const int32_t one : doubt.classes) names.push_back(split.labels[static_cast<size_t>(one)]);
  return fmt::format("it never predicts {}, the {} of {} of the {}", Some(names),
                     names.size() == 1 ? "class" : "classes", doubt.of_classes,
                     Counted(doubt.images, "image"));
}

std::string AlwaysText(const InputDoubt& doubt, const store::DatasetSplit& split) {
  return fmt::format("it predicts {} for {} of {} of other classes",
                     split.labels[static_cast<size_t>(doubt.classes.front())], doubt.predicted,
                     Counted(doubt.of_classes, "image"));
}

std::string SureText(const InputDoubt& doubt) {
  return fmt::format(
      "it is sure of {} % of {} (a score above {:.3g}) and wrong on {}, as models are whose pixels "
      "are not scaled",
      Percent(doubt.share), Counted(doubt.images, "image"), results::kSure,
      Share(doubt.images - doubt.right, doubt.images));
}

std::string What(const InputDoubt& doubt, const store::DatasetSplit& split) {
  switch (doubt.kind) {
    case DoubtKind::kLabelOrder:
      return LabelOrderText(doubt, split);
    case DoubtKind::kScaling:
      return ScalingText(doubt);
    case DoubtKind::kRange:
      return RangeText(doubt);
    case DoubtKind::kChance:
      return ChanceText(doubt);
    case DoubtKind::kNeverPredicted:
      return NeverText(doubt, split);
    case DoubtKind::kAlwaysPredicted:
      return AlwaysText(doubt, split);
    case DoubtKind::kSureAndWrong:
      return SureText(doubt);
  }
  return "";
}

// Whether quantizing may have done it as well.
bool MayBeQuantizing(const RunView& run, const InputDoubt& doubt) {
  return doubt.kind != DoubtKind::kLabelOrder && doubt.kind != DoubtKind::kScaling &&
         doubt.kind != DoubtKind::kRange &&
         !results::IsFloatCell(*run.data, run.data->cells[doubt.cell]);
}

}  // namespace

std::vector<InputWarning> InputWarnings(const RunView& run) {
  std::vector<InputWarning> warnings;
  for (InputDoubt& doubt : results::FindInputDoubts(*run.data)) {
    InputWarning warning;
    warning.variant = &run.variants[doubt.cell];
    warning.keys = KeysOf(doubt);
    const std::vector<std::string>& keys = warning.keys;
    warning.text = fmt::format("Wrong input? {} ({}): {}. Look at {} in the model's sidecar{}.",
                               warning.variant->summary.model, warning.variant->setup,
                               What(doubt, *warning.variant->split), Listed(keys, " and "),
                               MayBeQuantizing(run, doubt)
                                   ? ", and measure float beside it: quantizing may do this, too"
                                   : "");
    warning.doubt = std::move(doubt);
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

}  // namespace qbench::reports
