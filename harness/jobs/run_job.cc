#include "harness/jobs/run_job.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <system_error>
#include <type_traits>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/one_line.h"
#include "base/process.h"
#include "harness/host/warning_list.h"
#include "harness/jobs/answer_area.h"
#include "harness/jobs/breadcrumb.h"
#include "harness/jobs/job_folder.h"
#include "harness/jobs/job_json.h"
#include "harness/jobs/job_log.h"
#include "harness/jobs/outcome.h"
#include "harness/jobs/parent_link.h"
#include "harness/measure/memory.h"
#include "qbench/host.h"

namespace qbench::jobs {
namespace {

using Clock = std::chrono::steady_clock;

// Ctrl-C ends a command within a second, its workers included.
constexpr std::chrono::milliseconds kCancelGrace{500};
constexpr uint64_t kMinMemoryLimit = uint64_t{64} << 20;

// What the worker's folder holds before it is started.
struct PreparedJob {
  TempDir folder;
  Breadcrumb breadcrumb;
  JobLog log;
  AnswerArea answer;
};

// Where the job's results go beside the job folder. They are made here: a contained worker makes
// nothing outside of them.
std::vector<std::filesystem::path> OutputFolders(const Job& job) {
  std::filesystem::path folder;
  if (const auto* import = std::get_if<ImportJob>(&job)) {
    if (import->output.has_filename()) folder = import->output.parent_path();
    if (folder.empty() && import->output.has_filename()) folder = ".";
  } else if (const auto* quantize = std::get_if<QuantizeJob>(&job)) {
    folder = quantize->output;
  } else if (const auto* models = std::get_if<ModelsJob>(&job)) {
    folder = models->output;
  } else if (const auto* check = std::get_if<CheckJob>(&job)) {
    folder = check->folder;
  }
  if (folder.empty()) return {};
  return {folder};
}

Result<PreparedJob> Prepare(const Job& job, const std::filesystem::path& scratch) {
  QB_ASSIGN_OR_RETURN(TempDir temp, TempDir::Create("qbench-job-", scratch));
  const JobFolder folder{temp.path()};
  std::error_code error;
  std::filesystem::create_directory(folder.temp(), error);
  if (error) return WriteError(folder.temp().string(), error.value());
  for (const std::filesystem::path& output : OutputFolders(job)) {
    std::filesystem::create_directories(output, error);
    if (error) return WriteError(output.string(), error.value());
  }
  QB_RETURN_IF_ERROR(WriteFileAtomically(folder.job(), DumpJson(JobToJson(job))));
  QB_ASSIGN_OR_RETURN(Breadcrumb breadcrumb, Breadcrumb::Create(folder.breadcrumb()));
  QB_ASSIGN_OR_RETURN(JobLog log, JobLog::Create(folder.log()));
  QB_ASSIGN_OR_RETURN(AnswerArea answer, AnswerArea::Create());
  return PreparedJob{std::move(temp), std::move(breadcrumb), std::move(log), std::move(answer)};
}

// Importing is a program of its own: HDF5's libraries cost every process that links them some 20 ms
// and 5 MB, which measuring workers must not pay.
Result<Child> Start(const PreparedJob& prepared, const Job& job, const JobSettings& settings) {
  const JobFolder folder{prepared.folder.path()};
  std::filesystem::path programs = settings.programs;
  if (programs.empty()) {
    QB_ASSIGN_OR_RETURN(programs, ProgramDir());
  }
  const bool import = std::holds_alternative<ImportJob>(job);
  const std::filesystem::path program = programs / (import ? "qbench-import" : "qbench-worker");
  ChildOptions options;
  options.inherited = prepared.answer.descriptor();
  options.argv = {program.string(), folder.path.string(), std::to_string(options.inherited)};
  options.environment = settings.environment;
  options.environment.push_back("TMPDIR=" + folder.temp().string());
  options.in = Redirect::Pipe();
  options.out = Redirect::Pipe();
  options.err = Redirect::File(folder.log());
  options.contained = true;
  options.writable = OutputFolders(job);
  options.writable.push_back(folder.path);
  return Child::Spawn(options);
}

// Asks the worker to end when the user wants it, and gives up on it a little later.
class Canceller {
 public:
  Canceller(Child& child, const JobCallbacks& callbacks) : child_(child), callbacks_(callbacks) {}
  // False: kill it.
  bool Poll() {
    const bool stop = InterruptRequested() || (callbacks_.cancelled && callbacks_.cancelled());
    if (!asked_at_ && stop) {
      asked_at_ = Clock::now();
      child_.CloseIn();
    }
    return !asked_at_ || Clock::now() - *asked_at_ < kCancelGrace;
  }
  bool asked() const { return asked_at_.has_value(); }

 private:
  Child& child_;
  const JobCallbacks& callbacks_;
  std::optional<Clock::time_point> asked_at_;
};

// What the worker's answer says.
Result<JobResult> ParseAnswer(const std::string& text, const Job& job) {
  QB_ASSIGN_OR_RETURN(const Json answer, ParseJson(text));
  QB_ASSIGN_OR_RETURN(const std::string status, JsonGet<std::string>(answer, "status"));
  if (status == "ok") {
    QB_ASSIGN_OR_RETURN(const Json result, JsonGet<Json>(answer, "result"));
    return ResultFromJson(JobName(job), result);
  }
  QB_ASSIGN_OR_RETURN(const int code, JsonGet<int>(answer, "code"));
  if (code <= 0 || code > static_cast<int>(kLastStatusCode)) {
    return Error(StatusCode::kCorrupt, "the worker answered with {}, which is no failure", code);
  }
  QB_ASSIGN_OR_RETURN(const std::string message, JsonGet<std::string>(answer, "message"));
  return Status(static_cast<StatusCode>(code), SafeLine(message));
}

// What became of the worker, with the result that it left.
JobOutcome Judge(const AnswerArea& area, const Job& job, WorkerEnd end) {
  JobResult result;
  if (const std::optional<std::string> text = area.Read()) {
    Result<JobResult> answer = ParseAnswer(*text, job);
    end.answer = answer.status();
    if (answer.ok()) result = std::move(answer).value();
  }
  JobOutcome outcome = OutcomeOf(end);
  outcome.result = std::move(result);
  outcome.log = LastLines(end.log);
  outcome.wall_seconds = end.child.wall_seconds;
  outcome.peak_rss_bytes = end.child.peak_rss_bytes;
  return outcome;
}

}  // namespace

uint64_t DefaultMemoryLimit() {
  const Result<uint64_t> available = measure::AvailableMemory();
  return std::max(kMinMemoryLimit, available.ok() ? *available / 5 * 4 : 0);
}

std::chrono::seconds DefaultTimeLimit(const Job& job) {
  using std::chrono::minutes;
  if (std::holds_alternative<ProbeJob>(job)) return minutes(1);
  if (std::holds_alternative<ImportJob>(job)) return minutes(10);
  if (const auto* latency = std::get_if<LatencyJob>(&job)) {
    // Loading, the warm-up and a timed loop that estimated its own length.
    return minutes(20) +
           std::chrono::seconds(static_cast<int64_t>(2 * latency->settings.max_seconds));
  }
  return minutes(120);
}

namespace {

// In a worker process of its own, once.
JobOutcome RunOnce(const Job& job, const JobSettings& settings, const JobCallbacks& callbacks,
                   bool* killed) {
  if (InterruptRequested()) {
    return OutcomeOf(
        {.answer = Status(StatusCode::kCancelled, "stopped by the user"), .asked_to_stop = true});
  }
  Result<PreparedJob> prepared = Prepare(job, settings.scratch);
  if (!prepared.ok()) return OutcomeOf({.answer = prepared.status()});
  Result<Child> child = Start(*prepared, job, settings);
  if (!child.ok()) return OutcomeOf({.answer = child.status()});

  host::WarningList warnings;
  JobCallbacks heard = callbacks;
  heard.log = [&](int severity, const std::string& line) {
    if (severity >= QBENCH_LOG_WARNING) warnings.Add(line);
    if (callbacks.log) callbacks.log(severity, line);
  };
  JobLog& log = prepared->log;
  ParentLink link(child->out(), heard);
  Canceller canceller(*child, callbacks);
  ChildLimits limits;
  limits.time = settings.limits.time.count() > 0 ? settings.limits.time : DefaultTimeLimit(job);
  limits.resident_bytes =
      settings.limits.memory_bytes > 0 ? settings.limits.memory_bytes : DefaultMemoryLimit();
  // Looking at a process that measures itself costs it time.
  if (std::holds_alternative<LatencyJob>(job) || std::holds_alternative<PeakJob>(job)) {
    limits.poll = std::chrono::milliseconds(100);
  }
  const auto on_poll = [&] {
    link.Drain();
    log.Bound();
    return canceller.Poll();
  };
  const ChildEnd end = child->Wait(limits, on_poll, child->out());
  JobOutcome outcome = Judge(prepared->answer, job,
                             {.child = end,
                              .asked_to_stop = canceller.asked(),
                              .where = prepared->breadcrumb.Where(),
                              .log = log.End()});
  if (!outcome.ok()) outcome.warnings = warnings.lines();
  *killed =
      end.reason == ChildEnd::Reason::kSignaled && (end.signal == SIGKILL || end.signal == SIGTERM);
  return outcome;
}

}  // namespace

JobOutcome RunJob(const Job& job, const JobSettings& settings, const JobCallbacks& callbacks) {
  // Looking at a file or a plugin measures nothing: where the worker was killed from outside, the
  // answer of another is as good.
  const bool looks =
      std::holds_alternative<ImportJob>(job) || std::holds_alternative<ProbeJob>(job);
  bool killed = false;
  JobOutcome outcome = RunOnce(job, settings, callbacks, &killed);
  if (killed && looks && !outcome.ok() && !outcome.stopped()) {
    outcome = RunOnce(job, settings, callbacks, &killed);
  }
  return outcome;
}

}  // namespace qbench::jobs
