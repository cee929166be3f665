#include "reports/costliest_operators.h"

#include "fmt/format.h"
#include "harness/results/peak_lookup.h"
#include "harness/results/profile_summary.h"
#include "reports/counterparts.h"
#include "reports/profile_text.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using store::OperatorProfile;

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::optional<double> Ratio(double part, std::optional<double> whole) {
  return whole && *whole > 0 ? std::optional(part / *whole) : std::nullopt;
}

// The rate in thousand millions a second; none of nothing.
std::optional<double> PerSecond(int64_t amount, double us) {
  if (amount == 0 || us <= 0) return std::nullopt;
  return static_cast<double>(amount) / us / 1e3;
}

class TableMaker {
 public:
  TableMaker(const RunView& run, size_t index, const store::Measurement& profile)
      : run_(run), variant_(run.variants[index]), profile_(profile) {
    const std::optional<size_t> base = run.float_of[index];
    if (!base) return;
    is_float_ = *base == index;
    if (!is_float_) float_profile_ = results::ProfileOf(*run.variants[*base].cell);
    if (float_profile_ != nullptr)
      counterparts_.emplace(profile.operators, float_profile_->operators);
  }

  CostliestOperators Make() {
    CostliestOperators table;
    table.variant = &variant_;
    table.is_float = is_float_;
    const auto delegation = results::DelegationOf(profile_);
    if (delegation) {
      delegate_ = delegation->delegate;
      table.delegation = DelegationText(*delegation);
    }
    const double total_us = results::ProfiledMicroseconds(profile_);
    double shown_us = 0;
    for (const OperatorProfile* profile : Costliest(profile_, kCostliest)) {
      table.rows.push_back(RowOf(*profile, total_us));
      shown_us += profile->median_us;
    }
    const size_t all = Costliest(profile_, profile_.operators.size()).size();
    const std::string which =
        table.rows.size() == all
            ? fmt::format("all {} operators and steps that took time", all)
            : fmt::format("the {} costliest of {} operators and steps", table.rows.size(), all);
    table.shown =
        fmt::format("{}: {} % of {} ms", which, Percent(total_us > 0 ? shown_us / total_us : 0),
                    Significant(total_us / 1e3));
    return table;
  }

 private:
  OperatorRow RowOf(const OperatorProfile& profile, double total_us) const {
    OperatorRow row;
    row.profile = &profile;
    row.share = total_us > 0 ? profile.median_us / total_us : 0;
    row.ms = profile.median_us / 1e3;
    if (const OperatorProfile* same = counterparts_ ? counterparts_->Of(profile) : nullptr) {
      row.float_ms = same->median_us / 1e3;
      if (*row.float_ms >= kShortestMs) row.ratio = Ratio(row.ms, row.float_ms);
    }
    const int32_t threads = variant_.summary.threads;
    const auto& peaks = run_.data->machine_peaks;
    row.gmacs = PerSecond(profile.macs, profile.median_us);
    if (row.gmacs) {
      row.gmacs_of_peak =
          Ratio(*row.gmacs * 1e9, results::PeakPerSecond(peaks, store::PeakKind::kMultiplyAdd,
                                                         ArithmeticType(profile), threads));
    }
    row.gbytes = PerSecond(profile.bytes_read + profile.bytes_written, profile.median_us);
    if (row.gbytes) {
      row.gbytes_of_peak = Ratio(*row.gbytes * 1e9, results::BandwidthPeak(peaks, threads));
    }
    if (!delegate_.empty()) row.where = profile.partition < 0 && profile.op >= 0 ? "–" : delegate_;
    return row;
  }

  const RunView& run_;
  const Variant& variant_;
  const store::Measurement& profile_;
  const store::Measurement* float_profile_ = nullptr;
  std::optional<Counterparts> counterparts_;
  std::string delegate_;
  bool is_float_ = false;
};

}  // namespace

std::string ArithmeticType(const OperatorProfile& profile) {
  const auto byte = [](const std::string& type) { return type == "int8" || type == "uint8"; };
  if (byte(profile.input_type)) return "int8";
  if (profile.input_type == "float16") return "float16";
  if (profile.input_type != "float32") return "";
  const bool dynamic = Contains(profile.steps, "QD8") || Contains(profile.steps, "QP8") ||
                       (profile.partition < 0 && byte(profile.weight_type));
  return dynamic ? "int8" : "float32";
}

OrderedJson OperatorsJson(const CostliestOperators& table) {
  const auto value = [](std::optional<double> number) {
    return number ? OrderedJson(*number) : OrderedJson();
  };
  OrderedJson rows = OrderedJson::array();
  for (const OperatorRow& row : table.rows) {
    rows.push_back({{"op", row.profile->op},
                    {"kind", row.profile->kind},
                    {"name", row.profile->name},
                    {"share", row.share},
                    {"ms", row.ms},
                    {"float_ms", value(row.float_ms)},
                    {"ratio_to_float", value(row.ratio)},
                    {"macs", row.profile->macs},
                    {"gmacs_per_s", value(row.gmacs)},
                    {"gmacs_of_peak", value(row.gmacs_of_peak)},
                    {"gbytes_per_s", value(row.gbytes)},
                    {"gbytes_of_peak", value(row.gbytes_of_peak)},
                    {"delegated", row.profile->partition >= 0}});
  }
  return rows;
}

std::vector<CostliestOperators> OperatorTables(const RunView& run) {
  std::vector<CostliestOperators> tables;
  for (size_t i = 0; i < run.variants.size(); ++i) {
    const store::Measurement* profile = results::ProfileOf(*run.variants[i].cell);
    if (profile != nullptr) tables.push_back(TableMaker(run, i, *profile).Make());
  }
  return tables;
}

}  // namespace qbench::reports
