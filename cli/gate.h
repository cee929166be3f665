// `qbench run --baseline NAME --gate`: what it adds to a run.
#pragma once

#include <boost/program_options/options_description.hpp>
#include <map>
#include <optional>
#include <string>

#include "cli/arguments.h"
#include "cli/exit_status.h"
#include "harness/baseline/pinned_baseline.h"
#include "harness/plan/run_plan.h"
#include "harness/results/night.h"
#include "harness/run/run_engine.h"
#include "harness/store/store.h"

namespace qbench::cli {

// --baseline, --gate, and the limits of its verdict.
void AddGateOptions(boost::program_options::options_description& options);

// What the gate judges with. None where the command has no gate.
struct Gate {
  baseline::Baseline baseline;
  results::NightRules rules;
};

// The baseline that the command names, every file of it checked, and the rules; `pairs` is
// --repetitions, where that is given. kInvalidArgument: options that do not go together; the errors
// of ReadBaseline and CheckFiles.
Result<std::optional<Gate>> ReadGate(const Arguments& arguments, std::optional<int> pairs);

// kInvalidArgument where so many pairs could not show a regression of any of the plan's cells.
Status CheckPairs(const plan::Plan& plan, const results::NightRules& rules);

// Judges the nights of one store; `store` outlives it.
class GateJudge {
 public:
  explicit GateJudge(store::Store& store) : store_(store) {}

  // The verdict of what the run has measured so far, by the rules that it was begun with, with
  // floors from the finished nights before it on this board. Errors are the store's.
  Result<results::Night> Judge(int64_t run);
  // Nights that the floors were learned from.
  size_t nights() const { return nights_; }

  // Sets what ExecuteRun asks of a gate. This object outlives the run.
  void Attach(const Gate& gate, run::RunOptions* options);

 private:
  Status LearnFloors(const store::Run& run);

  store::Store& store_;
  std::optional<results::Floors> floors_;
  size_t nights_ = 0;
};

// A line a cell, what differs between the builds, and the answer, for people.
std::string GateText(const results::Night& night, const std::string& baseline, size_t nights);
ExitStatus StatusOf(results::NightAnswer answer);

}  // namespace qbench::cli
