#include "reports/profile_text.h"

#include <algorithm>

#include "base/json.h"
#include "fmt/format.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

constexpr size_t kShown = 3;

// Converters join the names of what they fused by ';', so the first says enough; of a long one the
// end does.
std::string ShortName(const std::string& name) {
  constexpr size_t kMost = 40;
  std::string first = name.substr(0, name.find(';'));
  if (first.size() <= kMost) return first;
  size_t start = first.size() - kMost + 1;
  const auto continues = [&] { return (static_cast<unsigned char>(first[start]) & 0xC0) == 0x80; };
  while (start < first.size() && continues()) ++start;  // no half characters
  return "…" + first.substr(start);
}

std::string OperatorLine(const store::OperatorProfile& row, double total_us) {
  std::string line = fmt::format("{:>5} %  {:>7} ms  {}", Percent(row.median_us / total_us),
                                 Significant(row.median_us / 1000),
                                 row.op < 0 ? row.name : row.kind + " " + ShortName(row.name));
  if (row.macs > 0) {
    line += fmt::format(", {} GMAC/s",
                        Significant(static_cast<double>(row.macs) / 1000 / row.median_us));
  }
  return line;
}

void AddProfile(const Variant& variant, const store::Measurement& profile,
                std::vector<std::string>& lines) {
  const auto delegation = results::DelegationOf(profile);
  lines.push_back(variant.name + ": " +
                  (delegation ? DelegationText(*delegation) : "without a delegate"));
  const double total_us = results::ProfiledMicroseconds(profile);
  for (const store::OperatorProfile* row : Costliest(profile, kShown)) {
    lines.push_back("  " + OperatorLine(*row, total_us));
  }
}

}  // namespace

std::vector<const store::OperatorProfile*> Costliest(const store::Measurement& profile,
                                                     size_t count) {
  std::vector<const store::OperatorProfile*> rows;
  for (const store::OperatorProfile& row : profile.operators) {
    if (row.median_us > 0) rows.push_back(&row);
  }
  std::ranges::stable_sort(
      rows, [](const auto* a, const auto* b) { return a->median_us > b->median_us; });
  rows.resize(std::min(rows.size(), count));
  return rows;
}

std::string DelegationText(const results::Delegation& delegation) {
  std::string text = fmt::format("{} took {} of {} operators, in {}", delegation.delegate,
                                 delegation.operators - delegation.undelegated,
                                 delegation.operators, Counted(delegation.partitions, "partition"));
  if (delegation.undelegated == 0) return text;
  text += fmt::format("; not {} ({} % of the multiplications", delegation.undelegated_kinds,
                      Percent(delegation.undelegated_macs_share));
  if (delegation.undelegated_time_share) {
    text += fmt::format(", {} % of the time", Percent(delegation.undelegated_time_share));
  }
  return text + ")";
}

std::string OperatorTable(const store::Measurement& profile, size_t count) {
  std::string table =
      fmt::format("{:>7}  {:>8}  {:>7}  {:>7}  operator\n", "share %", "time ms", "GMAC/s", "GB/s");
  const double total_us = results::ProfiledMicroseconds(profile);
  const bool delegate = results::DelegationOf(profile).has_value();
  for (const store::OperatorProfile* row : Costliest(profile, count)) {
    const double bytes = static_cast<double>(row->bytes_read + row->bytes_written);
    const auto rate = [&](double amount) {
      return amount > 0 ? Significant(amount / 1000 / row->median_us) : "";
    };
    std::string what = row->name;
    if (row->op >= 0) what = fmt::format("{} {} ({})", row->kind, ShortName(row->name), row->steps);
    table +=
        fmt::format("{:>7}  {:>8}  {:>7}  {:>7}  {}{}\n", Percent(row->median_us / total_us),
                    Significant(row->median_us / 1000), rate(static_cast<double>(row->macs)),
                    rate(bytes), what, delegate && row->partition < 0 ? ", not delegated" : "");
  }
  return table;
}

std::vector<std::string> ProfileLines(const RunView& run) {
  const Result<bool> profile = JsonGetOr<bool>(run.data->run.settings, "profile", false);
  const bool asked = profile.ok() && *profile;
  std::vector<std::string> lines;
  for (const Variant& variant : run.variants) {
    if (!asked) {
      const auto delegation = results::DelegationOf(*variant.cell);
      if (delegation && delegation->undelegated > 0) {
        lines.push_back(variant.name + ": " + DelegationText(*delegation));
      }
      continue;
    }
    for (const store::Measurement& measurement : variant.cell->measurements) {
      if (measurement.kind != store::MeasurementKind::kProfile) continue;
      if (measurement.status == store::Outcome::kOk) {
        AddProfile(variant, measurement, lines);
      } else {
        lines.push_back(variant.name + ": no profile: " + measurement.reason);
      }
    }
  }
  if (!lines.empty()) {
    lines.insert(lines.begin(), asked ? "Where the time goes:" : "Not delegated:");
  }
  return lines;
}

}  // namespace qbench::reports
