// Texts in GitHub-flavoured Markdown. Internal to reports.
#pragma once

#include <string>
#include <vector>

namespace qbench::reports {

// A text that Markdown shows as it is, on one line.
std::string MarkdownText(const std::string& text);

// A line of a table; the texts are Markdown already.
void AppendMarkdownRow(const std::vector<std::string>& texts, std::string* out);

// The head of a table: the columns' titles, and the rule that says which stand right. A Column has
// `title` and `is_number`.
template <typename Column>
void AppendMarkdownHead(const std::vector<Column>& columns, std::string* out) {
  std::vector<std::string> titles;
  std::vector<std::string> rules;
  for (const Column& column : columns) {
    titles.push_back(column.title);
    rules.emplace_back(column.is_number ? "---:" : ":---");
  }
  AppendMarkdownRow(titles, out);
  AppendMarkdownRow(rules, out);
}

}  // namespace qbench::reports
