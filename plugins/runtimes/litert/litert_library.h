// Finds LiteRT's library on this machine and proves that it answers as LiteRT does, before any
// figure is taken from it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugins/runtimes/litert/litert_api.h"

namespace qbench::litert {

struct Library {
  Api api{};
  std::filesystem::path path;
  std::string sha256;   // of the file
  std::string version;  // as scripts/setup.sh wrote it beside the library; "unknown" otherwise
};

// Where the library is looked for, in this order: the file that the environment variable
// QBENCH_LITERT_LIBRARY names (then nothing else); ../litert beside the plugins' folder; the
// prefix that scripts/setup.sh installs into.
std::vector<std::filesystem::path> LibraryCandidates(const std::filesystem::path& plugin_file);

// Opens the first candidate that exists and checks it. kNotFound: there is none; the message names
// the command that installs it. kUnsupported: it lacks a function. kInternal: it runs the known
// model to another answer; the message names the file.
Result<Library> OpenLibrary(const std::filesystem::path& plugin_file);

}  // namespace qbench::litert
