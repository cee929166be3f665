// A realistic run for tests: six classes, a few quantizers with plausible sizes, times and errors,
// all made up from a fixed seed (the same numbers on every machine), stored through the Store's own
// interface.
#pragma once

#include <string>
#include <vector>

#include "harness/store/store.h"

namespace qbench::store {

struct SampleRunOptions {
  std::vector<std::string> models = {"mbv2_035_96"};
  std::vector<std::string> quantizers = {"float", "fp16", "int8"};
  std::vector<std::string> runtimes = {"litert"};
  std::vector<int32_t> threads = {1};
  int images = 600;
  int processes = 3;
  int samples = 160;  // of a process
  // Conditions as a board says them, in place of two temperatures.
  bool full_conditions = false;
  // One cell each: unsupported, crashed while measuring latency, timed out while quantizing, and
  // latency invalid because the board throttled; the last four cells (there must be as many).
  bool with_failures = false;
  bool finished = true;
  // The layers of the second quantizer's artifact compared with float's, one of them ruined; and a
  // comparison of the third's that failed.
  bool with_comparisons = false;
};

// Four layers, of which the third, "project", is ruined. Not stored: without run and artifact.
LayerComparison SampleComparison();

// Adds the run and returns its id.
Result<int64_t> StoreSampleRun(Store& store, const SampleRunOptions& options);

// The same, stored in a database in the temporary folder and loaded back. Throws where the store
// fails, which fails the test.
RunData LoadSampleRun(const SampleRunOptions& options);

}  // namespace qbench::store
