#include <algorithm>
#include <array>
#include <cmath>

#include "base/utf8.h"
#include "fmt/format.h"
#include "fmt/ranges.h"
#include "reports/nights/nights_reports.h"
#include "reports/nights/nights_words.h"
#include "reports/text_format.h"
#include "reports/text_table.h"

namespace qbench::reports {
namespace {

using results::CellTrend;
using results::JudgedNight;
using results::TrendPoint;
using results::Watch;

// More than these are told with their number; page, CSV and JSON have all.
constexpr size_t kMostNights = 21;
constexpr size_t kMostCells = 40;

struct Column {
  std::string title;
  bool is_number = false;
};

using Rows = std::vector<std::vector<std::string>>;

// The last column takes what is left of the line; the first of `fixed` columns are never cut.
std::string TableText(const std::vector<Column>& columns, Rows rows) {
  std::vector<TextColumn> made = TextColumns(columns, rows);
  size_t before = 0;
  for (size_t i = 0; i + 1 < made.size(); ++i) before += made[i].width + 2;
  const size_t left = kTerminalWidth > before + 8 ? kTerminalWidth - before : 8;
  for (auto& row : rows) row.back() = FitColumns(row.back(), static_cast<int>(left));
  made = TextColumns(columns, rows);
  std::string text = TitleLine(made);
  for (const auto& row : rows) text += TextLine(row, made);
  return text;
}

std::string NightsTable(const Watch& watch) {
  Rows rows;
  auto missing = watch.missing.rbegin();
  const size_t count = watch.nights().size();
  for (size_t i = count + 1; i-- > 0;) {
    if (i < count) {
      if (count - i > kMostNights) break;
      const JudgedNight& night = watch.nights()[i];
      const auto& heat = night.temperatures;
      rows.push_back({DateAndTime(night.run.started_at).substr(0, 16), std::to_string(night.run.id),
                      AnswerOf(night), heat ? fmt::format("{:.0f}", heat->median) : "",
                      WorstWords(watch, night)});
    }
    if (missing != watch.missing.rend() && missing->before == i) {
      rows.push_back({Day(missing->first), "", "did not run", "",
                      missing->count == 1 ? "" : Counted(missing->count, "night")});
      ++missing;
    }
  }
  std::string text =
      TableText({{"night (UTC)"}, {"run", true}, {"answer"}, {"°C", true}, {"worst cell"}}, rows);
  if (count > kMostNights) {
    text += fmt::format("… and {} (--format html and csv have all)\n",
                        Counted(static_cast<int64_t>(count - kMostNights), "older night"));
  }
  return text;
}

// One character a night, from the lowest ratio to the highest; at least 4 % apart.
std::string Sparkline(const CellTrend& trend, size_t most) {
  constexpr std::array<const char*, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const size_t begin = trend.points.size() > most ? trend.points.size() - most : 0;
  double low = 0.98;
  double high = 1.02;
  for (size_t i = begin; i < trend.points.size(); ++i) {
    if (!trend.points[i].counts()) continue;
    low = std::min(low, *trend.points[i].ratio);
    high = std::max(high, *trend.points[i].ratio);
  }
  std::string line;
  for (size_t i = begin; i < trend.points.size(); ++i) {
    const TrendPoint& point = trend.points[i];
    if (!point.counts()) {
      line += point.judgement == results::Judgement::kInvalid ? "×" : " ";
      continue;
    }
    const double share = (*point.ratio - low) / (high - low);
    line += kBars[static_cast<size_t>(std::lround(share * (kBars.size() - 1)))];
  }
  return line;
}

std::string LastLevel(const Watch& watch, const CellTrend& trend) {
  if (trend.changes.empty()) return "";
  const results::LevelChange& change = trend.changes.back();
  return fmt::format("{} since {}", SignedPercent(change.percent()),
                     Day(watch.started[change.night]));
}

std::string TrendTable(const Watch& watch) {
  constexpr size_t kNights = 21;
  constexpr int kName = 22;
  Rows rows;
  for (const CellTrend& trend : watch.trends) {
    if (rows.size() == kMostCells) break;
    const auto newest = std::find_if(trend.points.rbegin(), trend.points.rend(),
                                     [](const TrendPoint& point) { return point.counts(); });
    rows.push_back({FitColumns(ShortName(watch, trend.key), kName),
                    newest == trend.points.rend() ? "" : fmt::format("{:.3f}", *newest->ratio),
                    Sparkline(trend, kNights), LastLevel(watch, trend)});
  }
  std::string text = TableText({{"cell"}, {"ratio", true}, {"nights"}, {"level"}}, rows);
  if (watch.trends.size() > rows.size()) {
    text +=
        fmt::format("… and {} more (--format html has all)\n", watch.trends.size() - rows.size());
  }
  return text + "ratio: the new build's latency to the baseline's; ×: said nothing\n";
}

}  // namespace

std::string NightsText(const Watch& watch) {
  const NightsWords words = WordsOf(watch);
  std::string text;
  if (!words.overdue.empty()) text += Wrapped(words.overdue, kTerminalWidth, "");
  text += Wrapped(words.answer, kTerminalWidth, "");
  if (!words.when.empty()) text += Wrapped(words.when, kTerminalWidth, "");
  if (watch.nights().empty()) return text;
  std::vector<std::string> facts = {"against " + watch.history.baseline};
  for (const std::string& fact : SharedFacts(watch)) facts.push_back(fact);
  text += Wrapped(fmt::format("{}", fmt::join(facts, " · ")), kTerminalWidth, "");
  for (const std::string& creep : words.creeps) text += "\n" + Wrapped(creep, kTerminalWidth, "");
  for (const std::string& remark : words.remarks) text += Wrapped(remark, kTerminalWidth, "  ");
  text += "\n" + NightsTable(watch);
  if (!watch.trends.empty()) text += "\n" + TrendTable(watch);
  return text;
}

}  // namespace qbench::reports
