// Text that came from outside (a plugin, a log) as a line that is safe to show and to store.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace qbench {

// Control characters (C0, DEL and C1) become blanks, blanks at the end are cut, bytes that are not
// UTF-8 become U+FFFD.
std::string SafeLine(std::string_view text);

// The same of a name, which stands inside of a message: at most 80 bytes, ended by "…" where
// something is missing.
std::string SafeName(std::string_view name);

// SafeLine of a text of several lines: line feeds and tabs stay, and so do blanks.
std::string SafeText(std::string_view text);

// `text`, which is UTF-8, cut between two characters to at most `bytes` bytes and ended by "…"
// where something is missing. `bytes` is at least 3.
std::string Shortened(std::string text, size_t bytes);

}  // namespace qbench
