// Is a file a shared library that this process could load? The loader says of a library for
// another processor only that there is no such file, and dies of one that is cut off.
#pragma once

#include <filesystem>

#include "base/status.h"

namespace qbench::litert {

// Looks at the file's ELF header and program headers (System V ABI, "ELF Header" and "Program
// Header") alone. kIo where the file cannot be read; kUnsupported where it is no ELF file, for
// another processor or word size than this process (the message names both), or shorter than what
// it says it holds.
Status CheckElfHeader(const std::filesystem::path& file);

}  // namespace qbench::litert
