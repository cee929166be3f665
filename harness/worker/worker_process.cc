#include "harness/worker/worker_process.h"

#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>
#include <type_traits>

#include "base/files.h"
#include "harness/jobs/answer_area.h"
#include "harness/jobs/job_folder.h"
#include "harness/jobs/job_json.h"
#include "harness/jobs/outcome.h"
#include "harness/worker/worker_context.h"
#include "harness/worker/worker_link.h"

namespace qbench::worker {
namespace {

Result<jobs::Job> ReadJob(const jobs::JobFolder& folder) {
  QB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(folder.job()));
  QB_ASSIGN_OR_RETURN(const Json json, ParseJson(text));
  return jobs::JobFromJson(json);
}

// RunX's Result<XResult> as a Result<JobResult>.
template <typename T>
Result<jobs::JobResult> Widen(Result<T> result) {
  if (!result.ok()) return result.status();
  return jobs::JobResult(std::move(result).value());
}

Result<jobs::JobResult> Dispatch(const WorkerContext& context, const jobs::Job& job,
                                 ImportFunction import) {
  return std::visit(
      [&](const auto& alternative) -> Result<jobs::JobResult> {
        using T = std::decay_t<decltype(alternative)>;
        if constexpr (std::is_same_v<T, jobs::ProbeJob>) {
          return Widen(RunProbe(context, alternative));
        } else if constexpr (std::is_same_v<T, jobs::ImportJob>) {
          if (import != nullptr) return Widen(import(alternative));
          return Error(StatusCode::kInternal, "this program does not import; qbench-import does");
        } else if constexpr (std::is_same_v<T, jobs::QuantizeJob>) {
          return Widen(RunQuantize(context, alternative));
        } else if constexpr (std::is_same_v<T, jobs::AccuracyJob>) {
          return Widen(RunAccuracy(context, alternative));
        } else if constexpr (std::is_same_v<T, jobs::LatencyJob>) {
          return Widen(RunLatency(context, alternative));
        } else if constexpr (std::is_same_v<T, jobs::ProfileJob>) {
          return Widen(RunProfile(context, alternative));
        } else if constexpr (std::is_same_v<T, jobs::PeakJob>) {
          return Widen(RunPeak(alternative));
        } else if constexpr (std::is_same_v<T, jobs::DifferenceJob>) {
          return Widen(RunDifference(context, alternative));
        } else if constexpr (std::is_same_v<T, jobs::ModelsJob>) {
          return Widen(RunModels(context, alternative));
        } else {
          return Widen(RunCheck(context, alternative));
        }
      },
      job);
}

// The last line of defence: standard library and third-party code may throw.
Result<jobs::JobResult> DispatchAndCatch(const WorkerContext& context, const jobs::Job& job,
                                         ImportFunction import) {
  try {
    return Dispatch(context, job, import);
  } catch (const std::bad_alloc&) {
    return Error(StatusCode::kOutOfMemory, "out of memory");
  } catch (const std::exception& exception) {
    return Error(StatusCode::kInternal, "qbench threw an exception: {}", exception.what());
  }
}

Result<jobs::JobResult> RunInFolder(const jobs::JobFolder& folder, ImportFunction import) {
  QB_ASSIGN_OR_RETURN(const jobs::Job job, ReadJob(folder));
  QB_ASSIGN_OR_RETURN(jobs::Breadcrumb breadcrumb, jobs::Breadcrumb::Open(folder.breadcrumb()));
  QB_ASSIGN_OR_RETURN(WorkerLink link, WorkerLink::TakeStandardStreams());
  WorkerObserver observer(breadcrumb, link);
  return DispatchAndCatch({link, observer}, job, import);
}

// A whole number that is not negative.
std::optional<int> NumberIn(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

Json Answer(const Result<jobs::JobResult>& result) {
  if (result.ok()) return {{"status", "ok"}, {"result", jobs::ResultToJson(*result)}};
  return {{"status", "error"},
          {"code", static_cast<int>(result.status().code())},
          {"message", result.status().message()}};
}

}  // namespace

int RunWorkerProcess(int argc, char** argv, ImportFunction import) {
  const std::optional<int> descriptor = argc == 3 ? NumberIn(argv[2]) : std::nullopt;
  if (!descriptor) {
    std::fprintf(stderr, "usage: %s JOB_FOLDER DESCRIPTOR\nqbench starts this program itself.\n",
                 argc > 0 ? argv[0] : "qbench-worker");
    return 2;
  }
  const Result<jobs::AnswerWriter> writer = jobs::AnswerWriter::Open(*descriptor);
  if (!writer.ok()) {
    std::fprintf(stderr, "%s\n", writer.status().message().c_str());
    return jobs::kCannotAnswerStatus;
  }
  // Google Benchmark takes its flags from the environment too.
  for (const char* name : {"BENCHMARK_FILTER", "BENCHMARK_REPETITIONS", "BENCHMARK_MIN_TIME",
                           "BENCHMARK_OUT", "BENCHMARK_PERF_COUNTERS"}) {
    unsetenv(name);
  }
  const Result<jobs::JobResult> result = RunInFolder({argv[1]}, import);
  const Status written = writer->Write(DumpJson(Answer(result)));
  // Too long an answer: that, in place of it, is short.
  if (!written.ok()) {
    [[maybe_unused]] const Status said = writer->Write(DumpJson(Answer(written)));
  }
  _exit(0);
}

}  // namespace qbench::worker
