// Does a library have LiteRT's C API as plugins/runtimes/litert declares it? The declarations are
// written by hand, so each is held against what the library does: what it writes where, what it
// reads from where, and what comes out.
//
// A library with another ABI may crash or hang in any of these: run each in a process of its own
// (litert_abi.cc does).
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "plugins/runtimes/litert/litert_library.h"

namespace qbench::litert {

struct AbiCheck {
  const char* name;
  const char* what;  // what holds where it passes
  Status (*run)(const Library& library);
};

// "known_model", "float", "int8", "types", "layouts", "options", "profile".
const std::vector<AbiCheck>& AbiChecks();

}  // namespace qbench::litert
