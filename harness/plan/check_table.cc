#include <algorithm>

#include "harness/plan/preprocessing_check.h"

namespace qbench::plan {

std::vector<std::string> CheckTable(const CheckedInputs& checked, const CheckVerdict& verdict) {
  std::vector<datasets::Channels> columns;
  std::vector<std::string> rows;
  for (const TriedInput& tried : checked.tried) {
    if (std::ranges::find(columns, tried.channels) == columns.end()) {
      columns.push_back(tried.channels);
    }
    if (std::ranges::find(rows, tried.normalization.name) == rows.end()) {
      rows.push_back(tried.normalization.name);
    }
  }
  std::vector<std::string> lines;
  for (size_t order = 0; order < checked.orders.size(); ++order) {
    std::string head = fmt::format(
        "{:<20}", checked.orders.size() == 1 ? "" : "labels " + checked.orders[order].name);
    for (const datasets::Channels channels : columns) {
      head += fmt::format("{:>10}  ", datasets::ChannelsName(channels));
    }
    lines.push_back(std::move(head));
    for (const std::string& row : rows) {
      std::string line = fmt::format("{:<20}", row);
      for (const datasets::Channels channels : columns) {
        const auto found = std::ranges::find_if(checked.tried, [&](const TriedInput& tried) {
          return tried.normalization.name == row && tried.channels == channels;
        });
        const auto tried = static_cast<size_t>(found - checked.tried.begin());
        const bool chosen = tried == verdict.tried && order == verdict.order;
        const double share = 100.0 * static_cast<double>(checked.Right(tried, order)) /
                             static_cast<double>(std::max<int64_t>(checked.images(), 1));
        line += fmt::format("{:>8.1f} %{} ", share, chosen ? '<' : ' ');
      }
      lines.push_back(std::move(line));
    }
  }
  for (std::string& line : lines) line.erase(line.find_last_not_of(' ') + 1);
  return lines;
}

}  // namespace qbench::plan
