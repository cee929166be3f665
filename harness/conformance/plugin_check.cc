#include "harness/conformance/plugin_check.h"

#include <algorithm>

#include "base/files.h"
#include "harness/checks/output_difference.h"

namespace qbench::conformance {
namespace {

using checks::Finding;
using checks::Verdict;
using host::PluginKind;

// The checks that need no object that works: what is left of a runtime whose library is missing.
constexpr std::string_view kWithoutObject[] = {"exports",        "factory_ids",
                                               "descriptors",    "unknown_id",
                                               "probe",          "create_calls_no_service",
                                               "factory_threads"};

class Checker {
 public:
  Checker(const CheckSettings& settings, const TempDir& folder)
      : settings_(settings), folder_(folder.path()), jobs_(settings.jobs) {
    jobs_.limits.time = settings.time_limit;
    callbacks_.cancelled = settings.cancelled;
  }

  Result<std::vector<PluginReport>> Run() {
    const jobs::JobOutcome probe =
        jobs::RunJob(jobs::ProbeJob{settings_.plugin}, jobs_, callbacks_);
    QB_RETURN_IF_ERROR(probe.ToStatus());
    std::vector<PluginReport> reports;
    for (const auto& entry : std::get<jobs::ProbeResult>(probe.result).plugins) {
      if (!settings_.id.empty() && settings_.id != entry.descriptor.id) continue;
      PluginReport report;
      report.descriptor = entry.descriptor;
      report.available = entry.available;
      report.reason = entry.reason;
      report.seed = settings_.seed;
      QB_RETURN_IF_ERROR(CheckOne(report));
      reports.push_back(std::move(report));
    }
    if (!reports.empty()) return reports;
    return Error(StatusCode::kInvalidArgument, "{} has no plugin called \"{}\"",
                 settings_.plugin.string(), settings_.id);
  }

 private:
  jobs::PluginUse Plugin(const PluginReport& report) const {
    return {settings_.plugin, report.descriptor.id, settings_.options, {}};
  }
  jobs::PluginUse Reference() const { return {settings_.reference, "reference", {}, {}}; }

  Result<std::filesystem::path> MakeFolder(const std::string& name) {
    const std::filesystem::path folder = folder_ / (name + std::to_string(folders_++));
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!error) return folder;
    return Error(StatusCode::kIo, "cannot make {}: {}", folder.string(), error.message());
  }

  Status CheckOne(PluginReport& report) {
    const PluginKind kind = report.descriptor.kind;
    QB_ASSIGN_OR_RETURN(const auto folder, MakeFolder("files"));
    jobs::CheckJob job;
    job.plugin = Plugin(report);
    job.kind = kind;
    job.seed = settings_.seed;
    QB_ASSIGN_OR_RETURN(job.files, WriteCheckFiles(folder, kind, settings_.seed));
    if (kind == PluginKind::kQuantizer && !settings_.op.empty()) {
      return Error(StatusCode::kInvalidArgument,
                   "{} is a quantizer: the table of operators is of runtimes",
                   report.descriptor.id);
    }
    if (kind == PluginKind::kQuantizer) {
      QB_ASSIGN_OR_RETURN(job.samples, WriteSamples(folder, settings_.seed));
      job.calibration_runtime = Reference();
    } else if (report.available) {
      QB_RETURN_IF_ERROR(RunOperators(report, job.files));
    }
    if (!settings_.op.empty()) return OkStatus();
    return RunChecks(report, job);
  }

  // The table, and which models the checks can use.
  Status RunOperators(PluginReport& report, checks::CheckFiles& files) {
    QB_ASSIGN_OR_RETURN(const auto folder, MakeFolder("models"));
    const bool table = settings_.check.empty();  // a check alone wants some model, not the table
    QB_ASSIGN_OR_RETURN(const std::vector<OperatorModel> models,
                        WriteOperatorModels(folder, settings_.seed, table ? settings_.models : 1,
                                            table ? settings_.op : "RELU"));
    std::vector<jobs::ModelsJob::Model> runs;
    runs.reserve(models.size() + 1);
    for (const OperatorModel& model : models) runs.push_back({model.file, model.seed});
    if (settings_.op.empty()) runs.push_back({files.model, settings_.seed});
    Progress("operators", 0, 2);
    QB_ASSIGN_OR_RETURN(const auto actual, Run(Plugin(report), runs));
    ChooseFiles(runs, actual, files);
    if (!table) return OkStatus();
    Progress("operators", 1, 2);
    QB_ASSIGN_OR_RETURN(const auto expected, Run(Reference(), runs));
    report.operators = CompareRuns(models, actual, expected);
    return OkStatus();
  }

  Result<std::vector<ModelRun>> Run(const jobs::PluginUse& runtime,
                                    const std::vector<jobs::ModelsJob::Model>& models) {
    QB_ASSIGN_OR_RETURN(const auto folder, MakeFolder("outputs"));
    return RunModels(runtime, models, folder, jobs_, callbacks_);
  }

  // The checks use the classifier, or the first model that the plugin could run; the large model is
  // of RELU in float32, the first of that operator.
  static void ChooseFiles(const std::vector<jobs::ModelsJob::Model>& models,
                          const std::vector<ModelRun>& runs, checks::CheckFiles& files) {
    const std::filesystem::path classifier = files.model;
    const std::filesystem::path large = files.large;
    const bool refused = runs.back().state == CellState::kUnsupported;
    files.model.clear();
    files.large.clear();
    for (size_t i = models.size(); i-- > 0;) {  // the classifier comes last
      if (runs[i].state != CellState::kOk) continue;
      const std::string name = models[i].file.filename().string();
      if (name.starts_with("RELU_float32")) files.large = large;
      (files.model.empty() ? files.model : files.other) = models[i].file;
    }
    // What fails with every model is found by the checks, if it claims to run one.
    if (files.model.empty() && !refused) files.model = classifier;
  }

  Status RunChecks(PluginReport& report, jobs::CheckJob& job) {
    const auto all = checks::ChecksFor(report.descriptor.kind);
    if (!settings_.check.empty() &&
        checks::FindCheck(report.descriptor.kind, settings_.check) == nullptr) {
      std::vector<std::string_view> names;
      for (const checks::Check& check : all) names.push_back(check.name);
      return Error(StatusCode::kInvalidArgument, "no check of {}s is called \"{}\"; there are {}",
                   host::PluginKindName(report.descriptor.kind), settings_.check,
                   fmt::join(names, ", "));
    }
    uint64_t done = 0;
    for (const checks::Check& check : all) {
      Progress(std::string(check.name), done++, all.size());
      if (!settings_.check.empty() && settings_.check != check.name) continue;
      QB_ASSIGN_OR_RETURN(Finding finding, RunCheck(report, job, check));
      report.checks.push_back({std::string(check.name), std::move(finding)});
    }
    if (!settings_.check.empty()) return OkStatus();
    if (report.descriptor.kind == PluginKind::kRuntime) {
      if (report.available) report.checks.push_back({"unsupported_is_named", Named(report)});
      return OkStatus();
    }
    QB_ASSIGN_OR_RETURN(Finding finding, RunArtifact(report, job));
    report.checks.push_back({"artifact_runs", std::move(finding)});
    return OkStatus();
  }

  Result<Finding> RunCheck(const PluginReport& report, jobs::CheckJob& job,
                           const checks::Check& check) {
    if (!report.available &&
        std::ranges::find(kWithoutObject, check.name) == std::end(kWithoutObject)) {
      return Finding{Verdict::kSkipped, "it does not work here"};
    }
    if (check.needs_model && job.files.model.empty()) {
      return Finding{Verdict::kSkipped, "it runs none of the models"};
    }
    job.check = check.name;
    QB_ASSIGN_OR_RETURN(job.folder, MakeFolder("check"));
    std::string step;
    jobs::JobCallbacks callbacks = callbacks_;
    callbacks.log = [&](int /*severity*/, const std::string& line) { step = line; };
    const jobs::JobOutcome outcome = jobs::RunJob(job, jobs_, callbacks);
    if (outcome.stopped()) return outcome.ToStatus();
    if (!outcome.ok()) {
      std::string reason = outcome.reason;
      if (!step.empty()) reason += " (" + step + ")";
      // An engine that gives up in an orderly way when memory runs out keeps the rules.
      const bool orderly = check.name == "out_of_memory" && reason.starts_with("aborted");
      return Finding{orderly ? Verdict::kNote : Verdict::kFailed, std::move(reason)};
    }
    const auto& result = std::get<jobs::CheckResult>(outcome.result);
    return Finding{checks::VerdictFromName(result.verdict).value_or(Verdict::kFailed),
                   result.detail};
  }

  // "QBENCH_UNSUPPORTED: an operator or type that this runtime cannot run, named in last_error()".
  static Finding Named(const PluginReport& report) {
    for (const OperatorCell& cell : report.operators) {
      if (cell.state != CellState::kUnsupported) continue;
      const std::string type = cell.type.substr(0, cell.type.find('_'));
      if (cell.detail.find(cell.op) != std::string::npos ||
          cell.detail.find(type) != std::string::npos) {
        continue;
      }
      return {Verdict::kFailed,
              fmt::format("neither {} nor {} is named in \"{}\"", cell.op, type, cell.detail)};
    }
    return {};
  }

  // The artifact of the classifier on the reference runtime, and how far it is from the model.
  Result<Finding> RunArtifact(const PluginReport& report, const jobs::CheckJob& job) {
    QB_ASSIGN_OR_RETURN(const auto folder, MakeFolder("artifact"));
    jobs::QuantizeJob quantize;
    quantize.model = job.files.model;
    quantize.quantizer = Plugin(report);
    if (report.descriptor.needs_samples) quantize.calibration = job.samples;
    if (report.descriptor.needs_train) quantize.train = job.samples;
    quantize.calibration_runtime = job.calibration_runtime;
    quantize.output = folder;
    const jobs::JobOutcome made = jobs::RunJob(quantize, jobs_, callbacks_);
    if (made.stopped()) return made.ToStatus();
    if (!made.ok()) return Finding{Verdict::kFailed, made.reason};
    const auto& artifact = std::get<jobs::QuantizeResult>(made.result);
    QB_ASSIGN_OR_RETURN(const auto runs, Run(Reference(), {{job.files.model, settings_.seed},
                                                           {artifact.artifact, settings_.seed}}));
    if (runs[1].state == CellState::kUnsupported) {
      return Finding{Verdict::kNote, "the reference runtime cannot run it: " + runs[1].detail};
    }
    if (runs[1].state != CellState::kOk) return Finding{Verdict::kFailed, runs[1].detail};
    if (runs[0].state != CellState::kOk || runs[0].outputs[0].size() != runs[1].outputs[0].size()) {
      return Finding{Verdict::kNote, "its output is not float32: not compared with the model's"};
    }
    const checks::Difference difference =
        checks::Compare(graph::DataType::kFloat32, runs[1].outputs[0], runs[0].outputs[0]);
    constexpr double kFar = 0.25;  // of a score: it may be as it should on random weights
    if (difference.largest <= kFar) return Finding{};
    return Finding{
        difference.largest > 1.0 ? Verdict::kFailed : Verdict::kNote,
        fmt::format("its scores are up to {} from the model's", checks::Describe(difference))};
  }

  void Progress(const std::string& doing, uint64_t done, uint64_t total) const {
    if (settings_.progress) settings_.progress(doing, done, total);
  }

  const CheckSettings& settings_;
  std::filesystem::path folder_;
  jobs::JobSettings jobs_;
  jobs::JobCallbacks callbacks_;
  int folders_ = 0;
};

}  // namespace

bool PluginReport::conforms() const {
  const bool checked = std::ranges::none_of(
      checks, [](const CheckLine& line) { return line.finding.verdict == Verdict::kFailed; });
  return checked && std::ranges::all_of(operators, &OperatorCell::conforms);
}

Result<std::vector<PluginReport>> CheckPlugin(const CheckSettings& settings) {
  QB_ASSIGN_OR_RETURN(const TempDir folder, TempDir::Create("qbench-check-"));
  return Checker(settings, folder).Run();
}

}  // namespace qbench::conformance
