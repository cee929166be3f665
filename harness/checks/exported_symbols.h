// What a loaded shared library exports. Internal to harness/checks.
#pragma once

#include <string>
#include <vector>

namespace qbench::checks {

// The names of the functions and objects that the library around `address` defines for others, as
// its symbol table has them.
std::vector<std::string> ExportedSymbols(const void* address);

}  // namespace qbench::checks
