#include "reports/shell_text.h"

#include <algorithm>
#include <string_view>

#include "reports/text_format.h"

namespace qbench::reports {
namespace {

bool IsPlain(char c) {
  constexpr std::string_view kSigns = "_@%+=:,./-";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kSigns.find(c) != std::string_view::npos;
}

}  // namespace

std::string ShellWord(const std::string& word) {
  if (!word.empty() && std::ranges::all_of(word, IsPlain)) return word;
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string ShellLines(const std::vector<std::string>& words, size_t width,
                       const std::string& indent) {
  std::vector<std::string> parts;  // an option with its value
  for (const std::string& word : words) {
    if (parts.empty() || word.starts_with('-')) {
      parts.push_back(ShellWord(word));
    } else {
      parts.back() += " " + ShellWord(word);
    }
  }
  constexpr std::string_view kMore = " \\";
  std::string lines;
  std::string line = indent;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0 && DisplayWidth(line) + 1 + DisplayWidth(parts[i]) + kMore.size() > width) {
      lines += line + std::string(kMore) + "\n";
      line = indent + "  ";
    } else if (i > 0) {
      line += " ";
    }
    line += parts[i];
  }
  return lines + line + "\n";
}

std::string ShellLine(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : " ") + ShellWord(word);
  return line;
}

}  // namespace qbench::reports
