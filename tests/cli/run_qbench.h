// Runs the built qbench as a user does, in a folder, cache and data home of its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/process.h"

namespace qbench::cli_test {

struct Answer {
  int status = -1;  // exit status; -1: it did not exit by itself
  std::string out;
  std::string err;
};

// What became of a qbench that got Ctrl-C.
struct InterruptedAnswer {
  Answer answer;
  double seconds = 0;           // from the first signal to the end
  std::vector<pid_t> children;  // that it had when the signal came
};

// The processes that descend from `pid`.
std::vector<pid_t> ChildrenOf(pid_t pid);
// Waits up to 20 s until none of the processes is there any more.
bool AllEnd(const std::vector<pid_t>& processes);

class Workplace {
 public:
  Workplace();

  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path File(const std::string& name) const { return folder() / name; }

  // Relative paths in `args` are used as they are: the programs run in the test's folder.
  Answer Run(const std::vector<std::string>& args,
             const std::vector<std::string>& environment = {}) const;
  // Any program, in the same place; argv[0] is its path.
  Answer RunProgram(const std::vector<std::string>& argv,
                    const std::vector<std::string>& environment = {}) const;
  // Run with standard output in `out`, a device for example; Answer::out stays empty.
  Answer RunInto(const std::filesystem::path& out, const std::vector<std::string>& args) const;
  // Kills qbench (not its children) with SIGKILL as soon as `words` stand in its standard error,
  // unless it ended before; true where it was killed.
  bool RunAndKillAt(const std::string& words, const std::vector<std::string>& args) const;
  // The same, `delay` after it has written so many lines of progress ("[ 12 %] …").
  bool RunAndKill(const std::vector<std::string>& args, size_t progress_lines,
                  std::chrono::milliseconds delay) const;

  // Sends the signals, one at once after the other, when `ready(pid)` says so.
  InterruptedAnswer RunAndInterrupt(const std::vector<std::string>& args,
                                    const std::vector<std::string>& environment,
                                    const std::function<bool(pid_t)>& ready,
                                    const std::vector<int>& signals = {SIGINT}) const;

  // A data set of `per_class` shipped images a class, in splits.
  std::filesystem::path SmallScenes(int per_class) const;
  // A quick `qbench run` into test.sqlite: --db, few and short repetitions, then `more`.
  std::vector<std::string> QuickRun(const std::vector<std::string>& more) const;

 private:
  ChildOptions Options(const std::vector<std::string>& args,
                       const std::vector<std::string>& environment) const;
  bool KillWhen(const std::vector<std::string>& args, const std::function<bool()>& ready) const;
  // Waits for its end; without standard output.
  Answer Finish(const ChildOptions& options) const;

  TempDir folder_;
};

// How many lines of progress a qbench wrote whose standard error is `text`.
size_t ProgressLines(const std::string& text);

// The rows of a CSV text (RFC 4180), fields without their quotes.
std::vector<std::vector<std::string>> ParseCsv(const std::string& text);

}  // namespace qbench::cli_test
