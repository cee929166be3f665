#include "cli/gate.h"

#include <boost/program_options/value_semantic.hpp>
#include <utility>

#include "base/utc_time.h"
#include "cli/baseline_folder.h"
#include "cli/command.h"
#include "harness/results/night_history.h"
#include "harness/stats/paired_ratio.h"
#include "harness/stats/rank_tests.h"
#include "reports/comparison/comparison_reports.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

size_t PairedCells(const plan::Plan& plan) { return plan.cells.size() - plan.OwnCells(); }

}  // namespace

void AddGateOptions(po::options_description& options) {
  const results::NightRules rules;
  options.add_options()("baseline", po::value<std::string>()->value_name("NAME"),
                        "measure this pinned baseline beside it (see qbench baseline); goes with "
                        "--gate")("gate", po::bool_switch(),
                                  "end with a verdict: is the new build worse than the baseline?")(
      "floor",
      po::value<double>()->value_name("PERCENT")->default_value(rules.limits.latency_floor * 100),
      "with --gate: differences of latency within it count for nothing")(
      "budget",
      po::value<double>()->value_name("POINTS")->default_value(rules.limits.accuracy_budget * 100),
      "with --gate: how far top-1 may fall")(
      "growth", po::value<double>()->value_name("PERCENT")->default_value(0),
      "with --gate: how much a file may grow");
}

Result<std::optional<Gate>> ReadGate(const Arguments& arguments, std::optional<int> pairs) {
  const bool gate = arguments.Get<bool>("gate");
  if (gate != arguments.Has("baseline")) {
    return Error(StatusCode::kInvalidArgument,
                 "--baseline NAME and --gate go together; `qbench baseline list` shows the names");
  }
  if (!gate) return std::optional<Gate>();
  Gate result;
  results::NightRules& rules = result.rules;
  rules.limits.latency_floor = arguments.Get<double>("floor") / 100;
  rules.limits.accuracy_budget = arguments.Get<double>("budget") / 100;
  rules.limits.size_growth = arguments.Get<double>("growth") / 100;
  if (pairs) rules.pairs = *pairs;
  if (!results::AreUsable(rules.limits)) {
    return Error(StatusCode::kInvalidArgument,
                 "--floor, --budget and --growth are per cent from 0 below 100");
  }
  QB_ASSIGN_OR_RETURN(const std::filesystem::path baselines, BaselinesOf(arguments));
  QB_ASSIGN_OR_RETURN(result.baseline,
                      baseline::ReadBaseline(baselines, arguments.Get<std::string>("baseline")));
  QB_RETURN_IF_ERROR(baseline::CheckFiles(result.baseline));
  return std::optional<Gate>(std::move(result));
}

Status CheckPairs(const plan::Plan& plan, const results::NightRules& rules) {
  const size_t cells = PairedCells(plan);
  size_t needed = stats::kMinPairs99;
  while (stats::LeastPairedSlowerP(needed) * static_cast<double>(cells) >= rules.limits.level) {
    ++needed;
  }
  const auto pairs = static_cast<size_t>(rules.pairs);
  if (pairs >= needed && pairs <= stats::kMaxPairs) return OkStatus();
  return Error(StatusCode::kInvalidArgument,
               "--repetitions {}: of {} cell{} a gate can show a slowdown with {} to {} pairs",
               rules.pairs, cells, cells == 1 ? "" : "s", needed, stats::kMaxPairs);
}

Status GateJudge::LearnFloors(const store::Run& run) {
  if (floors_) return OkStatus();
  results::FloorHistory history;
  QB_ASSIGN_OR_RETURN(const std::vector<store::Run> runs, store_.Runs());
  for (const store::Run* other : results::NightsBefore(runs, run)) {
    QB_ASSIGN_OR_RETURN(const store::RunData data, store_.LoadRun(other->id));
    history.Add(results::JudgeNight(data, {}, results::RulesOf(*other)));
  }
  floors_ = history.Learned();
  nights_ = history.nights();
  return OkStatus();
}

Result<results::Night> GateJudge::Judge(int64_t run) {
  QB_ASSIGN_OR_RETURN(const store::RunData data, store_.LoadRun(run));
  QB_RETURN_IF_ERROR(LearnFloors(data.run));
  return results::JudgeNight(data, *floors_, results::RulesOf(data.run));
}

void GateJudge::Attach(const Gate& gate, run::RunOptions* options) {
  options->gate = results::RulesToJson(gate.rules);
  options->gate["baseline"] = gate.baseline.name;
  options->gate["baseline_sha256"] = gate.baseline.sha256;
  options->suspects = [this](int64_t run) -> Result<std::vector<int64_t>> {
    QB_ASSIGN_OR_RETURN(results::Night night, Judge(run));
    return std::move(night.suspects);
  };
  options->conclude = [this](int64_t run) -> Status {
    QB_ASSIGN_OR_RETURN(const results::Night night, Judge(run));
    const auto severity = [](bool good) {
      return good ? store::NoteSeverity::kInfo : store::NoteSeverity::kWarning;
    };
    for (const results::NightCell& cell : night.cells) {
      const results::Judgement judgement = cell.figures.judgement;
      const bool good = judgement != results::Judgement::kWorse &&
                        judgement != results::Judgement::kMaybeWorse &&
                        judgement != results::Judgement::kInvalid;
      QB_RETURN_IF_ERROR(
          store_.AddNote({0, run, UtcNow(), severity(good), "gate: " + cell.sentence}));
    }
    for (const results::FactDifference& difference : night.differences) {
      QB_RETURN_IF_ERROR(store_.AddNote(
          {0, run, UtcNow(), store::NoteSeverity::kInfo,
           fmt::format("gate: differs from the baseline: {}: {} → {}", difference.name,
                       difference.base.empty() ? "none" : difference.base,
                       difference.now.empty() ? "none" : difference.now)}));
    }
    return store_.AddNote({0, run, UtcNow(), severity(night.answer == results::NightAnswer::kGood),
                           "gate: " + night.sentence});
  };
}

std::string GateText(const results::Night& night, const std::string& baseline, size_t nights) {
  std::string text = fmt::format("\nGate against {}", baseline);
  if (nights > 0) {
    text += fmt::format(" (floors learned from {} night{} of this board)", nights,
                        nights == 1 ? "" : "s");
  }
  text += ":\n";
  for (const results::NightCell& cell : night.cells) text += "  " + cell.sentence + "\n";
  text += reports::DifferencesText(night.differences, night.differences.size());
  if (!night.differences.empty()) text += "\n";
  return text + night.sentence + "\n";
}

ExitStatus StatusOf(results::NightAnswer answer) {
  switch (answer) {
    case results::NightAnswer::kRegression:
      return kRegression;
    case results::NightAnswer::kInvalid:
      return kCannotTell;
    case results::NightAnswer::kGood:
      break;
  }
  return kDone;
}

}  // namespace qbench::cli
