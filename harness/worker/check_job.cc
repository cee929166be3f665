#include "harness/checks/check_context.h"
#include "harness/worker/worker_context.h"

namespace qbench::worker {
namespace {

// Makes the calibration runtime of one object of the checked quantizer.
Result<std::function<std::unique_ptr<host::InferenceService>(const qbench_host*)>> InferenceMaker(
    const WorkerContext& context, const std::optional<jobs::PluginUse>& use) {
  if (!use) return std::function<std::unique_ptr<host::InferenceService>(const qbench_host*)>();
  QB_ASSIGN_OR_RETURN(const auto library, LoadPlugin(context, host::PluginKind::kRuntime, *use));
  return std::function<std::unique_ptr<host::InferenceService>(const qbench_host*)>(
      [library, use = *use](const qbench_host* host) {
        return std::make_unique<host::InferenceService>(
            host::RuntimePool::Settings{.library = library,
                                        .id = use.id,
                                        .options = use.options,
                                        .threads = 1,
                                        .instances = 1,
                                        .host = host});
      });
}

}  // namespace

Result<jobs::CheckResult> RunCheck(const WorkerContext& context, const jobs::CheckJob& job) {
  const checks::Check* check = checks::FindCheck(job.kind, job.check);
  if (check == nullptr) {
    return Error(StatusCode::kInvalidArgument, "no check is called \"{}\"", job.check);
  }
  std::optional<host::SampleSource> samples;
  if (job.samples) {
    QB_ASSIGN_OR_RETURN(samples, host::SampleSource::Open(*job.samples));
  }
  checks::ServiceCounter observer(context.observer);
  checks::CheckContext checked;
  QB_ASSIGN_OR_RETURN(checked.make_inference, InferenceMaker(context, job.calibration_runtime));
  QB_ASSIGN_OR_RETURN(const auto library, host::PluginLibrary::Load(job.plugin.file, &observer));
  checked.library = library.get();
  checked.descriptor = library->Find(job.kind, job.plugin.id);
  if (checked.descriptor == nullptr) {
    return Error(StatusCode::kNotFound, "plugin {} has no {} called {}", job.plugin.file.string(),
                 host::PluginKindName(job.kind), job.plugin.id);
  }
  checked.options = job.plugin.options;
  checked.observer = &observer;
  checked.files = &job.files;
  checked.seed = job.seed;
  checked.samples = samples ? &*samples : nullptr;
  checked.folder = job.folder;
  checked.step = [&](const std::string& what) { context.link.Log(QBENCH_LOG_DEBUG, what); };
  const Status status = check->run(checked);
  if (!status.ok()) {
    return jobs::CheckResult{checks::VerdictName(checks::Verdict::kFailed), status.message()};
  }
  return jobs::CheckResult{checks::VerdictName(checked.finding().verdict),
                           checked.finding().detail};
}

}  // namespace qbench::worker
