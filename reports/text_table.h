// A table in lines of plain text: columns as wide as their widest text, two blanks between them (or
// as many as are asked for).
// Internal to reports.
#pragma once

#include <string>
#include <vector>

namespace qbench::reports {

// The width that every terminal has.
inline constexpr size_t kTerminalWidth = 80;

inline constexpr size_t kColumnGap = 2;

struct TextColumn {
  std::string title;
  bool is_number = true;  // numbers stand right, texts left
  bool is_shown = true;
  size_t width = 0;  // of its widest text, the title among them
};

// `Column` has `title` and `is_number`; every row has a text for each. All columns are shown.
template <typename Column>
std::vector<TextColumn> TextColumns(const std::vector<Column>& columns,
                                    const std::vector<std::vector<std::string>>& rows);

// The titles as a line, and a row's texts, with a line end.
std::string TitleLine(const std::vector<TextColumn>& columns);
std::string TextLine(const std::vector<std::string>& texts, const std::vector<TextColumn>& columns,
                     size_t gap = kColumnGap);

// --- Implementation -----------------------------------------------------------------------------

// Makes the column as wide as its texts.
void FitWidth(const std::vector<std::vector<std::string>>& rows, size_t index, TextColumn* column);

template <typename Column>
std::vector<TextColumn> TextColumns(const std::vector<Column>& columns,
                                    const std::vector<std::vector<std::string>>& rows) {
  std::vector<TextColumn> made;
  for (const Column& column : columns) {
    made.push_back({.title = column.title, .is_number = column.is_number});
    FitWidth(rows, made.size() - 1, &made.back());
  }
  return made;
}

}  // namespace qbench::reports
