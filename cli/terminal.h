// What the user sees. Output to a terminal or a pipe that is gone is lost without harm: a run goes
// on. Any other failure (a full disk behind a redirection) is the command's own in the end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace qbench::cli {

// Results go to standard output, everything else (progress, warnings, errors) to standard error.
// After the first failure nothing more is printed; see FinishOutput. What a terminal would take for
// a command (in a file's name, say) is printed as blanks, what is no UTF-8 as U+FFFD.
void Print(std::string_view text);
void PrintError(std::string_view text);
// Each as a line "warning: …".
void PrintWarnings(const std::vector<std::string>& warnings);

// Closes standard output. kIo where something that was printed did not arrive, unless because the
// reader has gone (| head, a terminal that hung up). Call once, at the end.
Status FinishOutput();

// Empties the line of a terminal that standard error is, for another text in its place.
void ClearErrorLine();
// Is standard error a terminal that understands cursor movement?
bool ErrorIsTerminal();
// Columns of the terminal; 80 where they cannot be known.
int TerminalWidth();

// Opens the standard streams that are closed, so that no file gets their numbers and with them what
// is printed; printing to one that was closed fails. Call first.
void TakeStandardStreams();

// From here on Ctrl-C (SIGINT, SIGTERM) asks the command to stop, which it does within a second; a
// second one ends the process at once with status 130, its children with it. A hang-up of the
// terminal is ignored, and writing to a closed pipe or beyond a limit of file sizes is no death.
// Call once, before threads are started.
void HandleSignals();
// True once Ctrl-C or SIGTERM arrived.
bool Interrupted();

}  // namespace qbench::cli
