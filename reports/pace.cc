#include "reports/pace.h"

#include "fmt/format.h"
#include "reports/text_format.h"
#include "reports/variants.h"

namespace qbench::reports {

Pace ComparePace(const Variant& base, const Variant& variant) {
  return results::ComparePace({base.cell, &base.summary}, {variant.cell, &variant.summary});
}

std::string RatioRange(const results::CellSummary& summary) {
  if (!summary.ratio_low || !summary.ratio_high) return std::string(kMissing);
  return RatioRange(*summary.ratio_low, *summary.ratio_high);
}

std::string RatioRange(double low, double high) {
  const auto number = [](double ratio) {
    return ratio < 10 ? fmt::format("{:.2f}", ratio) : Significant(ratio);
  };
  return number(low) + "–" + number(high);
}

std::string Coverage(double confidence) {
  const std::string percent = fmt::format("{:.1f}", confidence * 100);
  return (percent.ends_with(".0") ? percent.substr(0, percent.size() - 2) : percent) + " %";
}

}  // namespace qbench::reports
