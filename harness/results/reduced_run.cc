#include "harness/results/reduced_run.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "base/json.h"
#include "harness/results/input_doubts.h"
#include "harness/results/summary.h"

namespace qbench::results {
namespace {

constexpr std::array<std::string_view, 2> kEnds = {"before", "after"};
constexpr std::array<std::string_view, 4> kReadings = {"temperature_c", "frequency_khz",
                                                       "load_1min", "throttled"};

template <size_t kCount>
std::optional<size_t> IndexOf(const std::array<std::string_view, kCount>& names,
                              std::string_view name) {
  for (size_t i = 0; i < kCount; ++i) {
    if (names[i] == name) return i;
  }
  return std::nullopt;
}

// Picks the readings out of a JSON text without making a tree of it: of 10,000 cells that takes
// longer than all else. Nothing is said of a text that is no JSON.
class ReadingSkimmer {
 public:
  explicit ReadingSkimmer(std::string_view text) : text_(text) {}

  std::vector<double> Skim() {
    while (at_ < text_.size()) {
      switch (const char c = text_[at_]) {
        case '"':
          TakeString();
          continue;
        case '{':
        case '[':
          if (++depth_ == 2) reading_.reset();
          break;
        case '}':
        case ']':
          if (--depth_ == 1) end_.reset();
          break;
        default:
          if (depth_ == 2 && end_ && reading_ && (c == '-' || (c >= '0' && c <= '9'))) TakeNumber();
      }
      ++at_;
    }
    return std::move(values_);
  }

 private:
  // A key, where a colon is behind it.
  void TakeString() {
    const size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    const std::string_view string = text_.substr(begin, std::min(at_, text_.size()) - begin);
    ++at_;
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    if (at_ >= text_.size() || text_[at_] != ':') return;
    if (depth_ == 1) end_ = IndexOf(kEnds, string);
    if (depth_ == 2) reading_ = IndexOf(kReadings, string);
  }

  void TakeNumber() {
    double value = 0;
    const auto [after, error] =
        std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error == std::errc()) values_[*end_ * kReadings.size() + *reading_] = value;
    reading_.reset();
    at_ = static_cast<size_t>(after - text_.data()) - 1;
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  std::optional<size_t> end_;      // of the object that is open
  std::optional<size_t> reading_;  // of the value that comes
  std::vector<double> values_ = std::vector<double>(kEnds.size() * kReadings.size(),
                                                    std::numeric_limits<double>::quiet_NaN());
};

// With its memory, which assigning an empty list would keep.
template <typename T>
void Drop(T* value) {
  T().swap(*value);
}

bool IsLatency(const store::Measurement& measurement) {
  return measurement.kind == store::MeasurementKind::kLatency;
}

std::vector<double> ReadingsIn(const store::Measurement& measurement) {
  if (!measurement.conditions.is_string()) return {};
  return ReadingSkimmer(measurement.conditions.get_ref<const std::string&>()).Skim();
}

// Whether these conditions, as text, may say something of the model's input.
bool TellsOfInput(const Json& text) {
  return text.is_string() &&
         text.get_ref<const std::string&>().find("\"input\"") != std::string::npos;
}

// The facts that the runtime told stand with the last latency process, or else with the accuracy;
// those of a profile's operators with the profile; what is known of the input with the accuracy.
Status KeepFacts(store::CellData* cell) {
  const auto processes = LatencyOf(*cell);
  const store::Measurement* accuracy = AccuracyOf(*cell);
  const store::Measurement* teller = processes.empty() ? accuracy : processes.back();
  for (store::Measurement& measurement : cell->measurements) {
    const Json text = std::exchange(measurement.conditions, Json());
    const bool profile = measurement.kind == store::MeasurementKind::kProfile;
    const bool of_input = &measurement == accuracy && TellsOfInput(text);
    if ((!profile && !of_input && &measurement != teller) || !text.is_string()) continue;
    Result<Json> parsed = ParseJson(text.get_ref<const std::string&>());
    if (!parsed.ok()) return Error(StatusCode::kCorrupt, "column conditions is not JSON");
    if (profile) {
      measurement.conditions = std::move(parsed).value();
      continue;
    }
    for (const char* kept : {"runtime", "input"}) {
      const auto value = parsed->find(kept);
      if (value != parsed->end()) measurement.conditions[kept] = std::move(*value);
    }
  }
  return OkStatus();
}

Status Shrink(Keep keep, store::CellData* cell) {
  // A comparison is of medians alone.
  const bool tails = keep == Keep::kSummaries;
  if (tails && !LatencyOf(*cell).empty()) cell->pooled = Pool(*cell);
  cell->measurements.shrink_to_fit();
  std::vector<store::ShortMeasurement> in_short(cell->measurements.size());
  for (size_t i = 0; i < in_short.size(); ++i) {
    store::Measurement& measurement = cell->measurements[i];
    store::ShortMeasurement& one = in_short[i];
    one.samples = SampleCount(*cell, measurement);
    one.sure = SureCount(*cell, measurement);
    Drop(&measurement.log);
    Drop(&measurement.started_at);
    Drop(&measurement.finished_at);
    if (keep == Keep::kSummaries) Drop(&measurement.confidences);
    if (!IsLatency(measurement)) continue;
    one.median_ns = MedianNs(*cell, measurement);
    if (tails) one.outliers = OutlierCount(*cell, measurement);
    if (keep == Keep::kComparison) one.readings = ReadingsIn(measurement);
    Drop(&measurement.samples_ns);
  }
  cell->in_short = std::move(in_short);
  if (keep == Keep::kSummaries) return KeepFacts(cell);
  for (store::Measurement& measurement : cell->measurements) measurement.conditions = Json();
  return OkStatus();
}

}  // namespace

Result<store::RunData> LoadReduced(store::Store& store, int64_t run_id, Keep keep) {
  store::LoadOptions options;
  options.shrink = [keep](store::CellData* cell) { return Shrink(keep, cell); };
  options.conditions_as_text = true;
  return store.LoadRun(run_id, options);
}

std::optional<double> ReadingIn(const Json& conditions, std::string_view end,
                                std::string_view name) {
  if (!conditions.is_object()) return std::nullopt;
  const auto at_end = conditions.find(end);
  if (at_end == conditions.end() || !at_end->is_object()) return std::nullopt;
  const auto value = at_end->find(name);
  if (value == at_end->end() || !value->is_number()) return std::nullopt;
  return value->get<double>();
}

std::optional<double> ReadingOf(const store::CellData& cell, const store::Measurement& process,
                                std::string_view end, std::string_view name) {
  if (!cell.in_short.empty()) {
    const auto& readings =
        cell.in_short.at(static_cast<size_t>(&process - cell.measurements.data())).readings;
    const auto side = IndexOf(kEnds, end);
    const auto reading = IndexOf(kReadings, name);
    if (!side || !reading || readings.empty()) return std::nullopt;
    const double value = readings[*side * kReadings.size() + *reading];
    return std::isnan(value) ? std::nullopt : std::optional(value);
  }
  return ReadingIn(process.conditions, end, name);
}

}  // namespace qbench::results
