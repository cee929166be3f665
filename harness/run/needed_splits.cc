#include "harness/run/needed_splits.h"

#include <algorithm>

namespace qbench::run {
namespace {

bool AnyQuantizer(const plan::Plan& plan, bool host::PluginDescriptor::*needs) {
  return std::ranges::any_of(plan.selection.quantizers, [&](const plan::SelectedPlugin& quantizer) {
    return quantizer.plugin.descriptor.*needs;
  });
}

}  // namespace

std::vector<const datasets::Split*> NeededSplits::All() const {
  std::vector<const datasets::Split*> all;
  for (const datasets::Split* split : {test, calibration, train}) {
    if (split != nullptr) all.push_back(split);
  }
  return all;
}

NeededSplits SplitsOf(const plan::Plan& plan) {
  NeededSplits splits;
  splits.test = &plan.Test();
  const datasets::Split* calibration = plan.FindSplit("calibration");
  const bool calibrates =
      AnyQuantizer(plan, &host::PluginDescriptor::needs_samples) || plan.diff_runtime.has_value();
  if (calibrates && calibration != nullptr && !calibration->images.empty()) {
    splits.calibration = calibration;
  }
  // The plan has made sure that there is such a split.
  if (AnyQuantizer(plan, &host::PluginDescriptor::needs_train)) {
    splits.train = plan.FindSplit("train");
  }
  return splits;
}

}  // namespace qbench::run
