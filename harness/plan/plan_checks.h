// What a plan refuses before anything is measured: a model that is not what its sidecar says,
// option values that a plugin refuses, a quantizer without the images that it needs.
#pragma once

#include <vector>

#include "base/status.h"
#include "harness/plan/run_plan.h"

namespace qbench::plan {

// The shapes of the model's first input and output against its sidecar's [input] and labels, and
// the data set's classes: the errors of datasets/model_fit.h, naming the model's file.
Status CheckModelFit(const PlannedModel& model, const datasets::Dataset& dataset);

// Makes and initializes each plugin that has options with them, all of a plugin file in one worker.
// kInvalidArgument: the first that is refused, as the plugin says it. A plugin that crashes or
// fails otherwise is no matter of its options: its rows will say so. kCancelled.
Status CheckOptionValues(const std::vector<SelectedPlugin>& plugins, const JobRunner& run_job);

// Where the plan has no calibration images, tries every quantizer that asks for some on the first
// model without any. kInvalidArgument: it cannot do without. One that can is a warning of the plan.
// kCancelled.
Status CheckCalibration(const JobRunner& run_job, Plan& plan);

}  // namespace qbench::plan
