// The recommendation in words: which variant to deploy, why not the others, and the command that
// writes it. What every format says alike. Internal to reports.
#pragma once

#include <string>
#include <vector>

#include "harness/results/recommendation.h"
#include "reports/variants.h"

namespace qbench::reports {

// About the cells of one model on one data set.
struct RecommendationText {
  std::string subject;  // "mbv2_035_96 on scenes/test"
  // One sentence, in two parts: what to use ("Use int8 · 4 threads"; "None of 3 variants fits"),
  // and why.
  std::string choice;
  std::string reason;
  std::vector<std::string> rejected;  // a line for each reason, with the names
  std::vector<std::string> command;   // that writes the file; empty where nothing is recommended
  results::Recommendation decision;
};

// One for each of results::Recommend.
std::vector<RecommendationText> Recommendations(const RunView& run,
                                                const results::Requirements& requirements);

// Why a cell was not chosen, with its figures: "3.3 points lost, perhaps 6.2", "12.5 ms".
std::string RejectionText(const RunView& run, const results::Candidate& candidate,
                          results::Rejection rejection);

}  // namespace qbench::reports
