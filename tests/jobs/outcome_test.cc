#include "harness/jobs/outcome.h"

#include <csignal>

#include "gtest/gtest.h"

namespace qbench::jobs {
namespace {

using store::Outcome;

// A worker that left no answer.
WorkerEnd Ended(ChildEnd::Reason reason, const std::string& where, const std::string& log = "") {
  WorkerEnd end;
  end.child.reason = reason;
  end.where = where;
  end.log = log;
  return end;
}

TEST(OutcomeOf, NamesSignalAndPlace) {
  WorkerEnd end = Ended(ChildEnd::Reason::kSignaled, "int8's quantize");
  end.child.signal = SIGSEGV;
  JobOutcome outcome = OutcomeOf(end);
  EXPECT_EQ(outcome.status, Outcome::kCrashed);
  EXPECT_EQ(outcome.code, StatusCode::kCrashed);
  EXPECT_EQ(outcome.reason, "segmentation fault in int8's quantize");
  end = Ended(ChildEnd::Reason::kSignaled, "");
  end.child.signal = SIGABRT;
  EXPECT_EQ(OutcomeOf(end).reason,
            "aborted (a failed assertion or an uncaught exception) in qbench's own worker, outside "
            "of any plugin");
}

TEST(OutcomeOf, AWorkerWithoutAPlaceForItsAnswerIsNoCrash) {
  WorkerEnd end = Ended(ChildEnd::Reason::kExited, "");
  end.child.exit_status = kCannotAnswerStatus;
  EXPECT_EQ(OutcomeOf(end).status, Outcome::kFailed);
  EXPECT_NE(OutcomeOf(end).reason.find("has no place for its answer"), std::string::npos);
  // A plugin may end the process with any status.
  end.where = "int8's quantize";
  EXPECT_EQ(OutcomeOf(end).status, Outcome::kCrashed);
}

TEST(OutcomeOf, NamesLimits) {
  WorkerEnd end = Ended(ChildEnd::Reason::kTimeout, "litert's invoke");
  end.child.limits.time = std::chrono::milliseconds(1500);
  EXPECT_EQ(OutcomeOf(end).status, Outcome::kTimeout);
  EXPECT_EQ(OutcomeOf(end).ToStatus().code(), StatusCode::kTimeout);
  EXPECT_EQ(OutcomeOf(end).reason, "no answer after 1.5 s, stopped in litert's invoke");
  end = Ended(ChildEnd::Reason::kMemory, "litert's load");
  end.child.limits.resident_bytes = uint64_t{700} << 20;
  EXPECT_EQ(OutcomeOf(end).status, Outcome::kCrashed);
  EXPECT_EQ(OutcomeOf(end).reason, "exceeded the memory limit of 700 MiB in litert's load");
}

TEST(OutcomeOf, ReadsSanitizerReports) {
  const auto reason = [](const std::string& log) {
    WorkerEnd end = Ended(ChildEnd::Reason::kExited, "a's init", log);
    end.child.exit_status = 1;
    return OutcomeOf(end).reason;
  };
  EXPECT_EQ(reason("noise"), "exited by itself with status 1 in a's init");
  EXPECT_EQ(reason("==1==ERROR: AddressSanitizer: SEGV on unknown address 0x0 (pc 0x1)\nmore"),
            "segmentation fault (AddressSanitizer) in a's init");
  EXPECT_EQ(reason("==1==ERROR: AddressSanitizer: heap-use-after-free on 0x1\nmore"),
            "AddressSanitizer: heap-use-after-free on 0x1 in a's init");
}

TEST(OutcomeOf, AnAnswerCountsHoweverTheProcessEndedAfterwards) {
  WorkerEnd end = Ended(ChildEnd::Reason::kSignaled, "a's destroy");
  end.answer = OkStatus();
  EXPECT_TRUE(OutcomeOf(end).ok());
  EXPECT_TRUE(OutcomeOf(end).ToStatus().ok());
  end.asked_to_stop = true;
  EXPECT_TRUE(OutcomeOf(end).ok());
}

TEST(OutcomeOf, TellsUnsupportedFromFailed) {
  const auto of = [](StatusCode code) { return OutcomeOf({.answer = Status(code, "x")}); };
  EXPECT_EQ(of(StatusCode::kUnsupported).status, Outcome::kUnsupported);
  EXPECT_EQ(of(StatusCode::kNotFound).status, Outcome::kFailed);
  EXPECT_EQ(of(StatusCode::kNotFound).ToStatus().code(), StatusCode::kNotFound);
  // One that answers has neither crashed nor passed its time.
  EXPECT_EQ(of(StatusCode::kCrashed).status, Outcome::kFailed);
  EXPECT_EQ(of(StatusCode::kTimeout).status, Outcome::kFailed);
  EXPECT_EQ(of(StatusCode::kTimeout).reason, "x");
}

TEST(OutcomeOf, WhatFailsAfterTheUserAskedWasStopped) {
  WorkerEnd end = Ended(ChildEnd::Reason::kCancelled, "a's invoke");
  end.asked_to_stop = true;
  EXPECT_TRUE(OutcomeOf(end).stopped());
  EXPECT_EQ(OutcomeOf(end).reason, "stopped by the user");
  end.answer = Error(StatusCode::kIo, "x");
  EXPECT_TRUE(OutcomeOf(end).stopped());
  EXPECT_EQ(OutcomeOf(end).ToStatus().code(), StatusCode::kCancelled);
  const JobOutcome outcome = OutcomeOf({.answer = Error(StatusCode::kCancelled, "a gave up")});
  EXPECT_EQ(outcome.status, Outcome::kFailed);
  EXPECT_EQ(outcome.reason, "a gave up, though nobody asked it to stop");
}

}  // namespace
}  // namespace qbench::jobs
