// What a piece of a test writes to the standard streams, which are the process's: it runs in a
// child of its own.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>

#include "base/files.h"

namespace qbench::cli {

struct Captured {
  int status = -1;  // of wait(): WIFEXITED, WEXITSTATUS, …
  std::string out;
  std::string err;

  int exit_status() const { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }
};

// Forks and runs body() in the child, whose standard output and error are files; it ends with
// _exit(0), so that nothing of the parent is flushed or destroyed twice.
inline Captured Capture(const std::function<void()>& body) {
  const TempDir folder = *TempDir::Create("captured-streams");
  const std::filesystem::path out = folder.path() / "out";
  const std::filesystem::path err = folder.path() / "err";
  const pid_t child = fork();
  if (child == 0) {
    dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDOUT_FILENO);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
    body();
    _exit(0);
  }
  Captured captured;
  EXPECT_GT(child, 0);
  EXPECT_EQ(waitpid(child, &captured.status, 0), child);
  captured.out = *ReadTextFile(out);
  captured.err = *ReadTextFile(err);
  return captured;
}

}  // namespace qbench::cli
