// The sentences of a night's verdict. Internal to it.
#pragma once

#include <string>

#include "harness/results/night.h"

namespace qbench::results {

std::string NameOf(const CellKey& key);
// Everything but the sentence is there.
std::string CellSentence(const NightCell& cell);
std::string NightSentence(const Night& night);

}  // namespace qbench::results
