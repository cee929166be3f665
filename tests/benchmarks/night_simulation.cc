// Simulates nights of the gate, and prints how often it is right: false alarms, slowdowns and
// creeps that are found, losses of accuracy, and nights on which somebody else had the processor.
// Nothing is timed, nothing runs: the rows of such runs are made up, and judged by the rules that
// judge real ones (harness/results/night.h). docs/gate.md has its table.
//
//   night_simulation [NIGHTS] [SEED] [PAIRS…]     (1000 nights, seed 14, 15 20 25 pairs)
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <map>
#include <random>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "harness/results/night.h"

namespace qbench::results {
namespace {

constexpr int kCells = 12;
constexpr int kImages = 3000;

// Raw engine output alone: the distributions of the standard library differ between platforms.
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  double Uniform() { return (static_cast<double>(engine_()) + 0.5) / 4294967296.0; }
  bool Chance(double probability) { return Uniform() < probability; }
  double Normal() {
    return std::sqrt(-2 * std::log(Uniform())) * std::cos(2 * 3.14159265358979 * Uniform());
  }
  double Exponential() { return -std::log(Uniform()); }

 private:
  std::mt19937 engine_;
};

// What the nights of a row of the table are like.
struct Scenario {
  double spread_low = 0.005;  // standard deviation between the processes of a cell
  double spread_high = 0.02;  // (cells lie evenly between the two)
  double drift = 0.05;        // how much slower the board becomes from evening to morning
  double walk = 0.002;        // and how it wanders from process to process
  double tails = 0.03;        // share of processes that something slows by 10 % on average
  double bimodal = 0.5;       // share of cells whose processes are 4 % slower three times of ten
  double slowdown = 0;        // of the first cell, which is not bimodal then
  double stolen = 0;          // share of the processor that others take
  bool counted = true;        // the kernel tells how long processes waited
  bool accuracy = false;
  double lost = 0;  // of images, right before and wrong now; as many as this is the reverse below
  double gained = 0;
};

class Board {
 public:
  Board(const Scenario& scenario, Random* random) : scenario_(scenario), random_(*random) {}

  // The median of a process of this cell, now, and what the kernel tells.
  store::Measurement Process(int cell, double ratio, int32_t repetition, double progress) {
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
    measurement.samples_ns = {std::exp(log_ms) * 1e6};
    measurement.peak_rss_bytes = static_cast<int64_t>(2e7 * (1 + 0.002 * random_.Uniform()));
    if (scenario_.counted) {
      measurement.conditions = {
          {"before", {{"uptime_ms", 1000}, {"waited_us", 0}, {"stolen_ms", 0}}},
          {"after", {{"uptime_ms", 3000}, {"waited_us", 4000 + 2e6 * stolen}, {"stolen_ms", 0}}}};
    }
    return measurement;
  }

 private:
  const Scenario& scenario_;
  Random& random_;
  double wander_ = 0;
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

// What both got right, by image: the new side loses and gains some of them.
void Classify(const Scenario& scenario, Random* random, store::RunData* run) {
  for (int cell = 0; cell < kCells; ++cell) {
    store::Measurement before;
    before.kind = store::MeasurementKind::kAccuracy;
    for (int i = 0; i < kImages; ++i) before.predictions.push_back(random->Chance(0.1) ? 1 : 0);
    before.confidences.assign(kImages, 0.5F);
    store::Measurement after = before;
    // An expectation below one image is one image exactly.
    if (scenario.lost > 0 && scenario.lost * kImages <= 1) {
      *std::ranges::find(after.predictions, 0) = 1;
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
void MeasureRounds(const std::vector<int>& cells, int from, int to, double slowdown, Board* board,
                   store::RunData* run) {
  for (int round = from; round < to; ++round) {
    for (const int cell : cells) {
      const auto at = static_cast<size_t>(cell);
      const double ratio = cell == 0 ? 1 + slowdown : 1;
      const double progress = static_cast<double>(round - from) / std::max(1, to - from);
      const bool base_first = (round + cell) % 2 == 0;
      for (const bool base : {base_first, !base_first}) {
        auto& side = base ? run->baseline_cells : run->cells;
        side[at].measurements.push_back(board->Process(cell, base ? 1 : ratio, round, progress));
      }
    }
  }
}

Night Simulate(const Scenario& scenario, int pairs, const std::map<CellKey, double>& floors,
               Random* random) {
  store::RunData run = EmptyNight(scenario, pairs);
  const NightRules rules = RulesOf(run.run);
  Board board(scenario, random);
  std::vector<int> all;
  for (int i = 0; i < kCells; ++i) all.push_back(i);
  if (scenario.accuracy) Classify(scenario, random, &run);
  MeasureRounds(all, 0, pairs, scenario.slowdown, &board, &run);
  Night night = JudgeNight(run, floors, rules);
  if (night.suspects.empty()) return night;
  std::vector<int> again;
  for (const int64_t id : night.suspects) again.push_back(static_cast<int>(id) - 1);
  MeasureRounds(again, pairs, 2 * pairs, scenario.slowdown, &board, &run);
  return JudgeNight(run, floors, rules);
}

struct Counts {
  int nights = 0;
  int regressions = 0;  // nights
  int found = 0;        // nights on which the first cell is worse
  int invalid = 0;
  int warned = 0;    // nights with a warning alone
  int repeated = 0;  // nights that measured something again
};

void Count(const Night& night, Counts* counts) {
  ++counts->nights;
  counts->regressions += night.answer == NightAnswer::kRegression ? 1 : 0;
  counts->invalid += night.answer == NightAnswer::kInvalid ? 1 : 0;
  counts->repeated += night.suspects.empty() ? 0 : 1;
  counts->found += night.cells[0].figures.judgement == Judgement::kWorse ? 1 : 0;
  bool warned = false;
  for (const NightCell& cell : night.cells) {
    warned = warned || cell.figures.judgement == Judgement::kMaybeWorse;
  }
  counts->warned += warned && night.answer == NightAnswer::kGood ? 1 : 0;
}

Counts Nights(const Scenario& scenario, int pairs, int nights, uint32_t seed,
              bool learn_floor = false) {
  Random random(seed);
  FloorHistory history;
  std::map<CellKey, double> floors;
  if (learn_floor) {
    Scenario same = scenario;
    same.slowdown = 0;
    for (int night = 0; night < 30; ++night) history.Add(Simulate(same, pairs, {}, &random));
    floors = history.Floors();
  }
  Counts counts;
  for (int night = 0; night < nights; ++night) {
    Count(Simulate(scenario, pairs, floors, &random), &counts);
  }
  return counts;
}

// How many of the creeps, 0.3 % a night from the pinned baseline on, are found by this night.
int CreepsFound(const Scenario& like, int pairs, int creeps, int nights, uint32_t seed) {
  Random random(seed);
  int found = 0;
  for (int creep = 0; creep < creeps; ++creep) {
    for (int night = 1; night <= nights; ++night) {
      Scenario scenario = like;
      scenario.slowdown = std::pow(1.003, night) - 1;
      if (Simulate(scenario, pairs, {}, &random).cells[0].figures.judgement == Judgement::kWorse) {
        ++found;
        break;
      }
    }
  }
  return found;
}

std::string Share(int count, int of) {
  return fmt::format("{:>5} of {} ({:.1f} %)", count, of, 100.0 * count / std::max(1, of));
}

void Print(int pairs, std::string_view what, std::string_view value) {
  std::cout << fmt::format("{:>5}  {:<62}{}\n", pairs, what, value) << std::flush;
}

void PrintNights(int pairs, std::string_view name, const Counts& counts) {
  Print(pairs, fmt::format("{}: red", name), Share(counts.regressions, counts.nights));
  Print(pairs, fmt::format("{}: invalid", name), Share(counts.invalid, counts.nights));
  Print(pairs, fmt::format("{}: warned, repeated", name),
        fmt::format("{:>5}, {}", counts.warned, counts.repeated));
}

void PrintTable(int pairs, int nights, uint32_t seed) {
  for (const double spread : {0.005, 0.01, 0.02}) {
    PrintNights(pairs, fmt::format("same build, {:.1f} % between processes", spread * 100),
                Nights({.spread_low = spread, .spread_high = spread}, pairs, nights, seed));
  }
  PrintNights(pairs, "same build, 0.5 to 2 %", Nights({}, pairs, nights, seed + 1));
  PrintNights(pairs, "same build, 0.5 to 2 %, learned floor",
              Nights({}, pairs, nights, seed + 1, /*learn_floor=*/true));
  const Scenario one_percent{.spread_low = 0.01, .spread_high = 0.01};
  for (const double slowdown : {0.03, 0.05, 0.1}) {
    Scenario slower = one_percent;
    slower.slowdown = slowdown;
    const Counts counts = Nights(slower, pairs, nights, seed + 2);
    Print(pairs, fmt::format("{:.0f} % slower, 1 % between processes: found", slowdown * 100),
          Share(counts.found, nights));
    const Counts learned = Nights(slower, pairs, nights, seed + 2, /*learn_floor=*/true);
    Print(pairs, fmt::format("{:.0f} % slower, learned floor: found", slowdown * 100),
          Share(learned.found, nights));
  }
  const int creeps = std::max(1, nights / 10);
  for (const int night : {10, 15, 20}) {
    Print(pairs, fmt::format("creep of 0.3 % a night: found by night {}", night),
          Share(CreepsFound(one_percent, pairs, creeps, night, seed + 3), creeps));
  }
  for (const bool counted : {true, false}) {
    const Counts counts = Nights({.stolen = 0.3, .counted = counted}, pairs, nights, seed + 4);
    PrintNights(pairs,
                fmt::format("30 % of the processor stolen{}", counted ? "" : ", kernel is silent"),
                counts);
  }
}

void PrintAccuracy(int nights, uint32_t seed) {
  constexpr int kPairs = 25;
  const int fewer = std::max(1, nights / 5);
  const Counts one = Nights({.accuracy = true, .lost = 1.0 / kImages}, kPairs, fewer, seed + 5);
  Print(kPairs, "one more wrong class of 3,000 in every cell: red", Share(one.regressions, fewer));
  for (const double gained : {0.002, 0.005}) {
    for (const double drop : {0.005, 0.01, 0.02}) {
      const Scenario scenario{.accuracy = true, .lost = drop + gained, .gained = gained};
      Print(kPairs,
            fmt::format("{:.1f} points less accurate, {:.1f} won back on average: found",
                        drop * 100, gained * 100),
            Share(Nights(scenario, kPairs, fewer, seed + 6).found, fewer));
    }
  }
}

int Main(const std::vector<std::string_view>& args) {
  std::vector<int> numbers;
  for (const std::string_view text : args) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 1) {
      std::cerr << "night_simulation [NIGHTS] [SEED] [PAIRS...]: whole numbers from 1 on\n";
      return 2;
    }
    numbers.push_back(number);
  }
  const int nights = numbers.empty() ? 1000 : numbers[0];
  const auto seed = static_cast<uint32_t>(numbers.size() < 2 ? 14 : numbers[1]);
  std::vector<int> pairs = {15, 20, 25};
  if (numbers.size() > 2) pairs.assign(numbers.begin() + 2, numbers.end());
  std::cout << fmt::format("{} nights a row, {} cells, seed {}\n\npairs  what\n", nights, kCells,
                           seed);
  for (const int count : pairs) PrintTable(count, nights, seed);
  PrintAccuracy(nights, seed);
  return 0;
}

}  // namespace
}  // namespace qbench::results

int main(int argc, char** argv) { return qbench::results::Main({argv + 1, argv + argc}); }
