#include "harness/conformance/operator_table.h"

#include <algorithm>

#include "harness/checks/output_difference.h"
#include "harness/jobs/model_outputs.h"

namespace qbench::conformance {
namespace {

// More processes lost than that, and the rest is not tried.
constexpr int kMostCrashes = 40;
constexpr int kMostTimeouts = 3;

ModelRun RunOf(const jobs::ModelOutputs& outputs) {
  ModelRun run;
  run.detail = outputs.message;
  run.outputs = outputs.outputs;
  if (outputs.code != StatusCode::kOk) {
    run.state =
        outputs.code == StatusCode::kUnsupported ? CellState::kUnsupported : CellState::kFailed;
  }
  return run;
}

// What one model adds to its cell.
struct Judged {
  CellState state = CellState::kOk;
  double difference = 0;
  std::string detail;
};

Judged Judge(const OperatorModel& model, const ModelRun& run, const ModelRun& oracle) {
  if (run.state != CellState::kOk) return {run.state, 0, run.detail};
  if (oracle.state != CellState::kOk) {
    return {CellState::kNotCompared, 0, "the reference runtime: " + oracle.detail};
  }
  Judged judged;
  for (size_t i = 0; i < oracle.outputs.size(); ++i) {
    const ByteSpan output = i < run.outputs.size() ? ByteSpan(run.outputs[i]) : ByteSpan();
    const checks::Difference difference = checks::Compare(model.output, output, oracle.outputs[i]);
    if (difference.largest <= judged.difference) continue;
    judged.difference = difference.largest;
    judged.detail = fmt::format("{} of {} elements differ, by up to {}", difference.different,
                                difference.elements, checks::Describe(difference));
  }
  if (judged.difference > ToleranceOf(model.kind, *model.type, model.output)) {
    judged.state = CellState::kWrong;
  } else {
    judged.detail.clear();
  }
  return judged;
}

// How bad a state is: the worst of a cell's models is the cell's.
int Badness(CellState state) {
  switch (state) {
    case CellState::kOk:
      return 0;
    case CellState::kNotCompared:
      return 1;
    case CellState::kUnsupported:
      return 2;
    case CellState::kWrong:
      return 3;
    case CellState::kFailed:
      return 4;
    case CellState::kTimeout:
      return 5;
    case CellState::kCrashed:
      return 6;
  }
  return 7;
}

}  // namespace

const char* CellStateName(CellState state) {
  constexpr const char* kNames[] = {"ok",      "wrong",   "unsupported", "failed",
                                    "crashed", "timeout", "not compared"};
  return kNames[static_cast<size_t>(state)];
}

double ToleranceOf(graph::OpKind kind, const graph::OperatorType& type, graph::DataType output) {
  if (output == graph::DataType::kFloat32) {
    if (type.weights == graph::WeightScheme::kDynamic) return 0.05;
    return type.weights == graph::WeightScheme::kFloat16 ? 0.005 : 1e-5;
  }
  const bool sigmoid = kind == graph::OpKind::kLogistic || kind == graph::OpKind::kTanh;
  return sigmoid && output == graph::DataType::kInt16 ? 16.0 : 1.0;
}

Result<std::vector<ModelRun>> RunModels(const jobs::PluginUse& runtime,
                                        const std::vector<jobs::ModelsJob::Model>& models,
                                        const std::filesystem::path& folder,
                                        const jobs::JobSettings& settings,
                                        const jobs::JobCallbacks& callbacks) {
  std::vector<ModelRun> runs(models.size());
  jobs::ModelsJob job = {runtime, models, 0, folder};
  int crashes = 0;
  int timeouts = 0;
  while (job.first < models.size()) {
    const jobs::JobOutcome outcome = jobs::RunJob(job, settings, callbacks);
    if (outcome.stopped()) return outcome.ToStatus();
    for (; job.first < models.size(); ++job.first) {
      const Result<jobs::ModelOutputs> outputs = jobs::ReadModelOutputs(folder, job.first);
      if (!outputs.ok()) break;
      runs[job.first] = RunOf(*outputs);
    }
    if (outcome.ok() || job.first == models.size()) break;
    // The plugin's file cannot be loaded, say: no model is to blame.
    if (outcome.status == store::Outcome::kFailed) {
      return Error(StatusCode::kInvalidArgument, "{}", outcome.reason);
    }
    ModelRun& culprit = runs[job.first++];
    const bool timeout = outcome.status == store::Outcome::kTimeout;
    culprit = {timeout ? CellState::kTimeout : CellState::kCrashed, outcome.reason, {}};
    (timeout ? timeouts : crashes) += 1;
    if (crashes <= kMostCrashes && timeouts <= kMostTimeouts) continue;
    for (; job.first < models.size(); ++job.first) {
      runs[job.first] = {CellState::kFailed, "not tried, since so many before crashed or hung", {}};
    }
  }
  return runs;
}

std::vector<OperatorCell> CompareRuns(const std::vector<OperatorModel>& models,
                                      const std::vector<ModelRun>& runs,
                                      const std::vector<ModelRun>& oracle) {
  std::vector<OperatorCell> cells;
  for (size_t i = 0; i < models.size(); ++i) {
    const OperatorModel& model = models[i];
    const std::string op(graph::OpKindName(model.kind));
    if (cells.empty() || cells.back().op != op || cells.back().type != model.type->name) {
      OperatorCell& cell = cells.emplace_back();
      cell.op = op;
      cell.type = model.type->name;
      cell.tolerance = ToleranceOf(model.kind, *model.type, model.output);
      cell.steps = model.output != graph::DataType::kFloat32;
      cell.seed = model.seed;
    }
    OperatorCell& cell = cells.back();
    ++cell.models;
    Judged judged = Judge(model, runs[i], oracle[i]);
    if (judged.state == CellState::kUnsupported) ++cell.refused;
    cell.difference = std::max(cell.difference, judged.difference);
    if (Badness(judged.state) <= Badness(cell.state)) continue;
    cell.state = judged.state;
    cell.seed = model.seed;
    cell.detail = std::move(judged.detail);
  }
  return cells;
}

}  // namespace qbench::conformance
