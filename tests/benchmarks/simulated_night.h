// Nights of the gate that are made up: what the processes of twelve cells would have measured on a
// board with drift, heavy tails and bimodal cells, judged by the rules that judge real ones
// (harness/results/night.h). For night_simulation.cc and night_series.cc. The same numbers on every
// platform, from the seed alone.
#pragma once

#include <cstdint>
#include <random>

#include "harness/results/night.h"

namespace qbench::results {

inline constexpr int kCells = 12;
inline constexpr int kImages = 3000;

// Raw engine output alone: the distributions of the standard library differ between platforms.
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  double Uniform() { return (static_cast<double>(engine_()) + 0.5) / 4294967296.0; }
  bool Chance(double probability) { return Uniform() < probability; }
  double Normal();
  double Exponential();

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
  double slowdown = 0;        // of the first cell, which is not bimodal
  double slow_tail = 0;       // of the slow tenth of the first cell's inferences
  double stolen = 0;          // share of the processor that others take
  bool counted = true;        // the kernel tells how long processes waited
  bool accuracy = false;
  double lost = 0;  // of images, right before and wrong now; as many as this is the reverse below
  double gained = 0;
  bool exact = false;  // exactly so many, not on average
};

// A night of so many pairs, with the repeat of what looked slower in the first look.
Night Simulate(const Scenario& scenario, int pairs, const Floors& floors, Random* random);

}  // namespace qbench::results
