#include "harness/results/profile_summary.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace qbench::results {
namespace {

std::string DescribeKinds(const std::map<std::string, int64_t>& counts) {
  std::vector<std::pair<std::string, int64_t>> kinds(counts.begin(), counts.end());
  std::stable_sort(kinds.begin(), kinds.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string text;
  for (const auto& [kind, count] : kinds) {
    text += (text.empty() ? "" : "; ") + kind;
    if (count > 1) text += " x" + std::to_string(count);
  }
  return text;
}

std::optional<double> Share(double part, double whole) {
  return whole > 0 ? std::optional(part / whole) : std::nullopt;
}

const store::Measurement* FindProfile(const store::CellData& cell) {
  const auto found =
      std::ranges::find_if(cell.measurements, [](const store::Measurement& measurement) {
        return measurement.kind == store::MeasurementKind::kProfile &&
               measurement.status == store::Outcome::kOk;
      });
  return found == cell.measurements.end() ? nullptr : &*found;
}

}  // namespace

const store::Measurement* ProfileOf(const store::CellData& cell) {
  const store::Measurement* found = FindProfile(cell);
  return found == nullptr || found->samples_ns.empty() ? nullptr : found;
}

double ProfiledMicroseconds(const store::Measurement& profile) {
  double total = 0;
  for (const store::OperatorProfile& row : profile.operators) total += row.median_us;
  return total;
}

std::optional<Delegation> DelegationOf(const store::Measurement& profile) {
  const auto named = profile.conditions.find("delegate");
  if (named == profile.conditions.end() || !named->is_string()) return std::nullopt;
  Delegation delegation;
  delegation.delegate = named->get<std::string>();
  std::map<std::string, int64_t> kinds;
  std::set<int32_t> partitions;
  double macs = 0;
  double undelegated_macs = 0;
  double undelegated_us = 0;
  for (const store::OperatorProfile& row : profile.operators) {
    macs += static_cast<double>(row.macs);
    if (row.partition >= 0) partitions.insert(row.partition);
    if (row.op < 0) continue;
    ++delegation.operators;
    if (row.partition >= 0) continue;
    ++delegation.undelegated;
    ++kinds[row.kind];
    undelegated_macs += static_cast<double>(row.macs);
    undelegated_us += row.median_us;
  }
  delegation.undelegated_kinds = DescribeKinds(kinds);
  delegation.partitions = static_cast<int64_t>(partitions.size());
  delegation.undelegated_macs_share = Share(undelegated_macs, macs);
  delegation.undelegated_time_share = Share(undelegated_us, ProfiledMicroseconds(profile));
  return delegation;
}

std::optional<Delegation> DelegationOf(const store::CellData& cell) {
  const store::Measurement* profile = FindProfile(cell);
  return profile == nullptr ? std::nullopt : DelegationOf(*profile);
}

}  // namespace qbench::results
