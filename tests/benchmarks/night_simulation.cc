// Simulates nights of the gate, and prints how often it is right: false alarms, slowdowns and
// creeps that are found, losses of accuracy, and nights on which somebody else had the processor.
// Nothing is timed, nothing runs. docs/gate.md has its table.
//
//   night_simulation [NIGHTS] [SEED] [PAIRS…]     (1000 nights, seed 14, 15 20 25 pairs)
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "fmt/format.h"
#include "tests/benchmarks/simulated_night.h"

namespace qbench::results {
namespace {

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
  Floors floors;
  if (learn_floor) {
    Scenario same = scenario;
    same.slowdown = 0;
    for (int night = 0; night < 30; ++night) history.Add(Simulate(same, pairs, {}, &random));
    floors = history.Learned();
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
  for (const double slowdown : {0.1, 0.2}) {
    Scenario slower = one_percent;
    slower.slow_tail = slowdown;
    Print(pairs, fmt::format("the slow tenth alone {:.0f} % slower: found", slowdown * 100),
          Share(Nights(slower, pairs, nights, seed + 2).found, nights));
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
  const Counts one =
      Nights({.accuracy = true, .lost = 1.0 / kImages, .exact = true}, kPairs, fewer, seed + 5);
  Print(kPairs, "one more wrong class of 3,000 in every cell: red", Share(one.regressions, fewer));
  for (const double gained : {0.002, 0.005, 0.01}) {
    const Scenario exactly{
        .accuracy = true, .lost = 0.01 + gained, .gained = gained, .exact = true};
    Print(kPairs,
          fmt::format("1 point less accurate, {:.1f} won back, exactly: found", gained * 100),
          Share(Nights(exactly, kPairs, fewer, seed + 6).found, fewer));
  }
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
