#include "reports/fitted_table.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "fmt/format.h"
#include "reports/text_format.h"
#include "reports/text_table.h"

namespace qbench::reports {
namespace {

// Texts that are longer than this are shortened before any column is left out; none is made shorter
// than the second: "int8 [1]".
constexpr size_t kLongText = 22;
constexpr size_t kLeastText = 8;

// Both lines of a title, broken at its last blank.
std::pair<std::string, std::string> TitleLines(const std::string& title) {
  const size_t blank = title.rfind(' ');
  if (blank == std::string::npos) return {"", title};
  return {title.substr(0, blank), title.substr(blank + 1)};
}

class Fitter {
 public:
  Fitter(const ResultTable& table, size_t width) : table_(table), rows_(table.rows), room_(width) {
    for (const Column& column : table.columns) {
      const auto [upper, lower] = TitleLines(column.title);
      TextColumn made{.title = DisplayWidth(upper) > DisplayWidth(lower) ? upper : lower,
                      .is_number = column.is_number};
      FitWidth(rows_, columns_.size(), &made);
      columns_.push_back(std::move(made));
    }
  }

  std::string Write() {
    ShortenTexts(kLongText);
    LeaveOut();
    ShortenTexts(kLeastText);
    if (Width() > room_) gap_ = 1;
    std::string out = Titles();
    for (const auto& row : rows_) out += TextLine(row, columns_, gap_);
    for (size_t i = 0; i < explained_.size(); ++i) {
      out += fmt::format("  [{}] {}\n", i + 1, explained_[i]);
    }
    std::vector<std::string> left_out;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].is_shown) left_out.push_back(table_.columns[i].title);
    }
    if (!left_out.empty()) {
      out += Wrapped("In the report alone: " + fmt::format("{}", fmt::join(left_out, ", ")) + ".",
                     room_, "  ");
    }
    return out;
  }

 private:
  size_t Width() const {
    size_t width = 0;
    for (const TextColumn& column : columns_) {
      if (column.is_shown) width += column.width + (width > 0 ? gap_ : 0);
    }
    return width;
  }

  void LeaveOut() {
    while (Width() > room_) {
      size_t next = columns_.size();
      for (size_t i = 0; i < columns_.size(); ++i) {
        const int rank = table_.columns[i].leave_out;
        if (!columns_[i].is_shown || rank == 0) continue;
        if (next == columns_.size() || rank > table_.columns[next].leave_out) next = i;
      }
      if (next == columns_.size()) return;
      columns_[next].is_shown = false;
    }
  }

  // The widest text column gives way first, none below `least` or its title.
  void ShortenTexts(size_t least) {
    const auto floor = [&](size_t i) { return std::max(least, DisplayWidth(columns_[i].title)); };
    while (Width() > room_) {
      size_t widest = columns_.size();
      for (size_t i = 0; i < columns_.size(); ++i) {
        if (!columns_[i].is_shown || columns_[i].is_number || columns_[i].width <= floor(i)) {
          continue;
        }
        if (widest == columns_.size() || columns_[i].width > columns_[widest].width) widest = i;
      }
      if (widest == columns_.size()) return;
      const size_t excess = Width() - room_;
      const size_t width = columns_[widest].width;
      Shorten(widest, std::max(floor(widest), width - std::min(excess, width)));
    }
  }

  void Shorten(size_t index, size_t width) {
    for (size_t i = 0; i < rows_.size(); ++i) {
      const std::string& whole = table_.rows[i][index];
      if (DisplayWidth(whole) <= width) continue;
      const std::string mark = " [" + std::to_string(NumberOf(whole)) + "]";
      const std::string head = whole.substr(0, whole.find(':'));
      const size_t left = width - std::min(width, DisplayWidth(mark));
      rows_[i][index] = (DisplayWidth(head) <= left
                             ? head
                             : FitColumns(head, static_cast<int>(std::max<size_t>(left, 1)))) +
                        mark;
    }
    FitWidth(rows_, index, &columns_[index]);
  }

  // Of a text in the legend, from 1.
  size_t NumberOf(const std::string& whole) {
    const auto known = std::ranges::find(explained_, whole);
    if (known != explained_.end()) return static_cast<size_t>(known - explained_.begin()) + 1;
    explained_.push_back(whole);
    return explained_.size();
  }

  std::string Titles() const {
    std::vector<std::string> upper;
    std::vector<std::string> lower;
    bool two = false;
    for (size_t i = 0; i < columns_.size(); ++i) {
      auto [first, second] = TitleLines(table_.columns[i].title);
      two = two || (columns_[i].is_shown && !first.empty());
      upper.push_back(std::move(first));
      lower.push_back(std::move(second));
    }
    return (two ? TextLine(upper, columns_, gap_) : "") + TextLine(lower, columns_, gap_);
  }

  const ResultTable& table_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<TextColumn> columns_;
  size_t room_;
  size_t gap_ = kColumnGap;
  std::vector<std::string> explained_;
};

}  // namespace

std::string FittedTable(const ResultTable& table, size_t width) {
  return Fitter(table, width).Write();
}

}  // namespace qbench::reports
