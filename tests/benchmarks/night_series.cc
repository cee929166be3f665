// Writes made-up nights as a table, for tools that look for changes in stored series
// (scripts/peers/otava_nights.py): what they would have stored, and what the gate said.
//
//   night_series [SEED] > nights.csv
//
// A line a night and cell: series ("same", "step 7", "creep 7"), night (from 1), cell (from 0), the
// new build's own median in ms, its ratio to the baseline of the same night, and 1 where the gate
// called it a regression. "same": 1,000 nights of one build. "step": 30 series of 40 nights, whose
// first cell is 5 % slower from night 21 on. "creep": 30 series of 60 nights, whose first cell
// becomes 0.3 % slower every night from night 21 on. From night to night the board is warmer or
// colder by 1 %.
#include <charconv>
#include <cmath>
#include <iostream>
#include <string>
#include <string_view>

#include "fmt/format.h"
#include "tests/benchmarks/simulated_night.h"

namespace qbench::results {
namespace {

constexpr int kPairs = 25;
constexpr int kChange = 20;  // nights before it

void Write(const std::string& series, int nights, double (*slowdown)(int night), Random* random) {
  for (int night = 1; night <= nights; ++night) {
    const Scenario scenario{.spread_low = 0.01, .spread_high = 0.01, .slowdown = slowdown(night)};
    const double weather = std::exp(0.01 * random->Normal());
    const Night judged = Simulate(scenario, kPairs, {}, random);
    for (size_t cell = 0; cell < judged.cells.size(); ++cell) {
      const CellComparison& figures = judged.cells[cell].figures;
      std::cout << fmt::format("{},{},{},{:.6f},{:.6f},{}\n", series, night, cell,
                               weather * figures.new_median_ms.value_or(0),
                               figures.latency_ratio.value_or(1),
                               figures.judgement == Judgement::kWorse ? 1 : 0);
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
  std::cout << "series,night,cell,median_ms,ratio,red\n";
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
