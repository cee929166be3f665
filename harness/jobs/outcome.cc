#include "harness/jobs/outcome.h"

#include <csignal>
#include <cstring>
#include <string_view>

#include "base/one_line.h"

namespace qbench::jobs {
namespace {

using store::Outcome;

// "in int8's quantize", or where no plugin was running.
std::string Place(const std::string& where) {
  return where.empty() ? "in qbench's own worker, outside of any plugin" : "in " + where;
}

// "SEGV on unknown address 0x…" of "==12==ERROR: AddressSanitizer: SEGV on …"; empty where a
// sanitizer did not end the process.
std::string SanitizerReport(std::string_view log) {
  constexpr std::string_view kMark = "ERROR: AddressSanitizer: ";
  const size_t mark = log.find(kMark);
  if (mark == std::string_view::npos) return {};
  log.remove_prefix(mark + kMark.size());
  const std::string_view line = log.substr(0, log.find('\n'));
  if (line.starts_with("SEGV")) return "segmentation fault (AddressSanitizer)";
  return fmt::format("AddressSanitizer: {}", line);
}

std::string ExitText(const ChildEnd& end, const std::string& log) {
  const std::string report = SanitizerReport(log);
  return report.empty() ? fmt::format("exited by itself with status {}", end.exit_status) : report;
}

double Seconds(std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; }

// Why there is no answer.
Status StatusOfChild(const WorkerEnd& worker) {
  const ChildEnd& end = worker.child;
  const std::string place = Place(worker.where);
  switch (end.reason) {
    case ChildEnd::Reason::kExited:
      if (end.exit_status == kCannotAnswerStatus && worker.where.empty()) {
        return Error(StatusCode::kIo,
                     "qbench's own worker has no place for its answer: is there "
                     "memory left?");
      }
      return Error(StatusCode::kCrashed, "{} {}", ExitText(end, worker.log), place);
    case ChildEnd::Reason::kSignaled:
      return Error(StatusCode::kCrashed, "{} {}", SignalText(end.signal), place);
    case ChildEnd::Reason::kMemory:
      return Error(StatusCode::kCrashed, "exceeded the memory limit of {} MiB {}",
                   end.limits.resident_bytes >> 20, place);
    case ChildEnd::Reason::kTimeout:
      return Error(StatusCode::kTimeout, "no answer after {:g} s, stopped {}",
                   Seconds(end.limits.time), place);
    case ChildEnd::Reason::kCancelled:
      return Error(StatusCode::kCancelled, "stopped by the user");
  }
  return Error(StatusCode::kInternal, "ended in a way that is not known");
}

// Crashed and timeout are said of the worker itself: one that answers has only failed.
Outcome OutcomeOfCode(StatusCode code, bool answered) {
  switch (code) {
    case StatusCode::kOk:
      return Outcome::kOk;
    case StatusCode::kUnsupported:
      return Outcome::kUnsupported;
    case StatusCode::kCancelled:
      return Outcome::kNotMeasured;
    case StatusCode::kCrashed:
      return answered ? Outcome::kFailed : Outcome::kCrashed;
    case StatusCode::kTimeout:
      return answered ? Outcome::kFailed : Outcome::kTimeout;
    default:
      return Outcome::kFailed;
  }
}

}  // namespace

std::string SignalText(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "segmentation fault";
    case SIGBUS:
      return "bus error";
    case SIGABRT:
      return "aborted (a failed assertion or an uncaught exception)";
    case SIGFPE:
      return "arithmetic error";
    case SIGILL:
      return "illegal instruction (built for another processor?)";
    case SIGKILL:
      return "killed from outside (by the system, if it ran out of memory)";
    default:
      return fmt::format("signal {} ({})", signal, strsignal(signal));
  }
}

JobOutcome OutcomeOf(const WorkerEnd& end) {
  const Status why = end.answer ? *end.answer : StatusOfChild(end);
  JobOutcome outcome;
  outcome.status = OutcomeOfCode(why.code(), end.answer.has_value());
  outcome.code = why.code();
  outcome.reason = why.message();
  if (end.asked_to_stop && !outcome.ok()) {
    outcome.status = Outcome::kNotMeasured;
    outcome.code = StatusCode::kCancelled;
  } else if (outcome.stopped()) {
    outcome.status = Outcome::kFailed;
    outcome.code = StatusCode::kInternal;
    outcome.reason += ", though nobody asked it to stop";
  }
  return outcome;
}

std::string ReasonOf(const JobOutcome& outcome) {
  constexpr size_t kMostBytes = 300;
  const bool silent = outcome.status == Outcome::kCrashed || outcome.status == Outcome::kTimeout;
  if (!silent || outcome.log.empty()) return outcome.reason;
  return fmt::format("{}; its log ends with \"{}\"", outcome.reason,
                     Shortened(outcome.log.back(), kMostBytes));
}

}  // namespace qbench::jobs
