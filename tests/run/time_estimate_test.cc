// Runs on machines of very different speeds, played through: what is left is told within 25 %.
#include "harness/run/time_estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace qbench::run {
namespace {

plan::SelectedPlugin Named(host::PluginKind kind, const std::string& id, bool oracle = false) {
  plan::SelectedPlugin selected;
  selected.plugin.descriptor.kind = kind;
  selected.plugin.descriptor.id = id;
  selected.plugin.descriptor.oracle = oracle;
  selected.plugin.descriptor.needs_samples = id.starts_with("int");
  return selected;
}

plan::Plan MakePlan(const std::vector<double>& gmacs, const std::vector<std::string>& quantizers,
                    const std::vector<std::string>& runtimes, const std::vector<int>& threads) {
  plan::Plan plan;
  datasets::Split test;
  test.name = "test";
  test.images.resize(600);
  plan.dataset.splits = {test};
  for (const double size : gmacs) plan.models.emplace_back().gmacs = size;
  for (const std::string& id : quantizers) {
    plan.selection.quantizers.push_back(Named(host::PluginKind::kQuantizer, id));
  }
  for (const std::string& id : runtimes) {
    plan.selection.runtimes.push_back(Named(host::PluginKind::kRuntime, id, id == "oracle"));
  }
  plan.calibration_runtime = plan.selection.runtimes[0];
  for (size_t m = 0; m < gmacs.size(); ++m) {
    for (size_t r = 0; r < runtimes.size(); ++r) {
      for (const int count : threads) {
        for (size_t q = 0; q < quantizers.size(); ++q) plan.cells.push_back({m, q, r, count});
      }
    }
  }
  return plan;
}

// A machine, which knows how long everything takes.
class Machine {
 public:
  // `speed` in thousand million multiply-adds a second.
  Machine(const plan::Plan& plan, double speed, double start_seconds, int cores)
      : plan_(plan), speed_(speed), start_(start_seconds), cores_(cores) {
    // Each cell by itself is up to 1.6 times faster or slower than all is on average.
    std::uniform_real_distribution<double> whim(std::log(1 / 1.6), std::log(1.6));
    for (size_t i = 0; i < plan.cells.size(); ++i) whims_.push_back(std::exp(whim(random_)));
  }

  double Inference(size_t cell) const {
    const plan::PlannedCell& planned = plan_.cells[cell];
    const std::string& quantizer =
        plan_.selection.quantizers[planned.quantizer].plugin.descriptor.id;
    const bool oracle = plan_.selection.runtimes[planned.runtime].plugin.descriptor.oracle;
    const double slow = oracle ? 100 : quantizer == "int16x8" ? 30 : quantizer == "int8" ? 0.5 : 1;
    const double gain = planned.threads > 1 ? 1.3 : 1.0;
    return plan_.models[planned.model].gmacs / speed_ * slow * whims_[cell] / gain;
  }

  double Take(const Step& step) {
    const plan::PlannedCell& cell = plan_.cells[step.cell];
    const double inference = Inference(step.cell);
    const measure::LatencySettings& latency = plan_.measure.latency;
    switch (step.kind) {
      case StepKind::kQuantize:
        return Noisy(start_ + 40 * plan_.models[cell.model].gmacs / speed_ * (1 + cell.quantizer));
      case StepKind::kLook:
        return Noisy(start_ + kLookRuns * inference);
      case StepKind::kAccuracy:  // two at once share the memory
        return Noisy(start_ + 600 * inference / std::max(1.0, 0.6 * cores_ / cell.threads));
      case StepKind::kLatency:
        return Noisy(start_ + std::max(0.5, 3 * inference) +
                     std::min(std::max(2.0, 64 * inference) * 1.15, latency.max_seconds));
      case StepKind::kPeak:
        return 1;
      case StepKind::kDiff:
        return Noisy(start_ + 400 * inference);
      case StepKind::kProfile:
        return Noisy(start_ + 4 * inference);
    }
    return 0;
  }

  double start() const { return start_; }

 private:
  double Noisy(double seconds) {
    return seconds * std::uniform_real_distribution<double>(0.93, 1.07)(random_);
  }

  const plan::Plan& plan_;
  double speed_, start_;
  int cores_;
  std::mt19937 random_{20251129};
  std::vector<double> whims_;
};

struct Played {
  double at = 0;    // share of the run's time that has passed
  double told = 0;  // seconds that are left
  double left = 0;
};

// The run, as the engine tells it to the estimate: one entry before every step.
std::vector<Played> Play(const plan::Plan& plan, Machine machine, int cores, bool looks = true) {
  const std::vector<Step> steps = PlanSteps(plan);
  std::vector<double> taken;
  for (const Step& step : steps) taken.push_back(machine.Take(step));
  const double whole = std::accumulate(taken.begin(), taken.end(), 0.0);
  TimeEstimate estimate(plan, steps, cores);
  std::vector<Played> played;
  double passed = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    played.push_back({passed / whole, estimate.SecondsLeft(), whole - passed});
    estimate.Begin(i);
    if (steps[i].kind == StepKind::kLook && looks) {
      estimate.LearnInference(steps[i].cell, machine.Inference(steps[i].cell));
      estimate.LearnOverhead(steps[i].cell, machine.start());
    }
    if (steps[i].kind == StepKind::kLatency) {
      estimate.LearnInference(steps[i].cell, machine.Inference(steps[i].cell));
    }
    passed += taken[i];
    estimate.End(taken[i]);
  }
  played.push_back({1, estimate.SecondsLeft(), 0});
  return played;
}

// Within 25 % from step `first` on, until a twentieth of the time is left.
void ExpectFollows(const std::vector<Played>& played, size_t first) {
  for (size_t i = first; i < played.size(); ++i) {
    if (played[i].at > 0.95) break;
    EXPECT_NEAR(played[i].told / played[i].left, 1, 0.25)
        << "before step " << i << " at " << played[i].at << ": " << played[i].told << " s told, "
        << played[i].left << " s left";
  }
  EXPECT_EQ(played.back().told, 0);
}

size_t AfterLooks(const plan::Plan& plan) {
  const std::vector<Step> steps = PlanSteps(plan);
  const auto last = std::find_if(steps.rbegin(), steps.rend(),
                                 [](const Step& step) { return step.kind == StepKind::kLook; });
  return static_cast<size_t>(steps.rend() - last);
}

TEST(TimeEstimate, FollowsMachinesOfAnySpeed) {
  const plan::Plan plan =
      MakePlan({0.02, 0.3, 3}, {"float", "fp16", "int8", "int16x8"}, {"fast", "oracle"}, {1, 2});
  for (const double speed : {0.5, 6.0, 80.0}) {
    for (const double start : {0.05, 1.5}) {
      SCOPED_TRACE(fmt::format("{} GMAC/s, {} s to start", speed, start));
      const std::vector<Played> played = Play(plan, Machine(plan, speed, start, 4), 4);
      const size_t looked = AfterLooks(plan);
      EXPECT_LT(played[looked].at, 0.2);
      ExpectFollows(played, looked);
    }
  }
}

// A short run of a few cells, one of them many times slower than its size lets expect.
TEST(TimeEstimate, KnowsOfTheSlowCellBeforeItsTurn) {
  const plan::Plan plan = MakePlan({0.3}, {"float", "int8", "int16x8"}, {"fast"}, {1});
  const std::vector<Played> played = Play(plan, Machine(plan, 2, 0.3, 2), 2);
  EXPECT_GT(played[0].left, 3 * played[0].told);  // the first guess is wrong
  ExpectFollows(played, AfterLooks(plan));
}

TEST(TimeEstimate, LearnsFromCellsWhereLooksFail) {
  const plan::Plan plan = MakePlan({0.3, 0.5, 1, 2, 3}, {"float", "fp16"}, {"fast"}, {1});
  const Machine machine(plan, 1.5, 0.5, 2);
  const std::vector<Played> played = Play(plan, machine, 2, /*looks=*/false);
  // The first fifth of the cells has its accuracy.
  ExpectFollows(played, AfterLooks(plan) + plan.cells.size() / 5);
}

TEST(TimeEstimate, WhatIsThereOrFailedTakesNoTime) {
  const plan::Plan plan = MakePlan({1}, {"float", "int8"}, {"fast"}, {1});
  const std::vector<Step> steps = PlanSteps(plan);
  TimeEstimate estimate(plan, steps, 2);
  const double whole = estimate.SecondsLeft();
  estimate.DropCell(1);
  EXPECT_LT(estimate.SecondsLeft(), 0.6 * whole);
  for (size_t i = 0; i < steps.size(); ++i) estimate.MarkDone(i);
  EXPECT_EQ(estimate.SecondsLeft(), 0);
}

TEST(TimeEstimate, AFailedStepTeachesNothing) {
  const plan::Plan plan = MakePlan({1}, {"float", "int8"}, {"fast"}, {1});
  const std::vector<Step> steps = PlanSteps(plan);
  TimeEstimate estimate(plan, steps, 2);
  double before = 0;
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind == StepKind::kAccuracy && steps[i].cell == 1) {
      EXPECT_EQ(estimate.StepSeconds(i), before);
    }
    if (steps[i].kind == StepKind::kAccuracy && steps[i].cell == 0) {
      before = estimate.StepSeconds(i + 1);
      estimate.Begin(i);
      estimate.EndWithoutWork();
    }
  }
}

TEST(TimeEstimate, FollowsThePaceOfALongStep) {
  const plan::Plan plan = MakePlan({1}, {"float"}, {"fast"}, {1});
  const std::vector<Step> steps = PlanSteps(plan);
  TimeEstimate estimate(plan, steps, 1);
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind != StepKind::kAccuracy) estimate.MarkDone(i);
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].kind != StepKind::kAccuracy) continue;
    estimate.Begin(i);
    estimate.Progress(60, 600);  // 100 s for a tenth of the images
    EXPECT_NEAR(estimate.SecondsLeft(100), 900, 1);
    estimate.Progress(300, 600);
    EXPECT_NEAR(estimate.SecondsLeft(500), 500, 1);
  }
}

TEST(TimeEstimate, CountsDecoding) {
  const plan::Plan plan = MakePlan({1, 1}, {"float"}, {"fast"}, {1});
  TimeEstimate estimate(plan, PlanSteps(plan), 2);
  const double steps = estimate.SecondsLeft();
  estimate.ExpectDecoding(2000);
  EXPECT_GT(estimate.SecondsLeft(), steps);
  estimate.BeginDecoding(1000);
  estimate.Progress(500, 1000);
  // As many images again as have not been begun, at the first guess.
  EXPECT_NEAR(estimate.SecondsLeft(10), steps + 10 + 2.5, 0.1);
  estimate.EndDecoding(20);
  EXPECT_NEAR(estimate.SecondsLeft(), steps + 20, 0.1);
  estimate.BeginDecoding(1000);
  estimate.EndDecoding(20);
  EXPECT_NEAR(estimate.SecondsLeft(), steps, 0.1);
}

}  // namespace
}  // namespace qbench::run
