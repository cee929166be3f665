// What is known of how a model's input was made from pixels before any image is tried, and where
// nothing is known, what is usual.
#pragma once

#include <string>

#include "base/status.h"
#include "datasets/normalizations.h"
#include "harness/plan/model_source.h"

namespace qbench::plan {

struct FirstGuess {
  datasets::Normalization normalization;
  datasets::Channels channels = datasets::Channels::kRgb;
  datasets::Resize resize = datasets::Resize::kPilBilinear;
  bool guess = true;        // nothing in the file says so
  bool convention = false;  // a guess by the network's family or framework, better than any other
  std::string source;       // for people: "the file's metadata say so"
};

// Of an image classifier (CheckClassifier). In this order: the file's metadata (unless
// `without_metadata`); the arithmetic that the model begins with; the range of its integer input;
// else, as a guess, the convention of the family that its layers or its file are named after, or of
// the framework. The order of colours is never known: the family's, else RGB. kInvalidArgument
// where the metadata do not fit the input.
Result<FirstGuess> GuessInput(const PlannedModel& model, bool without_metadata = false);

}  // namespace qbench::plan
