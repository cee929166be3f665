#include "harness/run/run_records.h"

#include "base/files.h"
#include "base/sha256.h"
#include "base/utc_time.h"
#include "git_state.h"
#include "harness/plan/model_files.h"
#include "harness/store/plugin_facts.h"

namespace qbench::run {

using store::Outcome;

store::Run RunRecord(const plan::Plan& plan, const std::vector<std::string>& command_line) {
  store::Run run;
  run.started_at = UtcNow();
  run.qbench_version = QBENCH_VERSION;
  run.git_state = QBENCH_GIT_STATE;
  run.command_line = command_line;
  run.plan_hash = plan.hash;
  run.host_id = measure::HostId(plan.host);
  for (const measure::HostFact& fact : plan.host) run.host[fact.name] = fact.value;
  const measure::LatencySettings& latency = plan.measure.latency;
  run.settings = {{"repetitions", plan.measure.repetitions},  {"min_samples", latency.min_samples},
                  {"min_seconds", latency.min_seconds},       {"warmup_runs", latency.warmup_runs},
                  {"warmup_seconds", latency.warmup_seconds}, {"max_seconds", latency.max_seconds}};
  if (plan.measure.profile) run.settings["profile"] = true;
  if (plan.calibration_runtime) {
    run.settings["calibration_runtime"] = plan.calibration_runtime->Name();
    run.settings["calibration_seed"] = plan.calibration_seed;
  }
  return run;
}

store::Model ModelRecord(const plan::PlannedModel& model) {
  return {
      0, model.stem, model.path.string(), model.sha256, model.sidecar_sha256, model.tflite_sha256};
}

store::Plugin PluginRecord(const plan::SelectedPlugin& selected) {
  const host::PluginDescriptor& descriptor = selected.plugin.descriptor;
  store::Plugin plugin;
  plugin.kind = descriptor.kind == host::PluginKind::kQuantizer ? store::PluginKind::kQuantizer
                                                                : store::PluginKind::kRuntime;
  plugin.name = descriptor.id;
  plugin.version = descriptor.version;
  plugin.path = selected.plugin.file.string();
  plugin.sha256 = selected.plugin.sha256;
  plugin.facts = plan::FactsJson(selected.plugin.facts);
  if (descriptor.baseline) plugin.facts[store::kBaselineFact] = true;
  return plugin;
}

Result<store::Artifact> SourceRecord(const plan::PlannedModel& model) {
  store::Artifact file;
  file.sha256 = model.sha256;
  file.path = model.path.string();
  QB_ASSIGN_OR_RETURN(const plan::ModelFiles files, plan::ModelFiles::Find(model.path));
  file.file_bytes = files.bytes();
  return file;
}

store::Plugin PlaceholderPlugin(store::PluginKind kind, const std::string& name) {
  store::Plugin plugin;
  plugin.kind = kind;
  plugin.name = name;
  plugin.version = QBENCH_VERSION;
  return plugin;
}

store::DatasetSplit SplitRecord(const datasets::Dataset& dataset, const datasets::Split& split) {
  store::DatasetSplit record;
  record.name = dataset.name;
  record.split = split.name;
  record.sha256 = split.sha256;
  record.labels = dataset.labels;
  for (const datasets::Image& image : split.images) {
    record.images.push_back({image.path, image.label});
  }
  return record;
}

Result<store::Artifact> ArtifactRecord(const jobs::QuantizeResult& result) {
  store::Artifact artifact;
  artifact.sha256 = result.sha256;
  artifact.file_bytes = static_cast<int64_t>(result.file_bytes);
  artifact.path = result.artifact.string();
  for (const auto& entry : result.entries) {
    QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(entry.file));
    if (Sha256Hex(text) != entry.sha256) {
      return Error(StatusCode::kCorrupt,
                   "{} is not what the quantizer emitted: something changes files there; run the "
                   "command again, or name another folder with --cache",
                   entry.file.string());
    }
    QB_ASSIGN_OR_RETURN(Json value, ParseJson(text));
    artifact.emitted.push_back(
        {{"name", entry.name}, {"type", entry.media_type}, {"value", std::move(value)}});
  }
  artifact.warnings = result.warnings;
  artifact.wall_seconds = result.wall_seconds;
  artifact.peak_rss_bytes = static_cast<int64_t>(result.peak_rss_bytes);
  return artifact;
}

namespace {

// What the quantizer emitted under this name, or null.
const Json* Emitted(const store::Artifact& artifact, std::string_view name) {
  for (const Json& entry : artifact.emitted) {
    if (entry.at("name") == name) return &entry.at("value");
  }
  return nullptr;
}

}  // namespace

std::string InvalidAccuracy(const store::Artifact& artifact, const datasets::Sidecar& model) {
  const Json* said = Emitted(artifact, "invalid_accuracy");
  if (said == nullptr) {
    const auto reason = model.origin["invalid_accuracy"].value<std::string>();
    return reason.value_or("");
  }
  const auto reason = said->is_object() ? said->find("reason") : said->end();
  const bool known = said->is_object() && reason != said->end() && reason->is_string();
  return known ? reason->get<std::string>() : "its quantizer gives no reason";
}

Json ImagesUsed(const store::Artifact& artifact, const datasets::Split& calibration,
                const jobs::SamplesRef& samples) {
  Json images = Json::array();
  const Json* ranges = Emitted(artifact, "ranges");
  if (ranges == nullptr || !ranges->is_object() || !ranges->contains("samples") ||
      !ranges->at("samples").is_number_unsigned()) {
    return images;
  }
  const size_t count = std::min(ranges->at("samples").get<size_t>(), samples.order.size());
  for (size_t i = 0; i < count; ++i) {
    images.push_back(calibration.images[samples.order[i]].path);
  }
  return images;
}

namespace {

// What is stored as the worker measured it.
void CopyMeasured(const store::Measurement& measured, store::Measurement& measurement) {
  store::ForEachRow<store::Measurement>([&](const auto& row) {
    if ((row.traits & store::kFromWorker) != 0) measurement.*row.member = measured.*row.member;
  });
}

}  // namespace

void FillMeasurement(jobs::AccuracyResult result, store::Measurement& measurement) {
  CopyMeasured(result.measured, measurement);
  measurement.warnings = std::move(result.warnings);
  measurement.conditions = {{"runtime", plan::FactsJson(result.facts)},
                            {"instances", result.instances},
                            {"instance_threads", result.instance_threads}};
  if (!result.input.is_null()) measurement.conditions["input"] = std::move(result.input);
  measurement.predictions = std::move(result.predicted);
  measurement.confidences = std::move(result.confidence);
}

void FillMeasurement(const jobs::LatencyResult& result, store::Measurement& measurement) {
  CopyMeasured(result.measured, measurement);
  measurement.warnings = result.warnings;
  measurement.samples_ns.assign(result.samples.ns.begin(), result.samples.ns.end());
  measurement.conditions = {{"before", measure::ConditionsToJson(result.before)},
                            {"after", measure::ConditionsToJson(result.after)},
                            {"runtime", plan::FactsJson(result.facts)}};
  if (result.invalid_reason.empty()) return;
  measurement.status = Outcome::kInvalid;
  measurement.reason = result.invalid_reason;
}

void FillMeasurement(jobs::ProfileResult result, store::Measurement& measurement) {
  CopyMeasured(result.measured, measurement);
  measurement.warnings = std::move(result.warnings);
  measurement.samples_ns.assign(result.invoke_ns.begin(), result.invoke_ns.end());
  measurement.conditions = {{"delegate", result.delegate.empty() ? Json() : Json(result.delegate)},
                            {"runtime", plan::FactsJson(result.facts)}};
  measurement.operators = std::move(result.operators);
}

void ForgetTimes(store::Measurement& profile) {
  profile.load_ms.reset();
  profile.samples_ns.clear();
  for (store::OperatorProfile& row : profile.operators) row.median_us = 0;
}

}  // namespace qbench::run
