// Finds LiteRT's library on this machine, and proves that it answers as LiteRT does.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugins/runtimes/litert/litert_api.h"

namespace qbench::litert {

// The environment variable that names the library.
inline constexpr const char* kLibraryVariable = "QBENCH_LITERT_LIBRARY";

struct Library {
  Api api{};
  std::filesystem::path path;
  std::string version;  // as what installed it says beside it (see VersionBeside)
};

// A place where the library may be.
struct LibraryPlace {
  std::filesystem::path path;  // a name without a folder: the system's loader looks for it
  bool named = false;          // by the user: then it must be there
};

// Where the library is looked for, in this order: the file that the environment variable
// QBENCH_LITERT_LIBRARY names (qbench's option --litert-library sets it), then nothing else;
// ../litert beside the plugins' folder; the prefix that scripts/setup.sh installs into; wherever
// the system's loader finds libLiteRt.so.
std::vector<LibraryPlace> LibraryPlaces(const std::filesystem::path& plugin_file);

// Opens the first of the places that exists, and no other where that one is faulty. kNotFound:
// there is none, or not where the user says; the message names the remedy. kUnsupported: it is not
// for this machine, no library, or lacks a function (named).
Result<Library> OpenLibrary(const std::vector<LibraryPlace>& places);

// Proves that the library answers as LiteRT does: runs a known model. kInternal, naming the file,
// where the answer is another.
Status CheckKnownModel(const Library& library);

// The version of the LiteRT that a library belongs to, since the library itself does not tell: from
// the file VERSION in its folder (scripts/setup.sh writes it), or from the wheel's folder
// ai_edge_litert-<version>.dist-info beside its folder; else "unknown".
std::string VersionBeside(const std::filesystem::path& library);

}  // namespace qbench::litert
