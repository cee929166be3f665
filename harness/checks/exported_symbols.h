// What a shared library exports. Internal to harness/checks.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace qbench::checks {

// The names of the functions and objects that a shared library defines for others, sorted, as the
// symbol table of its dynamic section has them (System V ABI, "Dynamic Linking"). `file` is all of
// the library's file, for a process like this one. kCorrupt where it is no such library, or where
// anything in it lies outside of it or is missing; kUnsupported where it is for another word size.
Result<std::vector<std::string>> ElfSymbols(ByteSpan file);

// The same of the file at `library`. The errors of ReadFile, too; each names the file.
Result<std::vector<std::string>> ExportedSymbols(const std::filesystem::path& library);

}  // namespace qbench::checks
