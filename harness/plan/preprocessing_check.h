// Which of the usual preprocessings a model was trained with, told by images: each is tried on some
// calibration images, and what the model answers is held against their classes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "datasets/dataset.h"
#include "harness/plan/first_guess.h"
#include "harness/plan/label_source.h"

namespace qbench::plan {

// At most `count` images of the calibration split, the classes in turn, and where these are fewer,
// of the training split too; none whose content is also in the test split. Fewer where they are
// large, as `input` makes them. kInvalidArgument, with what to do, where there are none.
Result<datasets::Split> ImagesToTry(const datasets::Dataset& dataset, size_t count,
                                    const datasets::Preprocessing& input);

// One preprocessing, and which output was the highest for each image.
struct TriedInput {
  datasets::Normalization normalization;
  datasets::Channels channels = datasets::Channels::kRgb;
  std::vector<int32_t> outputs = {};   // -1: none (the image cannot be decoded, or no number came)
  std::vector<float> confidence = {};  // its value
};

// The usual normalizations, and the guess's own where it is another, in every order of colours.
std::vector<TriedInput> InputsToTry(const FirstGuess& guess);

struct CheckSetup {
  const PlannedModel* model = nullptr;  // its sidecar's [input] has sides and resize
  size_t classes = 0;
  const datasets::Split* images = nullptr;
  const SelectedPlugin* runtime = nullptr;
  std::filesystem::path cache;  // for decoded images
};

// Fills outputs and confidence of each, in a worker process for each. `doing` hears what is tried,
// and how many of all are done. A preprocessing with which the model fails (its output is no
// number) has no outputs; the error of the first where all fail. kCancelled; the errors of
// decoding.
Status TryInputs(const CheckSetup& setup, const JobRunner& run_job,
                 const std::function<void(const std::string& what, size_t done)>& doing,
                 std::vector<TriedInput>& tried);

// What the model answered, and what is right.
struct CheckedInputs {
  std::vector<TriedInput> tried;
  std::vector<LabelOrder> orders;        // as UsualOrders: the first is the one given
  std::vector<std::string> image_label;  // of each image

  // Whether image i is right under a preprocessing and an order of the labels; and how many are.
  bool IsRight(size_t image, size_t tried_index, size_t order) const;
  int64_t Right(size_t tried_index, size_t order) const;
  int64_t images() const { return static_cast<int64_t>(image_label.size()); }
};

struct CheckVerdict {
  size_t tried = 0;  // what to write, as indices into CheckedInputs
  size_t order = 0;
  int64_t right = 0;
  size_t next_tried = 0;  // the best of the others
  size_t next_order = 0;
  int64_t next_right = 0;
  bool beyond_chance = false;  // else nothing was right more often than chance: the guess stays
  bool stands_out = false;     // every other is worse beyond chance
  bool overrules = false;      // it is not what the file or the user says, and better beyond chance
  // An order of the labels that nobody gave and in which far more images are right.
  struct OtherOrder {
    std::vector<std::string> labels;
    size_t tried = 0;
    int64_t right = 0;
  };
  std::optional<OtherOrder> other_order = {};
};

// The most images right win; of equals the guess, and of RGB and BGR of the same numbers the one of
// which the model is surer for more images (between other numbers confidence tells nothing: it may
// follow them). A family's convention yields only to what is better beyond chance (McNemar's exact
// test, p below 5 %), as a network may stand another input than its own nearly as well; and what
// the file says (`guess.guess` is false) or the user (`labels.guess` is) to p below 1 %.
CheckVerdict JudgeInputs(const CheckedInputs& checked, const FirstGuess& guess,
                         const LabelSource& labels);

// The shares of right images as a table, a line each, at most 78 columns; what the verdict chose is
// marked.
std::vector<std::string> CheckTable(const CheckedInputs& checked, const CheckVerdict& verdict);

}  // namespace qbench::plan
