// What `qbench plugin list` prints, for people.
#pragma once

#include <string>

#include "harness/plan/catalogue.h"

namespace qbench::cli {

// Quantizers, runtimes, other names and what is broken. Options that several plugins have in common
// (the same name, values, help and default) stand once, behind the plugins.
std::string FormatCatalogue(const plan::Catalogue& catalogue);

}  // namespace qbench::cli
