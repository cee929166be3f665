#include <algorithm>

#include "fmt/format.h"
#include "reports/board_history.h"
#include "reports/html_sections.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

constexpr size_t kMostRows = 200;

std::string ThrottlingText(const BoardSpan& span) {
  if (!span.before.throttled && !span.after.throttled) return std::string(kMissing);
  return span.before.throttled.value_or(false) || span.after.throttled.value_or(false) ? "yes"
                                                                                       : "no";
}

}  // namespace

Data BoardSection(const RunView& run) {
  const std::vector<BoardSpan> history = BoardHistory(run);
  Data section(Data::type::list);
  const std::string svg = BoardSvg(history);
  if (svg.empty()) return section;
  Data rows(Data::type::list);
  for (size_t i = 0; i < std::min(history.size(), kMostRows); ++i) {
    const BoardSpan& span = history[i];
    const auto [before, after] = std::pair(span.before, span.after);
    Data row("name", span.variant->name);
    row.set("process", std::to_string(span.repetition + 1));
    row.set("seconds", fmt::format("{:.0f}–{:.0f}", span.start, span.end));
    row.set("temperature", BeforeAndAfter(before.temperature_c, after.temperature_c, 1));
    row.set("clock", BeforeAndAfter(before.mhz, after.mhz, 0));
    row.set("load", BeforeAndAfter(before.load, after.load, 2));
    row.set("throttled", ThrottlingText(span));
    rows.push_back(row);
  }
  Data board("svg", svg);
  board.set("rows", rows);
  if (history.size() > kMostRows) {
    board.set("rest", fmt::format("The first {} of {} processes; qbench report --format json has "
                                  "all.",
                                  kMostRows, Count(static_cast<int64_t>(history.size()))));
  }
  if (history.size() > kMostSpans) {
    board.set("thinned", fmt::format(" Of {} processes every {}th is drawn.",
                                     Count(static_cast<int64_t>(history.size())),
                                     (history.size() + kMostSpans - 1) / kMostSpans));
  }
  section.push_back(board);
  return section;
}

}  // namespace qbench::reports
