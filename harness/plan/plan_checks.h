// What a plan refuses before anything is measured: a model that is not what its sidecar says,
// option values that a plugin refuses, a quantizer without the images that it needs.
#pragma once

#include <vector>

#include "base/status.h"
#include "harness/plan/run_plan.h"

namespace qbench::plan {

// The place of each label of the data set among the model's labels, once model, sidecar and data
// set fit together: one input, an image as the sidecar's [input] makes it; one output with a score
// a class, or one score of a sigmoid for two; as many labels, of the same names. The errors of
// datasets/model_fit.h and CheckLabels, naming the model's file; kUnsupported.
Result<std::vector<int>> LabelOutputs(const PlannedModel& model, const datasets::Dataset& dataset);

// The part of it that needs no labels: the model is a classifier, and the sidecar's [input] makes
// its input.
Status CheckInput(const PlannedModel& model);

// Makes and initializes each plugin that has options with them, all of a plugin file in one worker.
// kInvalidArgument: the first that is refused, as the plugin says it. A plugin that crashes or
// fails otherwise is no matter of its options: its rows will say so. kCancelled.
Status CheckOptionValues(const std::vector<SelectedPlugin>& plugins, const JobRunner& run_job);

// Where the plan has no calibration images, tries every quantizer that asks for some on the first
// model without any. kInvalidArgument: it cannot do without. One that can is a warning of the plan.
// kCancelled.
Status CheckCalibration(const JobRunner& run_job, Plan& plan);

}  // namespace qbench::plan
