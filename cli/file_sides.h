// Two .tflite files as the sides of a comparison: weighed, and, where a data set is named, run.
#pragma once

#include <filesystem>
#include <string>

#include "cli/command.h"
#include "harness/results/comparison_side.h"

namespace qbench::cli {

// What is to be measured of two files.
struct FileTrial {
  std::string dataset;  // empty: nothing but the sizes
  std::string split = "test";
  std::string runtime;  // empty: the one that calibrates
  int threads = 1;
  int repetitions = 10;  // fresh processes a file for latency; 0: no latencies
  bool quiet = false;
};

struct FileSides {
  results::Side base;
  results::Side now;
};

// Whether the file calls itself a .tflite model by its name or its first bytes.
bool IsTflite(const std::filesystem::path& file);

// Each file becomes a side with one cell. With a data set, both classify the split (each needs its
// sidecar), and are then timed in fresh processes in turns, the two of a pair right one after the
// other, whichever is first changing from pair to pair. The errors of the jobs and of what they
// need; kCancelled.
Result<FileSides> MeasureFiles(const std::string& base, const std::string& now,
                               const FileTrial& trial, const plan::Folders& folders);

}  // namespace qbench::cli
