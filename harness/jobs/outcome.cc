#include "harness/jobs/outcome.h"

#include <csignal>
#include <cstring>
#include <string_view>

#include "base/one_line.h"

namespace qbench::worker {
namespace {

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

// The worker's own last words (WriteError's), unless the full disk took those too.
std::string WhyNoAnswer(std::string_view log) {
  const size_t begin = log.rfind("cannot write to ");
  if (begin == std::string_view::npos) {
    return "cannot write its answer to the folder of temporary files: is its disk full? Make room "
           "there, or set TMPDIR to another folder";
  }
  log.remove_prefix(begin);
  return std::string(log.substr(0, log.find('\n'))) + " (TMPDIR)";
}

double Seconds(std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; }

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

JobOutcome DescribeEnd(const ChildEnd& end, const std::string& where, const std::string& log) {
  JobOutcome outcome;
  outcome.kind = OutcomeKind::kCrashed;
  switch (end.reason) {
    case ChildEnd::Reason::kExited:
      if (end.exit_status == kCannotAnswerStatus && where.empty()) {
        outcome.kind = OutcomeKind::kFailed;
        outcome.reason = WhyNoAnswer(log);
        break;
      }
      outcome.reason = fmt::format("{} {}", ExitText(end, log), Place(where));
      break;
    case ChildEnd::Reason::kSignaled:
      outcome.reason = fmt::format("{} {}", SignalText(end.signal), Place(where));
      break;
    case ChildEnd::Reason::kMemory:
      outcome.reason = fmt::format("exceeded the memory limit of {} MiB {}",
                                   end.limits.resident_bytes >> 20, Place(where));
      break;
    case ChildEnd::Reason::kTimeout:
      outcome.kind = OutcomeKind::kTimeout;
      outcome.reason =
          fmt::format("no answer after {:g} s, stopped {}", Seconds(end.limits.time), Place(where));
      break;
    case ChildEnd::Reason::kCancelled:
      outcome.kind = OutcomeKind::kCancelled;
      outcome.reason = "stopped by the user";
      break;
  }
  return outcome;
}

JobOutcome DescribeFailure(const Status& status) {
  JobOutcome outcome;
  outcome.kind = status.code() == StatusCode::kUnsupported ? OutcomeKind::kUnsupported
                 : status.code() == StatusCode::kCancelled ? OutcomeKind::kCancelled
                                                           : OutcomeKind::kFailed;
  outcome.reason = status.message();
  return outcome;
}

std::string ReasonOf(const JobOutcome& outcome) {
  constexpr size_t kMostBytes = 300;
  const bool silent =
      outcome.kind == OutcomeKind::kCrashed || outcome.kind == OutcomeKind::kTimeout;
  if (!silent || outcome.log.empty()) return outcome.reason;
  return fmt::format("{}; its log ends with \"{}\"", outcome.reason,
                     Shortened(outcome.log.back(), kMostBytes));
}

}  // namespace qbench::worker
