// Words of a command line, so that a POSIX shell reads them as they are. Internal to reports.
#pragma once

#include <string>
#include <vector>

namespace qbench::reports {

// As it is where the shell finds nothing in it, else in single quotes.
std::string ShellWord(const std::string& word);
// With blanks between them.
std::string ShellLine(const std::vector<std::string>& words);

// The same in lines of at most `width` characters after `indent`, the further ones deeper, each but
// the last with a backslash; broken before options alone. Longer ones stay whole.
std::string ShellLines(const std::vector<std::string>& words, size_t width,
                       const std::string& indent);

}  // namespace qbench::reports
