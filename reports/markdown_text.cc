#include "reports/markdown_text.h"

#include <string_view>

namespace qbench::reports {

std::string MarkdownText(const std::string& text) {
  std::string escaped;
  for (char c : text) {
    if (c == '\n' || c == '\r') {
      escaped += ' ';
      continue;
    }
    if (std::string_view("\\`*_{}[]<>|#~").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

void AppendMarkdownRow(const std::vector<std::string>& texts, std::string* out) {
  *out += "|";
  for (const std::string& text : texts) *out += " " + text + " |";
  *out += "\n";
}

}  // namespace qbench::reports
