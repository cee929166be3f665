#include "reports/comparison/comparison_table.h"

#include <algorithm>
#include <cstdlib>

#include "fmt/format.h"
#include "reports/comparison/comparison_words.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using results::CellComparison;
using results::CellPair;
using results::Judgement;
using results::Pairing;

// "+12", "−1,234", "+1.23M": exact up to where it does not fit, which "why" gives whole.
std::string GrownText(const CellComparison& figures) {
  if (!figures.grown_bytes) return std::string(kMissing);
  const int64_t grown = *figures.grown_bytes;
  if (grown == 0) return "0";
  constexpr int64_t kExact = 999'999;
  const int64_t size = std::abs(grown);
  const std::string digits =
      size <= kExact ? Count(size) : Significant(static_cast<double>(size) / 1e6) + "M";
  return (grown < 0 ? "−" : "+") + digits;
}

std::string IntervalText(const CellComparison& figures) {
  if (!figures.latency_ratio_low) return std::string(kMissing);
  const auto number = [](double ratio) {
    return ratio < 10 ? fmt::format("{:.2f}", ratio) : Significant(ratio);
  };
  return number(*figures.latency_ratio_low) + "–" + number(*figures.latency_ratio_high);
}

// The change of top-1 in points.
std::string DropText(const CellComparison& figures) {
  if (!figures.top1_drop) return std::string(kMissing);
  return Points(-*figures.top1_drop);
}

std::string VerdictText(const CellPair& pair) {
  const CellComparison& figures = pair.figures;
  if (figures.pairing == Pairing::kBaseOnly || figures.pairing == Pairing::kNewOnly) {
    return std::string(Name(figures.pairing));
  }
  if (figures.judgement == Judgement::kNone) {
    return figures.new_status.empty() ? "not reached" : figures.new_status;
  }
  return std::string(Name(figures.judgement));
}

bool IsEmpty(const std::string& text) { return text.empty() || text == kMissing; }

}  // namespace

ComparisonTable MakeComparisonTable(const results::Comparison& comparison) {
  ComparisonTable table;
  table.columns = {{"cell", "The parts of its name that differ between the cells", false},
                   {"± bytes", "How much larger the new file is", true},
                   {"base ms", "The base's latency, median of the process medians", true},
                   {"new ms", "The new side's latency", true},
                   {"ratio", "New to base, Hodges and Lehmann's estimate from the processes", true},
                   {"interval", "Of that ratio", true},
                   {"± top-1", "Change of top-1 in percentage points", true},
                   {"flips", "Images that changed their class", true},
                   {"verdict", "The worst of size, latency, accuracy and status", false}};
  const std::vector<std::string> names = PairNames(comparison);
  for (size_t i = 0; i < names.size(); ++i) {
    const CellPair& pair = comparison.pairs[i];
    const CellComparison& figures = pair.figures;
    table.rows.push_back({names[i], GrownText(figures), Milliseconds(figures.base_median_ms),
                          Milliseconds(figures.new_median_ms), Ratio(figures.latency_ratio),
                          IntervalText(figures), DropText(figures), Count(figures.images_flipped),
                          VerdictText(pair)});
  }
  for (size_t column = table.columns.size(); column-- > 1;) {
    const bool empty =
        std::ranges::all_of(table.rows, [&](const auto& row) { return IsEmpty(row[column]); });
    if (!empty) continue;
    const auto at = static_cast<std::ptrdiff_t>(column);
    table.columns.erase(table.columns.begin() + at);
    for (auto& row : table.rows) row.erase(row.begin() + at);
  }
  return table;
}

}  // namespace qbench::reports
