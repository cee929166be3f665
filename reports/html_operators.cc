#include "fmt/format.h"
#include "reports/costliest_operators.h"
#include "reports/explanation.h"
#include "reports/html_sections.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

std::string Number(std::optional<double> value) { return value ? Significant(*value) : ""; }

std::string Time(double ms) { return ms < kShortestMs ? "<0.001" : Significant(ms); }

// The bar of the costliest operator is as wide as its column.
Data RowData(const OperatorRow& row, double largest_share, bool has_float) {
  const store::OperatorProfile& profile = *row.profile;
  Data data("name", profile.name);
  data.set("kind", profile.op < 0 ? "step of the runtime" : profile.kind);
  data.set("share", Percent(row.share));
  data.set("width", fmt::format("{:.1f}", 100 * row.share / largest_share));
  data.set("ms", Time(row.ms));
  data.set("has_float", has_float);
  data.set("float_ms", row.float_ms ? Time(*row.float_ms) : "");
  data.set("ratio", Number(row.ratio));
  data.set("slower", row.ratio.value_or(0) > kSlowerThanFloat);
  data.set("mmacs", profile.macs > 0 ? Significant(static_cast<double>(profile.macs) / 1e6) : "");
  data.set("gmacs", Number(row.gmacs));
  data.set("gmacs_of_peak", WholePercent(row.gmacs_of_peak));
  data.set("gbytes", Number(row.gbytes));
  data.set("gbytes_of_peak", WholePercent(row.gbytes_of_peak));
  data.set("where", row.where);
  return data;
}

}  // namespace

Data OperatorSections(const RunView& run) {
  Data sections(Data::type::list);
  const std::vector<CostliestOperators> tables = OperatorTables(run);
  for (const CostliestOperators& table : tables) {
    Data rows(Data::type::list);
    bool has_float = false;
    bool has_where = false;
    for (const OperatorRow& row : table.rows) {
      has_float = has_float || row.float_ms.has_value();
      has_where = has_where || !row.where.empty();
    }
    for (const OperatorRow& row : table.rows)
      rows.push_back(RowData(row, table.rows[0].share, has_float));
    Data section("name", table.variant->name);
    section.set("delegation", table.delegation);
    section.set("shown", table.shown);
    section.set("has_float", has_float);
    section.set("has_where", has_where);
    section.set("rows", rows);
    const double ratio = table.variant->summary.median_ratio_to_float.value_or(0);
    const bool slower = table.variant->pace == Pace::kSlower && ratio > kSameSpeed;
    section.set("unfolded", slower || &table == tables.data());
    sections.push_back(section);
  }
  return sections;
}

}  // namespace qbench::reports
