// Converts a plan and the results of its jobs to records of the store. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "harness/plan/run_plan.h"
#include "harness/store/records.h"

namespace qbench::run {

// A run that begins now.
store::Run RunRecord(const plan::Plan& plan, const std::vector<std::string>& command_line);
store::Model ModelRecord(const plan::PlannedModel& model);
store::Plugin PluginRecord(const plan::SelectedPlugin& selected);
// A model's own file as an artifact, without model and quantizer. kIo: it is gone.
Result<store::Artifact> SourceRecord(const plan::PlannedModel& model);
// What a cell names where it has no plugin.
store::Plugin PlaceholderPlugin(store::PluginKind kind, const std::string& name);
store::DatasetSplit SplitRecord(const datasets::Dataset& dataset, const datasets::Split& split);
// Without what it was made of: model, quantizer and options are the caller's. Reads what was
// emitted beside the artifact. kNotFound, kIo, kCorrupt where a document is not there as it was
// emitted: one of them may say that the accuracy means nothing.
Result<store::Artifact> ArtifactRecord(const jobs::QuantizeResult& result);

// Why the accuracy of an artifact means nothing, as its quantizer emitted it ("invalid_accuracy",
// see docs/plugin-abi.md), or as the sidecar of the model says that it was made of; empty where
// neither does.
std::string InvalidAccuracy(const store::Artifact& artifact, const datasets::Sidecar& model);

// The paths of the images that the artifact's ranges were measured on, in their order, as the
// quantizer's "ranges" say how many samples it took; empty where it did not.
Json ImagesUsed(const store::Artifact& artifact, const datasets::Split& calibration,
                const jobs::SamplesRef& samples);

// Puts what a job measured into the measurement.
void FillMeasurement(jobs::AccuracyResult result, store::Measurement& measurement);
void FillMeasurement(const jobs::LatencyResult& result, store::Measurement& measurement);
void FillMeasurement(jobs::ProfileResult result, store::Measurement& measurement);
// What is left of a profile of one inference, whose times mean nothing: what was delegated.
void ForgetTimes(store::Measurement& profile);

}  // namespace qbench::run
