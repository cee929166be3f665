#include "harness/host/warning_list.h"

#include <algorithm>

#include "base/one_line.h"
#include "fmt/format.h"

namespace qbench::host {

void WarningList::Add(const std::string& line) {
  std::string text = Shortened(line, kMostBytes);
  if (std::ranges::find(lines_, text) != lines_.end()) return;
  if (lines_.size() < kMostLines) {
    lines_.push_back(std::move(text));
  } else {
    ++left_out_;
  }
}

std::vector<std::string> WarningList::lines() const {
  std::vector<std::string> lines = lines_;
  if (left_out_ > 0) {
    lines.push_back(fmt::format("{} more warnings were left out", left_out_));
  }
  return lines;
}

}  // namespace qbench::host
