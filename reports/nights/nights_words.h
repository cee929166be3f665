// The nights in words: what every format says alike. Internal to reports.
#pragma once

#include <string>
#include <vector>

#include "harness/results/night_watch.h"

namespace qbench::reports {

// "good", "regression", "invalid night"; "not finished".
std::string AnswerOf(const results::JudgedNight& night);

// The parts of a cell's name that differ between the cells of the watch: "int8 · 4 threads".
std::string ShortName(const results::Watch& watch, const results::CellKey& key);
// The parts that all cells share, with the board.
std::vector<std::string> SharedFacts(const results::Watch& watch);

// What decides how a cell looks on a night: "5.1 % slower, 12 bytes larger", "+0.8 %", "invalid".
std::string CellWords(const results::NightCell& cell);
// The same of the night's worst cell, with its name; empty where there is none.
std::string WorstWords(const results::Watch& watch, const results::JudgedNight& night);

// "2025-11-20" of seconds since 1970.
std::string Day(int64_t seconds);
// "abc123 of main" where the run has a name, else "qbench 0.1.0 (commit)".
std::string BuildOf(const store::Run& run);
// "2 nights did not run".
std::string MissingText(const results::MissingNights& missing);
// "litert, engine: 2.1.0 → 2.2.0; …": what was not as on the night before; empty: nothing.
std::string ChangedText(const results::JudgedNight& night);
// "+1.8 %"
std::string SignedPercent(double percent);

struct NightsWords {
  std::string overdue;  // the newest night is too old; said first
  std::string answer;   // the newest verdict
  std::string when;     // of which night
  std::vector<std::string> creeps;
  std::vector<std::string> remarks;
};
NightsWords WordsOf(const results::Watch& watch);

}  // namespace qbench::reports
