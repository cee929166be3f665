// What the user sees. Output to a terminal that is gone is lost without harm: a run goes on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace qbench::cli {

// Results go to standard output, everything else (progress, warnings, errors) to standard error.
void Print(std::string_view text);
void PrintError(std::string_view text);
// Each as a line "warning: …".
void PrintWarnings(const std::vector<std::string>& warnings);

// Is standard error a terminal that understands cursor movement?
bool ErrorIsTerminal();
// Columns of the terminal; 80 where they cannot be known.
int TerminalWidth();

// From here on Ctrl-C (SIGINT, SIGTERM) asks the command to stop, which it does within a second; a
// second one ends the process at once with status 130, its children with it. A hang-up of the
// terminal is ignored, and writing to a closed pipe is no death. Call once, before threads are
// started.
void HandleSignals();
// True once Ctrl-C or SIGTERM arrived.
bool Interrupted();

}  // namespace qbench::cli
