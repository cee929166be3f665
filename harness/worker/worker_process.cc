#include "harness/worker/worker_process.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <new>
#include <type_traits>

#include "base/files.h"
#include "harness/jobs/job_folder.h"
#include "harness/jobs/job_json.h"
#include "harness/jobs/outcome.h"
#include "harness/worker/worker_context.h"
#include "harness/worker/worker_link.h"

namespace qbench::worker {
namespace {

Result<Job> ReadJob(const JobFolder& folder) {
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(folder.job()));
  QB_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  return JobFromJson(json);
}

// RunX's Result<XResult> as a Result<JobResult>.
template <typename T>
Result<JobResult> Widen(Result<T> result) {
  if (!result.ok()) return result.status();
  return JobResult(std::move(result).value());
}

Result<JobResult> Dispatch(const WorkerContext& context, const Job& job, ImportFunction import) {
  return std::visit(
      [&](const auto& alternative) -> Result<JobResult> {
        using T = std::decay_t<decltype(alternative)>;
        if constexpr (std::is_same_v<T, ProbeJob>) {
          return Widen(RunProbe(context, alternative));
        } else if constexpr (std::is_same_v<T, ImportJob>) {
          if (import != nullptr) return Widen(import(alternative));
          return Error(StatusCode::kInternal, "this program does not import; qbench-import does");
        } else if constexpr (std::is_same_v<T, QuantizeJob>) {
          return Widen(RunQuantize(context, alternative));
        } else if constexpr (std::is_same_v<T, AccuracyJob>) {
          return Widen(RunAccuracy(context, alternative));
        } else if constexpr (std::is_same_v<T, LatencyJob>) {
          return Widen(RunLatency(context, alternative));
        } else if constexpr (std::is_same_v<T, ProfileJob>) {
          return Widen(RunProfile(context, alternative));
        } else if constexpr (std::is_same_v<T, PeakJob>) {
          return Widen(RunPeak(alternative));
        } else if constexpr (std::is_same_v<T, DifferenceJob>) {
          return Widen(RunDifference(context, alternative));
        } else if constexpr (std::is_same_v<T, ModelsJob>) {
          return Widen(RunModels(context, alternative));
        } else {
          return Widen(RunCheck(context, alternative));
        }
      },
      job);
}

// The last line of defence: standard library and third-party code may throw.
Result<JobResult> DispatchAndCatch(const WorkerContext& context, const Job& job,
                                   ImportFunction import) {
  try {
    return Dispatch(context, job, import);
  } catch (const std::bad_alloc&) {
    return Error(StatusCode::kOutOfMemory, "out of memory");
  } catch (const std::exception& exception) {
    return Error(StatusCode::kInternal, "qbench threw an exception: {}", exception.what());
  }
}

Result<JobResult> RunInFolder(const JobFolder& folder, ImportFunction import) {
  QB_ASSIGN_OR_RETURN(const Job job, ReadJob(folder));
  QB_ASSIGN_OR_RETURN(Breadcrumb breadcrumb, Breadcrumb::Open(folder.breadcrumb()));
  QB_ASSIGN_OR_RETURN(WorkerLink link, WorkerLink::TakeStandardStreams());
  WorkerObserver observer(breadcrumb, link);
  return DispatchAndCatch({link, observer}, job, import);
}

Json Answer(const Result<JobResult>& result) {
  if (result.ok()) return {{"status", "ok"}, {"result", ResultToJson(*result)}};
  return {{"status", "error"},
          {"code", static_cast<int>(result.status().code())},
          {"message", result.status().message()}};
}

}  // namespace

void RunWorkerProcess(const std::filesystem::path& path, ImportFunction import) {
  const JobFolder folder{path};
  // Google Benchmark takes its flags from the environment too.
  for (const char* name : {"BENCHMARK_FILTER", "BENCHMARK_REPETITIONS", "BENCHMARK_MIN_TIME",
                           "BENCHMARK_OUT", "BENCHMARK_PERF_COUNTERS"}) {
    unsetenv(name);
  }
  const Result<JobResult> result = RunInFolder(folder, import);
  const Status written = WriteFileAtomically(folder.result(), DumpJson(Answer(result)));
  if (!written.ok()) {
    const std::string line = written.message() + "\n";
    [[maybe_unused]] const ssize_t ignored = write(2, line.data(), line.size());
  }
  _exit(written.ok() ? 0 : kCannotAnswerStatus);
}

}  // namespace qbench::worker
