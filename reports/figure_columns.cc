#include "reports/figure_columns.h"

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "fmt/format.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using results::CellSummary;
using results::Shown;
using results::Style;

// The ratio of the latencies where the processes tell it; else what they tell in its place.
std::string LatencyRatio(const Variant& variant) {
  const std::optional<double>& ratio = variant.summary.median_ratio_to_float;
  if (!ratio) return std::string(kMissing);
  switch (variant.pace) {
    case Pace::kFaster:
    case Pace::kSlower:
      return Ratio(ratio);
    case Pace::kTie:
      return "tie";
    case Pace::kNoisy:
      return "noisy";
    case Pace::kSame:
      return *ratio == 1 ? Ratio(ratio) : "same file";
    case Pace::kUnknown:
      return variant.latency_valid() ? "≈" + Ratio(ratio) : std::string(kMissing);
  }
  return {};
}

// In per cent, with two decimals.
std::string PercentOf(std::optional<double> part, std::optional<double> whole) {
  if (!part || !whole || !(*whole > 0)) return std::string(kMissing);
  return fmt::format("{:.2f}", 100 * *part / *whole);
}

template <typename To, typename From>
std::optional<To> As(const std::optional<From>& value) {
  return value ? std::optional(static_cast<To>(*value)) : std::nullopt;
}

template <typename T>
std::string StyledText(const Variant& variant, Style style, const std::optional<T>& figure) {
  const CellSummary& summary = variant.summary;
  const std::optional<double> value = As<double>(figure);
  switch (style) {
    case Style::kCount:
      return Count(As<int64_t>(figure));
    case Style::kSignificant:
      return value ? Significant(*value) : std::string(kMissing);
    case Style::kMilliseconds:
      return Milliseconds(value);
    case Style::kMegabytes:
      return Megabytes(As<int64_t>(figure));
    case Style::kPercent:
      return Percent(value);
    case Style::kPoints:
      return Points(value);
    case Style::kRatio:
      return Ratio(value);
    case Style::kPercentOfMedian:
      return PercentOf(value, summary.median_ms);
    case Style::kTop1Interval:
      return PercentRange(summary.top1_low, summary.top1_high);
    case Style::kLatencyRatio:
      return LatencyRatio(variant);
    case Style::kLatencyRatioInterval:
      return RatioRange(summary);
  }
  return {};
}

}  // namespace

std::vector<ColumnSource> FigureColumns(results::Table table) {
  std::vector<std::pair<int, ColumnSource>> placed;
  const auto add = [&]<typename Value>(const results::Figure<Value>& figure) {
    const Shown& shown = figure.shown;
    if (shown.table != table) return;
    Column column{shown.title, shown.explanation, true, shown.leave_out};
    auto text = [member = figure.member, style = shown.style](const Variant& variant) {
      return StyledText(variant, style, variant.summary.*member);
    };
    auto value = [member = figure.member](const Variant& variant) {
      return As<double>(variant.summary.*member);
    };
    placed.emplace_back(shown.place,
                        ColumnSource{std::move(column), std::move(text), std::move(value)});
  };
  store::ForEachRow<CellSummary>([&](const auto& row) {
    if constexpr (requires { add(row); }) add(row);
  });
  std::ranges::sort(placed, {}, &std::pair<int, ColumnSource>::first);
  std::vector<ColumnSource> columns;
  for (auto& [place, column] : placed) columns.push_back(std::move(column));
  return columns;
}

}  // namespace qbench::reports
