// What `qbench init` says.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "harness/plan/sidecar_draft.h"

namespace qbench::cli {

// What the check found, where there was one.
struct InitCheck {
  plan::CheckedInputs checked;
  plan::CheckVerdict verdict;
  std::string split;  // "calibration"
  std::string runtime;
};

struct InitResult {
  std::filesystem::path model;    // as the user named it
  std::filesystem::path sidecar;  // where it is written
  bool written = false;
  std::string dataset;  // empty: none was named
  plan::FirstGuess guess;
  plan::LabelSource labels;
  plan::SidecarDraft draft;
  std::optional<InitCheck> check;
};

// A sentence: which input stands out, or that none does.
std::string VerdictText(const InitCheck& check);
// What the user should know before trusting the file, one line each.
std::vector<std::string> InitWarnings(const InitResult& result);
// The file, the verdict and what to do next.
std::string InitText(const InitResult& result);
Json InitJson(const InitResult& result);

}  // namespace qbench::cli
