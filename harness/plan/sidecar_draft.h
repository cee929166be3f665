// A sidecar as `qbench init` writes it: with what is known, and a comment at each line that says
// from where.
#pragma once

#include <string>
#include <vector>

#include "datasets/sidecar.h"
#include "harness/plan/first_guess.h"
#include "harness/plan/label_source.h"
#include "harness/plan/preprocessing_check.h"

namespace qbench::plan {

struct SidecarDraft {
  datasets::Sidecar sidecar;
  std::string model;   // the file's name, for the first line
  size_t classes = 0;  // how many labels there have to be, for where there are none
  std::string labels;  // where each comes from, for people
  std::string channels;
  std::string resize;
  std::string normalization;
  std::string check;                    // what the table is of; empty: nothing was checked
  std::vector<std::string> table = {};  // CheckTable
};

// Of a classifier, before any image was tried.
SidecarDraft MakeDraft(const PlannedModel& model, size_t classes, const FirstGuess& guess,
                       const LabelSource& labels);

// Puts in what the images say. `images` says which: "60 images of scenes, on litert".
void TakeVerdict(const CheckedInputs& checked, const CheckVerdict& verdict, const FirstGuess& guess,
                 const LabelSource& labels, const std::string& images, SidecarDraft& draft);

// The file's text: what datasets::ParseSidecar reads as the draft's sidecar.
std::string FormatDraft(const SidecarDraft& draft);

}  // namespace qbench::plan
