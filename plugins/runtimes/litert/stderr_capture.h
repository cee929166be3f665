// LiteRT says why it refuses a model on the standard error stream, and nowhere else where no model
// has been compiled. This reads it there.
#pragma once

#include <mutex>
#include <string>
#include <vector>

namespace qbench::litert {

// From construction to Finish, what any thread of the process writes to standard error goes into a
// file in memory. For moments in which a call fails; never around what is timed. One at a time: a
// second one waits. Where the stream cannot be redirected, nothing is captured.
class StderrCapture {
 public:
  StderrCapture();
  StderrCapture(const StderrCapture&) = delete;
  StderrCapture& operator=(const StderrCapture&) = delete;
  ~StderrCapture();

  // Gives the stream back and returns LiteRT's lines of errors, each once, without their "ERROR: ".
  // What is not LiteRT's is written to the stream: other threads' lines are late, not lost.
  std::vector<std::string> Finish();

 private:
  std::string GiveBack();

  std::unique_lock<std::mutex> lock_;
  int saved_ = -1;  // standard error as it was
  int file_ = -1;
};

// The lines of LiteRT's log `text` that are errors, each once, in their order; `others` gets all
// lines but those of LiteRT's loggers.
std::vector<std::string> ErrorLines(const std::string& text, std::string& others);

}  // namespace qbench::litert
