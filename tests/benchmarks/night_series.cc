// Writes made-up nights as a table, for tools that look for changes in stored series
// (scripts/peers/otava_nights.py): what they would have stored, and what the gate said.
//
//   night_series [SEED] > nights.csv
//
// A line a night and cell: series ("same", "step 7", "creep 7"), night (from 1), cell (from 0), the
// new build's own median in ms, its ratio to the baseline of the same night, 1 where the gate
// called it a regression, and the nights from which on `qbench nights` would show it as slower that
// night (with ";" between them). "same": 1,000 nights of one build. "step": 30 series of 40 nights,
// whose first cell is 5 % slower from night 21 on. "creep": 30 series of 60 nights, whose first
// cell becomes 0.3 % slower every night from night 21 on. From night to night the board is warmer
// or colder by 1 %.
#include <charconv>
#include <cmath>
#include <iostream>
#include <string>
#include <string_view>

#include "base/utc_time.h"
#include "fmt/format.h"
#include "harness/results/night_watch.h"
#include "tests/benchmarks/simulated_night.h"

namespace qbench::results {
namespace {

constexpr int kPairs = 25;
constexpr int kChange = 20;  // nights before it

// The nights after which `qbench nights` sees a cell become slower, of those up to now: "21;35".
std::string ChangesOf(const Watch& watch, const CellKey& key, size_t first_night) {
  std::string nights;
  for (const CellTrend& trend : watch.trends) {
    if (trend.key != key) continue;
    for (const LevelChange& change : trend.changes) {
      if (change.after <= change.before) continue;
      nights += fmt::format("{}{}", nights.empty() ? "" : ";", first_night + change.night);
    }
  }
  return nights;
}

void Write(const std::string& series, int nights, double (*slowdown)(int night), Random* random) {
  constexpr int64_t kDay = 86400;
  const size_t kept = NightChoice().last;
  NightHistory history;
  for (int night = 1; night <= nights; ++night) {
    const Scenario scenario{.spread_low = 0.01, .spread_high = 0.01, .slowdown = slowdown(night)};
    const double weather = std::exp(0.01 * random->Normal());
    JudgedNight& judged = history.nights.emplace_back();
    judged.run.started_at = UtcText(night * kDay);
    judged.night = Simulate(scenario, kPairs, {}, random);
    if (history.nights.size() > kept) history.nights.erase(history.nights.begin());
    const auto first_night = static_cast<size_t>(night) + 1 - history.nights.size();
    const Result<Watch> watch = WatchNights(history, {}, night * kDay);
    const Night& now = *history.nights.back().night;
    for (size_t cell = 0; cell < now.cells.size() && watch.ok(); ++cell) {
      const CellComparison& figures = now.cells[cell].figures;
      std::cout << fmt::format("{},{},{},{:.6f},{:.6f},{},{}\n", series, night, cell,
                               weather * figures.new_median_ms.value_or(0),
                               figures.latency_ratio.value_or(1),
                               figures.judgement == Judgement::kWorse ? 1 : 0,
                               ChangesOf(*watch, now.cells[cell].key, first_night));
    }
  }
}

int Main(int argc, char** argv) {
  uint32_t seed = 14;
  const std::string_view text = argc > 1 ? argv[1] : "14";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (argc > 2 || error != std::errc() || end != text.data() + text.size()) {
    std::cerr << "night_series [SEED]: a whole number\n";
    return 2;
  }
  constexpr int kSeries = 30;
  Random random(seed);
  std::cout << "series,night,cell,median_ms,ratio,red,slower_since\n";
  Write(
      "same", 1000, [](int) { return 0.0; }, &random);
  for (int i = 0; i < kSeries; ++i) {
    Write(
        fmt::format("step {}", i), 40, [](int night) { return night > kChange ? 0.05 : 0.0; },
        &random);
    Write(
        fmt::format("creep {}", i), 60,
        [](int night) { return night > kChange ? std::pow(1.003, night - kChange) - 1 : 0.0; },
        &random);
  }
  return std::cout.flush() ? 0 : 2;
}

}  // namespace
}  // namespace qbench::results

int main(int argc, char** argv) { return qbench::results::Main(argc, argv); }
