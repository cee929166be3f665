// Texts in GitHub-flavoured Markdown. Internal to reports.
#pragma once

#include <string>
#include <vector>

namespace qbench::reports {

// A text that Markdown shows as it is, on one line.
std::string MarkdownText(const std::string& text);

// A line of a table; the texts are Markdown already.
void AppendMarkdownRow(const std::vector<std::string>& texts, std::string* out);

}  // namespace qbench::reports
