// A comparison in words: what every format says alike. Internal to reports.
#pragma once

#include <string>
#include <vector>

#include "harness/results/comparison.h"

namespace qbench::reports {

// The names of the pairs, in their order: the parts that differ between them and nothing else.
// "int8 · 4 threads", "int8:images=9 → int8".
std::vector<std::string> PairNames(const results::Comparison& comparison);

// "run 1 against run 2": base and new side.
std::string SidesTitle(const results::Comparison& comparison);

// When, where and with what a side was measured: "run 12", "2025-11-20 21:04 UTC", "Raspberry Pi
// 5"; of several runs, how many and from when to when.
std::vector<std::string> SideFacts(const results::Side& side);

// What is the same in all pairs: the model, the data set, the runtime, the threads.
std::vector<std::string> SharedFacts(const results::Comparison& comparison);

// Why a pair is judged as it is: "5.2 % slower: 3.12 → 3.28 ms, ratio 1.03–1.08 (99.1 %), p =
// 0.0003". One line, without its name; empty where there is nothing to say.
std::string Why(const results::Comparison& comparison, const results::CellPair& pair);

struct AnswerWords {
  std::string answer;                // "Regression: 2 of 12 cells are worse."
  std::vector<std::string> worse;    // a line for each such pair, with its name
  std::vector<std::string> doubts;   // worse?, invalid and the like, with their names
  std::vector<std::string> better;   // what improved
  std::vector<std::string> remarks;  // what to know, and what to do
};
AnswerWords Answer(const results::Comparison& comparison);

// Pairs whose flips are the same images with the same classes (another number of threads) as one.
struct FlipGroup {
  std::string names;
  const results::CellPair* pair;  // stands for all of them
  const store::DatasetSplit* split;
  std::string summary;  // "9 of 3,000 images changed class: 5 lost, 3 gained, 1 wrong both times"
};
std::vector<FlipGroup> FlipGroups(const results::Comparison& comparison);

// "sea/12.jpg: sea → glacier (0.91)"; the class that is right is marked.
std::string FlipText(const FlipGroup& group, const results::Flip& flip);

// How the table is to be read, a sentence or more.
std::string ComparisonLegend(const results::Comparison& comparison);

}  // namespace qbench::reports
