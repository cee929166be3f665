// Whether another of the usual preprocessings suits a run's model better than its sidecar's: what
// neither predictions nor the model's statistics show (BGR for RGB), tried on images that nothing
// is tested on.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "harness/plan/run_plan.h"

namespace qbench::run {

// All are tried on the first so many images, and the best of them on as many more as there are up
// to the second number.
inline constexpr size_t kTrialImages = 60;
inline constexpr size_t kMostTrialImages = 240;
// Of both tests together.
inline constexpr double kTrialLevel = 0.002;

// Which images are right, one entry an image, in the same order.
using RightImages = std::vector<bool>;

// The probability of as many more right images were both preprocessings as good (one-sided exact
// McNemar test).
double BetterP(const RightImages& own, const RightImages& other);

// The place of the one that has the most right, where it has more than `own`.
std::optional<size_t> BestOther(const RightImages& own, const std::vector<RightImages>& others);

// A preprocessing that is better beyond chance.
struct BetterInput {
  std::string what;               // "-1 to 1, BGR"
  std::vector<std::string> keys;  // of the sidecar, that say otherwise
  int64_t images = 0;
  int64_t right = 0;
  int64_t own_right = 0;
  double p = 1;  // allows for the choice
};

struct TrialSetup {
  const datasets::Dataset* dataset = nullptr;
  const plan::PlannedModel* model = nullptr;
  const plan::SelectedPlugin* runtime = nullptr;
  double seconds_per_image = 0;  // of the model on it, about
  std::filesystem::path cache;
};

// Longer than this nobody waits: fewer images are tried, or none where they would be too few.
inline constexpr double kMostTrialSeconds = 60;
inline constexpr size_t kLeastTrialImages = 20;

// Tries them on the float model. Two exact tests
// at half of kTrialLevel each: the best one on the first images, its p times the number that were
// tried; and on the further images, which it was not chosen by, as it is. Nothing where none is
// better and beyond luck, or the data set has no images to try (training and calibration images are
// tried, none that is tested on), or the model is not a float one. kCancelled, and the errors of
// TryInputs.
Result<std::optional<BetterInput>> FindBetterInput(const TrialSetup& setup,
                                                   const plan::JobRunner& run_job);

// One line for a note of the run.
std::string BetterInputText(const std::string& model, const BetterInput& better);

}  // namespace qbench::run
