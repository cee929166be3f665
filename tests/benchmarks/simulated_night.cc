#include "tests/benchmarks/simulated_night.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace qbench::results {
namespace {

class Board {
 public:
  Board(const Scenario& scenario, Random* random) : scenario_(scenario), random_(*random) {}

  // The median of a process of this cell, now, and what the kernel tells.
  store::Measurement Process(int cell, bool is_baseline, int32_t repetition, double progress) {
    is_baseline_ = is_baseline;
    const double ratio = cell == 0 && !is_baseline ? 1 + scenario_.slowdown : 1;
    wander_ += scenario_.walk * random_.Normal();
    const double place = static_cast<double>(cell) / (kCells - 1);
    const double spread =
        scenario_.spread_low + (scenario_.spread_high - scenario_.spread_low) * place;
    double log_ms = std::log(0.5 * (cell + 1)) + std::log(ratio) + wander_ +
                    scenario_.drift * progress + spread * random_.Normal();
    if (random_.Chance(scenario_.tails)) log_ms += 0.1 * random_.Exponential();
    const bool bimodal = cell >= kCells * (1 - scenario_.bimodal);
    if (bimodal && random_.Chance(0.3)) log_ms += 0.04;
    double stolen = 0;
    if (scenario_.stolen > 0) {
      stolen = std::min(0.9, scenario_.stolen * (0.5 + random_.Uniform()));
      log_ms -= std::log(1 - stolen);
    }
    store::Measurement measurement;
    measurement.kind = store::MeasurementKind::kLatency;
    measurement.repetition = repetition;
    measurement.samples_ns = Samples(std::exp(log_ms) * 1e6, cell);
    measurement.peak_rss_bytes = static_cast<int64_t>(2e7 * (1 + 0.002 * random_.Uniform()));
    if (scenario_.counted) {
      measurement.conditions = {
          {"before", {{"uptime_ms", 1000}, {"waited_us", 0}, {"stolen_ms", 0}}},
          {"after", {{"uptime_ms", 3000}, {"waited_us", 4000 + 2e6 * stolen}, {"stolen_ms", 0}}}};
    }
    return measurement;
  }

 private:
  // As many as a 90th percentile needs, an eighth of them slower.
  std::vector<double> Samples(double median_ns, int cell) {
    constexpr size_t kSamples = 64;
    constexpr size_t kSlow = 8;
    const double tail = std::exp(0.05 + 0.02 * random_.Normal());
    const double slower = cell == 0 && !is_baseline_ ? 1 + scenario_.slow_tail : 1;
    std::vector<double> samples(kSamples, median_ns);
    std::fill_n(samples.begin(), kSlow, median_ns * tail * slower);
    return samples;
  }

  const Scenario& scenario_;
  Random& random_;
  double wander_ = 0;
  bool is_baseline_ = false;
};

// A run of twelve cells and the baseline's beside them, without its measurements.
store::RunData EmptyNight(const Scenario& scenario, int pairs) {
  store::RunData run;
  run.run.id = 1;
  run.run.settings["gate"]["pairs"] = pairs;
  run.models[1] = {1, "net", "net.h5", "model", "sidecar", "float"};
  store::DatasetSplit split{1, "images", "test", "split", {"a", "b"}, {}};
  for (int i = 0; scenario.accuracy && i < kImages; ++i) split.images.push_back({"i", 0});
  run.splits[1] = split;
  run.plugins[1] = {1, store::PluginKind::kQuantizer, "int8", "1", "q.so", "q", Json::object()};
  run.plugins[2] = {2, store::PluginKind::kRuntime, "engine", "1", "new.so", "r", Json::object()};
  run.plugins[3] = {3, store::PluginKind::kRuntime, "engine", "1", "old.so", "r", Json::object()};
  run.artifacts[1].id = 1;
  run.artifacts[1].sha256 = "artifact";
  run.artifacts[1].file_bytes = 1000;
  for (const bool baseline : {false, true}) {
    for (int i = 0; i < kCells; ++i) {
      store::CellData data;
      data.cell.id = 1 + i + (baseline ? kCells : 0);
      data.cell.run_id = data.cell.model_id = data.cell.split_id = data.cell.quantizer_id = 1;
      data.cell.runtime_id = baseline ? 3 : 2;
      data.cell.threads = 1 + i;
      data.cell.artifact_id = 1;
      data.cell.status = data.cell.latency_status = store::Outcome::kOk;
      if (baseline) data.cell.side = store::kBaselineSide;
      (baseline ? run.baseline_cells : run.cells).push_back(std::move(data));
    }
  }
  return run;
}

// Turns this share of all images, of those that the baseline called `from`.
void Turn(int32_t from, double share, const std::vector<int32_t>& before,
          std::vector<int32_t>* after) {
  auto left = std::lround(share * kImages);
  for (size_t i = 0; i < before.size() && left > 0; ++i) {
    if (before[i] != from) continue;
    (*after)[i] = 1 - from;
    --left;
  }
}

// What both got right, by image: the new side loses and gains some of them.
void Classify(const Scenario& scenario, Random* random, store::RunData* run) {
  for (int cell = 0; cell < kCells; ++cell) {
    store::Measurement before;
    before.kind = store::MeasurementKind::kAccuracy;
    for (int i = 0; i < kImages; ++i) before.predictions.push_back(random->Chance(0.1) ? 1 : 0);
    before.confidences.assign(kImages, 0.5F);
    store::Measurement after = before;
    if (scenario.exact) {
      Turn(0, scenario.lost, before.predictions, &after.predictions);
      Turn(1, scenario.gained, before.predictions, &after.predictions);
    } else if (cell == 0) {
      for (int32_t& predicted : after.predictions) {
        const bool right = predicted == 0;
        if (random->Chance((right ? scenario.lost / 0.9 : scenario.gained / 0.1))) {
          predicted = 1 - predicted;
        }
      }
    }
    const auto at = static_cast<size_t>(cell);
    run->baseline_cells[at].measurements.push_back(std::move(before));
    run->cells[at].measurements.push_back(std::move(after));
    run->cells[at].cell.accuracy_status = store::Outcome::kOk;
    run->baseline_cells[at].cell.accuracy_status = store::Outcome::kOk;
  }
}

// The rounds `from` to `to` - 1 of these cells, as the engine runs them.
void MeasureRounds(const std::vector<int>& cells, int from, int to, Board* board,
                   store::RunData* run) {
  for (int round = from; round < to; ++round) {
    for (const int cell : cells) {
      const auto at = static_cast<size_t>(cell);
      const double progress = static_cast<double>(round - from) / std::max(1, to - from);
      const bool base_first = (round + cell) % 2 == 0;
      for (const bool base : {base_first, !base_first}) {
        auto& side = base ? run->baseline_cells : run->cells;
        side[at].measurements.push_back(board->Process(cell, base, round, progress));
      }
    }
  }
}

}  // namespace

double Random::Normal() {
  return std::sqrt(-2 * std::log(Uniform())) * std::cos(2 * 3.14159265358979 * Uniform());
}

double Random::Exponential() { return -std::log(Uniform()); }

Night Simulate(const Scenario& scenario, int pairs, const Floors& floors, Random* random) {
  store::RunData run = EmptyNight(scenario, pairs);
  const NightRules rules = RulesOf(run.run);
  Board board(scenario, random);
  std::vector<int> all;
  for (int i = 0; i < kCells; ++i) all.push_back(i);
  if (scenario.accuracy) Classify(scenario, random, &run);
  MeasureRounds(all, 0, pairs, &board, &run);
  Night night = JudgeNight(run, floors, rules);
  if (night.suspects.empty()) return night;
  std::vector<int> again;
  for (const int64_t id : night.suspects) again.push_back(static_cast<int>(id) - 1);
  MeasureRounds(again, pairs, 2 * pairs, &board, &run);
  return JudgeNight(run, floors, rules);
}

}  // namespace qbench::results
