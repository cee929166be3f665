#include "harness/jobs/outcome.h"

#include <csignal>

#include "gtest/gtest.h"

namespace qbench::worker {
namespace {

ChildEnd End(ChildEnd::Reason reason) {
  ChildEnd end;
  end.reason = reason;
  return end;
}

TEST(DescribeEnd, NamesSignalAndPlace) {
  ChildEnd end = End(ChildEnd::Reason::kSignaled);
  end.signal = SIGSEGV;
  JobOutcome outcome = DescribeEnd(end, "int8's quantize", "");
  EXPECT_EQ(outcome.kind, OutcomeKind::kCrashed);
  EXPECT_EQ(outcome.reason, "segmentation fault in int8's quantize");
  end.signal = SIGABRT;
  outcome = DescribeEnd(end, "", "");
  EXPECT_EQ(outcome.reason,
            "aborted (a failed assertion or an uncaught exception) in qbench's own worker, outside "
            "of any plugin");
}

TEST(DescribeEnd, AnAnswerThatCouldNotBeWrittenIsNoCrash) {
  ChildEnd end = End(ChildEnd::Reason::kExited);
  end.exit_status = kCannotAnswerStatus;
  JobOutcome outcome = DescribeEnd(
      end, "", "noise\ncannot write to /t/result.json: no space left on device; make room there\n");
  EXPECT_EQ(outcome.kind, OutcomeKind::kFailed);
  EXPECT_EQ(outcome.reason,
            "cannot write to /t/result.json: no space left on device; make room there (TMPDIR)");
  outcome = DescribeEnd(end, "", "");  // the log is on the same disk
  EXPECT_NE(outcome.reason.find("set TMPDIR"), std::string::npos);
  // A plugin may end the process with any status.
  EXPECT_EQ(DescribeEnd(end, "int8's quantize", "").kind, OutcomeKind::kCrashed);
}

TEST(DescribeEnd, NamesLimits) {
  ChildEnd end = End(ChildEnd::Reason::kTimeout);
  end.limits.time = std::chrono::milliseconds(1500);
  JobOutcome outcome = DescribeEnd(end, "litert's invoke", "");
  EXPECT_EQ(outcome.kind, OutcomeKind::kTimeout);
  EXPECT_EQ(outcome.reason, "no answer after 1.5 s, stopped in litert's invoke");
  end = End(ChildEnd::Reason::kMemory);
  end.limits.resident_bytes = uint64_t{700} << 20;
  outcome = DescribeEnd(end, "litert's load", "");
  EXPECT_EQ(outcome.kind, OutcomeKind::kCrashed);
  EXPECT_EQ(outcome.reason, "exceeded the memory limit of 700 MiB in litert's load");
}

TEST(DescribeEnd, ReadsSanitizerReports) {
  ChildEnd end = End(ChildEnd::Reason::kExited);
  end.exit_status = 1;
  EXPECT_EQ(DescribeEnd(end, "a's init", "noise").reason,
            "exited by itself with status 1 in a's init");
  EXPECT_EQ(DescribeEnd(end, "a's init",
                        "==1==ERROR: AddressSanitizer: SEGV on unknown address 0x0 (pc 0x1)\nmore")
                .reason,
            "segmentation fault (AddressSanitizer) in a's init");
  EXPECT_EQ(
      DescribeEnd(end, "a's init", "==1==ERROR: AddressSanitizer: heap-use-after-free on 0x1\nmore")
          .reason,
      "AddressSanitizer: heap-use-after-free on 0x1 in a's init");
}

TEST(DescribeFailure, TellsUnsupportedFromFailed) {
  EXPECT_EQ(DescribeFailure(Error(StatusCode::kUnsupported, "x")).kind, OutcomeKind::kUnsupported);
  EXPECT_EQ(DescribeFailure(Error(StatusCode::kCancelled, "x")).kind, OutcomeKind::kCancelled);
  EXPECT_EQ(DescribeFailure(Error(StatusCode::kNotFound, "x")).kind, OutcomeKind::kFailed);
}

}  // namespace
}  // namespace qbench::worker
