// Every operator and type on a runtime, against another one: which it has, and how far its outputs
// are from the other's.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/conformance/check_models.h"
#include "harness/jobs/run_job.h"

namespace qbench::conformance {

enum class CellState {
  kOk,           // every model's outputs are within the tolerance
  kWrong,        // an output is further off
  kUnsupported,  // refused with QBENCH_UNSUPPORTED, as is right
  kFailed,       // refused or failed with another status, or without a reason
  kCrashed,
  kTimeout,
  kNotCompared,  // it runs, and the oracle cannot
};
const char* CellStateName(CellState state);  // "ok", "wrong", "unsupported", …

// An operator in a type: what became of its models together, the worst counting.
struct OperatorCell {
  std::string op;    // "CONV_2D"
  std::string type;  // "int8"
  CellState state = CellState::kOk;
  double difference = 0;  // the largest: of integers in steps, of floats as checks::Compare has it
  double tolerance = 0;
  bool steps = false;
  int models = 0;
  int refused = 0;     // of them, as unsupported
  uint32_t seed = 0;   // of the model that decided the state
  std::string detail;  // why, in the plugin's words; empty for kOk

  bool conforms() const {
    return state == CellState::kOk || state == CellState::kUnsupported ||
           state == CellState::kNotCompared;
  }
};

// How far a type's outputs may be from the reference runtime's. Integers: one step, for the
// roundings of LiteRT's three arithmetics (16-bit LOGISTIC and TANH: 16 of 32768). float32: 1e-5 of
// the largest value, for sums in another order. float16: 0.005, as the CPU may compute in half
// precision. dynamic: 0.05, since activations may or may not be rounded to 8 bits.
double ToleranceOf(graph::OpKind kind, const graph::OperatorType& type, graph::DataType output);

// What a runtime made of models: one entry each.
struct ModelRun {
  CellState state = CellState::kOk;  // kOk: it ran
  std::string detail;
  std::vector<Bytes> outputs;
};

// Runs `models` in worker processes, in a new one after each crash. `folder` is for their results.
// What could not be tried, since too many before it crashed or hung, is kFailed.
Result<std::vector<ModelRun>> RunModels(const jobs::PluginUse& runtime,
                                        const std::vector<jobs::ModelsJob::Model>& models,
                                        const std::filesystem::path& folder,
                                        const jobs::JobSettings& settings,
                                        const jobs::JobCallbacks& callbacks);

// The cells, in the order of the operators and types.
std::vector<OperatorCell> CompareRuns(const std::vector<OperatorModel>& models,
                                      const std::vector<ModelRun>& runs,
                                      const std::vector<ModelRun>& oracle);

}  // namespace qbench::conformance
