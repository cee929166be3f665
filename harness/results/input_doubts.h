// Whether a run's accuracy looks like a sidecar that does not fit its model or its data set: labels
// in another order, pixels scaled otherwise, nothing but luck. Judged from what the store holds, so
// that old runs are judged, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/stats/label_order.h"
#include "harness/store/store.h"

namespace qbench::results {

enum class DoubtKind {
  kLabelOrder,       // "label_order": right in another order of the labels
  kScaling,          // "scaling": the first layer's outputs are not those of the training
  kRange,            // "range": pixels beyond what the input's integers reach
  kChance,           // "chance": no more images right than luck would have
  kNeverPredicted,   // "never_predicted": classes that no image is put into
  kAlwaysPredicted,  // "always_predicted": a class that most images of all others are put into
  kSureAndWrong,     // "sure_and_wrong": scores of 1 nearly everywhere, and many of them wrong
};
std::string_view Name(DoubtKind kind);

// How improbable what was seen must be were nothing wrong, for each test; where several classes are
// looked at, for all of them together (Bonferroni).
inline constexpr double kDoubtLevel = 0.001;
// Not shown to be better than luck: the test of that is left with more than this.
inline constexpr double kLuckLevel = 0.05;
// A class of which the model finds half of the images is found at all, and so is a model that is
// right on a third of what luck leaves: the least that is asked of one that works.
inline constexpr double kFoundShare = 0.5;
inline constexpr double kSkill = 1.0 / 3;
// Divergence of the first layer (harness/worker/input_fit.h). Of the shipped models' training
// images, in any choice of 20 and more, right scalings stay below 0.12 and wrong ones above 0.16;
// with the right one it is at least 3.4 times smaller than with a wrong one. A single class of
// images alone comes to 0.21, but then no other scaling fits better.
inline constexpr double kUsualDivergence = 0.15;
inline constexpr double kClearlyBetter = 3;
// Beyond this no images explain it: a shift of three deviations, or eleven times the contrast, in
// half of the channels.
inline constexpr double kImpossibleDivergence = 5;
inline constexpr int64_t kLeastFitImages = 20;
// Quantizers that cut outliers off leave a hundredth outside.
inline constexpr double kUsualOutside = 0.05;

// Scores above kSure on nearly all images, and more than a twentieth of the images wrong. Of the
// shipped models' training images 3 % have such a score, and 95 % and more where pixels are not
// scaled.
inline constexpr float kSure = 0.999F;
inline constexpr double kSureShare = 0.9;
inline constexpr double kSurelyWrong = 0.05;

// How many of an accuracy measurement's scores are above kSure; known also of a run that was read
// in short (reduced_run.h).
int64_t SureCount(const store::CellData& cell, const store::Measurement& accuracy);

// (pixel - mean) / std
struct Scaling {
  std::vector<double> mean;
  std::vector<double> std;
};

// One thing that does not fit. What a kind does not tell stays empty.
struct InputDoubt {
  DoubtKind kind = DoubtKind::kChance;
  size_t cell = 0;     // of RunData::cells: the cell that it is told from
  int64_t images = 0;  // with a prediction; of kScaling those that were looked at
  int64_t right = 0;
  double p = 1;       // of the test that tells it; 1 where it is none
  double chance = 0;  // of kChance: the share that luck has right
  std::vector<stats::LabelCycle> cycles;
  std::vector<int32_t> classes;  // never, or always, predicted
  int64_t of_classes = 0;        // images of these classes; of kAlwaysPredicted, of all others
  int64_t predicted = 0;         // of kAlwaysPredicted: of these, those that are put there
  std::string layer;             // of kScaling
  double divergence = 0;
  std::optional<Scaling> better;  // that fits, where one does
  double better_divergence = 0;
  double low = 0;  // of kRange: what the integers reach
  double high = 0;
  double pixels_low = 0;
  double pixels_high = 0;
  double share = 0;  // of kRange: of the values outside; of kSureAndWrong: of the sure images
};

// Of each model and split what its first float cell with predictions tells or, where there is none,
// its most accurate cell; kRange of any cell. What a more telling doubt explains is left out: where
// labels are out of order, that alone is said of the predictions.
//
// kChance: AtLeast(right, images, chance) > kLuckLevel, where `chance` is the larger of 1 / classes
// and of what the same predictions would have right were they dealt out to the images anew; and as
// few right had a probability below kDoubtLevel were the model right on kSkill of the rest. So a
// handful of images accuses nobody, and neither does a hard data set.
std::vector<InputDoubt> FindInputDoubts(const store::RunData& run);

}  // namespace qbench::results
