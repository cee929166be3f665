#include "cli/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include <csignal>
#include <cstdlib>

#include "tests/cli/captured_streams.h"

namespace qbench::cli {
namespace {

using ::testing::HasSubstr;

// Ends the child with 1 where something does not hold in it.
void Require(bool holds) {
  if (!holds) _exit(1);
}

void PutAt(int stream, const char* path, int flags) {
  const int file = open(path, flags);
  Require(file >= 0 && dup2(file, stream) == stream);
  close(file);
}

// A pseudo-terminal as standard error; returns the other end.
int PutTerminalAtError() {
  const int controller = posix_openpt(O_RDWR | O_NOCTTY);
  Require(controller >= 0 && grantpt(controller) == 0 && unlockpt(controller) == 0);
  PutAt(STDERR_FILENO, ptsname(controller), O_RDWR | O_NOCTTY);
  return controller;
}

TEST(Terminal, ResultsAndMessagesGoApart) {
  const Captured child = Capture([] {
    Print("a result\n");
    PrintError("a message\n");
    PrintWarnings({"the first", "the second"});
    Print("another\n");
    Require(FinishOutput().ok());
  });
  EXPECT_EQ(child.exit_status(), 0);
  EXPECT_EQ(child.out, "a result\nanother\n");
  EXPECT_EQ(child.err, "a message\nwarning: the first\nwarning: the second\n");
}

TEST(Terminal, AFullDiskIsAFailureInTheEnd) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "this machine has no /dev/full";
  const Captured child = Capture([] {
    PutAt(STDOUT_FILENO, "/dev/full", O_WRONLY);
    Print("lost\n");
    const Status status = FinishOutput();
    Require(status.code() == StatusCode::kNoSpace);
    PrintError(status.message());
  });
  EXPECT_EQ(child.exit_status(), 0);
  EXPECT_THAT(child.err, HasSubstr("standard output"));
}

TEST(Terminal, AfterAFailureNothingMoreIsPrinted) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "this machine has no /dev/full";
  const Captured child = Capture([] {
    const int file = dup(STDOUT_FILENO);
    PutAt(STDOUT_FILENO, "/dev/full", O_WRONLY);
    Print("lost\n");
    Require(dup2(file, STDOUT_FILENO) == STDOUT_FILENO);
    Print("there is room again, but the beginning is missing\n");
    Require(!FinishOutput().ok());
  });
  EXPECT_EQ(child.exit_status(), 0);
  EXPECT_EQ(child.out, "");
}

TEST(Terminal, AReaderThatHasGoneIsNoFailure) {
  const Captured child = Capture([] {
    HandleSignals();
    int ends[2];
    Require(pipe(ends) == 0 && dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    Print("to nobody\n");  // no death by SIGPIPE
    Require(FinishOutput().ok());
  });
  EXPECT_EQ(child.exit_status(), 0);
}

TEST(Terminal, StreamsThatWereClosedAreTakenByNoFile) {
  const Captured child = Capture([] {
    const int kept = dup(STDERR_FILENO);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) close(stream);
    TakeStandardStreams();
    Require(open("/dev/null", O_RDONLY) > STDERR_FILENO);
    PrintError("to nobody");  // no failure
    Print("to nobody");
    Require(FinishOutput().code() == StatusCode::kIo);
    Require(dup2(kept, STDERR_FILENO) == STDERR_FILENO);
  });
  EXPECT_EQ(child.exit_status(), 0);
  EXPECT_EQ(child.err, "");
}

TEST(Terminal, StreamsThatAreOpenStayAsTheyAre) {
  const Captured child = Capture([] {
    TakeStandardStreams();
    Print("out");
    PrintError("err");
  });
  EXPECT_EQ(child.out, "out");
  EXPECT_EQ(child.err, "err");
}

TEST(Terminal, AFileIsNoTerminalAndHas80Columns) {
  const Captured child = Capture([] {
    setenv("TERM", "xterm", 1);
    Require(!ErrorIsTerminal());
    Require(TerminalWidth() == 80);
  });
  EXPECT_EQ(child.exit_status(), 0);
}

TEST(Terminal, ATerminalIsOneUnlessItIsDumb) {
  const Captured child = Capture([] {
    const int controller = PutTerminalAtError();
    winsize size{};
    size.ws_col = 123;
    Require(ioctl(controller, TIOCSWINSZ, &size) == 0);
    Require(TerminalWidth() == 123);
    size.ws_col = 0;  // not known
    Require(ioctl(controller, TIOCSWINSZ, &size) == 0);
    Require(TerminalWidth() == 80);
    setenv("TERM", "xterm", 1);
    Require(ErrorIsTerminal());
    setenv("TERM", "dumb", 1);
    Require(!ErrorIsTerminal());
    unsetenv("TERM");
    Require(!ErrorIsTerminal());
  });
  EXPECT_EQ(child.exit_status(), 0);
}

TEST(Signals, TheFirstAsksAndTheSecondEnds) {
  for (const int signal : {SIGINT, SIGTERM}) {
    SCOPED_TRACE(signal);
    const Captured child = Capture([&] {
      HandleSignals();
      Require(!Interrupted());
      raise(signal);
      Require(Interrupted());
      PrintError("still there");
      raise(signal);
      PrintError(", and still");
    });
    EXPECT_EQ(child.exit_status(), 130);
    EXPECT_EQ(child.err, "still there");
  }
}

TEST(Signals, WhatDoesNotLookIsEnded) {
  const Captured child = Capture([] {
    HandleSignals();
    raise(SIGINT);
    Require(alarm(0) > 0);  // it was set
    raise(SIGALRM);
  });
  EXPECT_EQ(child.exit_status(), 130);
}

TEST(Signals, AHangUpIsNoEnd) {
  const Captured child = Capture([] {
    HandleSignals();
    for (const int signal : {SIGHUP, SIGPIPE, SIGXFSZ}) raise(signal);
    Require(!Interrupted());
    Print("still there");
  });
  EXPECT_EQ(child.exit_status(), 0);
  EXPECT_EQ(child.out, "still there");
}

}  // namespace
}  // namespace qbench::cli
