#include "reports/text_table.h"

#include <algorithm>

#include "reports/text_format.h"

namespace qbench::reports {
namespace {

std::string Padded(const std::string& text, size_t width, bool right) {
  const std::string gap(width - std::min(width, DisplayWidth(text)), ' ');
  return right ? gap + text : text + gap;
}

}  // namespace

void FitWidth(const std::vector<std::vector<std::string>>& rows, size_t index, TextColumn* column) {
  column->width = DisplayWidth(column->title);
  for (const auto& row : rows) column->width = std::max(column->width, DisplayWidth(row[index]));
}

std::string TitleLine(const std::vector<TextColumn>& columns) {
  std::vector<std::string> titles;
  for (const TextColumn& column : columns) titles.push_back(column.title);
  return TextLine(titles, columns);
}

std::string TextLine(const std::vector<std::string>& texts, const std::vector<TextColumn>& columns,
                     size_t gap) {
  std::string line;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!columns[i].is_shown) continue;
    if (i > 0) line.append(gap, ' ');
    line += Padded(texts[i], columns[i].width, columns[i].is_number);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace qbench::reports
