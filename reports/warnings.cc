#include "reports/warnings.h"

#include <algorithm>
#include <cstdlib>

#include "fmt/format.h"
#include "harness/stats/descriptive.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using store::Outcome;

// Process medians further apart than this are noise worth a word: undisturbed processes on a fixed
// clock stay within about 2 %.
constexpr double kMaxSpread = 0.05;
// A few interrupts are normal; one sample in twenty is not.
constexpr double kMaxOutlierShare = 0.05;
// MLPerf's loadgen asks for 64 samples before it names a 90th percentile.
constexpr int64_t kMinSamplesForP90 = 64;

// Operators on slow kernels that take longer than this decide what the row says.
constexpr double kMaxTimeOnKernels = 0.05;

std::string Named(const std::vector<std::string>& names) {
  constexpr size_t kShown = 4;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > kShown) text += fmt::format(" and {} more", names.size() - kShown);
  return text;
}

// (highest - lowest) / median of the process medians.
double SpreadOfProcesses(const store::CellData& cell) {
  std::vector<double> medians;
  for (const store::Measurement* measurement : store::LatencyOf(cell)) {
    medians.push_back(stats::Median(measurement->samples_ns));
  }
  if (medians.size() < 2) return 0;
  const auto [low, high] = std::minmax_element(medians.begin(), medians.end());
  return (*high - *low) / stats::Median(medians);
}

// The share of the time that operators took on slow kernels, which the runtime's own engine lacks.
double TimeOnKernels(const store::CellData& cell) {
  const Json facts = store::RuntimeFacts(cell);
  const auto share = facts.find("time_on_kernels");
  if (share == facts.end() || !share->is_string()) return 0;
  return std::strtod(share->get<std::string>().c_str(), nullptr) / 100;
}

template <typename Condition>
std::vector<std::string> NamesWhere(const RunView& run, Condition&& condition) {
  std::vector<std::string> names;
  for (const Variant& variant : run.variants) {
    if (condition(variant)) names.push_back(variant.name);
  }
  return names;
}

// Why the latency of a cell does not count, as the measuring process said it.
std::string WhyInvalid(const store::CellData& cell) {
  for (const store::Measurement& measurement : cell.measurements) {
    const bool latency = measurement.kind == store::MeasurementKind::kLatency;
    if (latency && measurement.status == Outcome::kInvalid) return measurement.reason;
  }
  return cell.cell.reason;
}

// A warning for each thing that is to be done about it, which stands behind the reason's last
// colon: the numbers before it differ from cell to cell.
void AddInvalidLatency(const RunView& run, std::vector<std::string>* warnings) {
  struct Group {
    std::string advice;
    std::string reason;  // of the first
    std::vector<std::string> names;
  };
  std::vector<Group> groups;
  for (const Variant& variant : run.variants) {
    if (variant.summary.latency_status != Outcome::kInvalid) continue;
    const std::string reason = WhyInvalid(*variant.cell);
    const size_t colon = reason.rfind(": ");
    const std::string advice = colon == std::string::npos ? reason : reason.substr(colon);
    auto group = std::ranges::find(groups, advice, &Group::advice);
    if (group == groups.end()) group = groups.insert(group, {advice, reason, {}});
    group->names.push_back(variant.name);
  }
  for (const Group& group : groups) {
    std::string line = fmt::format(
        "The machine was not fit to measure latency for {}: do not compare their times.",
        Named(group.names));
    if (!group.reason.empty()) {
      line += group.names.size() == 1 ? fmt::format(" Why: {}.", group.reason)
                                      : fmt::format(" Of {}: {}.", group.names[0], group.reason);
    }
    warnings->push_back(std::move(line));
  }
}

void AddLatencyWarnings(const RunView& run, std::vector<std::string>* warnings) {
  const auto noisy =
      NamesWhere(run, [](const Variant& v) { return SpreadOfProcesses(*v.cell) > kMaxSpread; });
  if (!noisy.empty()) {
    warnings->push_back(fmt::format(
        "Noisy: the process medians lie more than {:.0f} % apart for {}. Stop other work on this "
        "machine, let it cool down, fix the clock, and measure again.",
        kMaxSpread * 100, Named(noisy)));
  }
  const auto ragged = NamesWhere(run, [](const Variant& v) {
    return v.summary.outlier_samples.value_or(0) >
           kMaxOutlierShare * static_cast<double>(v.summary.samples.value_or(0));
  });
  if (!ragged.empty()) {
    warnings->push_back(
        fmt::format("More than {:.0f} % of the samples are outliers for {}: something else used "
                    "the processor. Stop it and measure again.",
                    kMaxOutlierShare * 100, Named(ragged)));
  }
  const auto fallen =
      NamesWhere(run, [](const Variant& v) { return TimeOnKernels(*v.cell) > kMaxTimeOnKernels; });
  if (!fallen.empty()) {
    warnings->push_back(fmt::format(
        "Operators that the runtime's engine lacks took more than {:.0f} % of the time, "
        "on slow reference kernels, for {}: those times are not the engine's. The "
        "column runtime_facts of the CSV names the operators.",
        kMaxTimeOnKernels * 100, Named(fallen)));
  }
  const auto few = NamesWhere(
      run, [](const Variant& v) { return v.summary.samples.value_or(1000) < kMinSamplesForP90; });
  if (!few.empty()) {
    warnings->push_back(fmt::format("The 90th percentile rests on fewer than {} samples for {}.",
                                    kMinSamplesForP90, Named(few)));
  }
}

// What plugins said of their own accord, each text once with the rows that it is about.
void AddPluginWarnings(const RunView& run, std::vector<std::string>* warnings) {
  constexpr size_t kShown = 10;
  std::vector<std::string> texts;
  for (const Variant& variant : run.variants) {
    for (const std::string& text : variant.summary.warnings) {
      if (std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
    }
  }
  for (size_t i = 0; i < std::min(texts.size(), kShown); ++i) {
    const auto rows = NamesWhere(run, [&](const Variant& v) {
      return std::ranges::find(v.summary.warnings, texts[i]) != v.summary.warnings.end();
    });
    warnings->push_back(fmt::format("{} ({})", texts[i], Named(rows)));
  }
  if (texts.size() <= kShown) return;
  warnings->push_back(
      fmt::format("{} more warnings of plugins stand in the column warnings of the "
                  "CSV and in the JSON.",
                  texts.size() - kShown));
}

}  // namespace

std::vector<std::string> Warnings(const RunView& run) {
  std::vector<std::string> warnings;
  if (!run.data->run.finished_at) {
    warnings.push_back(
        "This run has not finished: cells may be missing. Repeat its command with --resume to "
        "complete it.");
  }
  AddInvalidLatency(run, &warnings);
  for (const store::Note& note : run.data->notes) {
    if (note.severity == store::NoteSeverity::kWarning) warnings.push_back(note.text);
  }
  AddLatencyWarnings(run, &warnings);
  const auto partial = NamesWhere(run, [](const Variant& v) {
    return v.summary.images && *v.summary.images < static_cast<int64_t>(v.split->images.size());
  });
  if (!partial.empty()) {
    warnings.push_back(fmt::format(
        "Some images could not be used for {}. 'qbench dataset verify' lists the broken files.",
        Named(partial)));
  }
  AddPluginWarnings(run, &warnings);
  return warnings;
}

std::vector<std::string> Problems(const RunView& run) {
  std::vector<std::string> problems;
  for (const Variant& variant : run.variants) {
    if (variant.ok()) continue;
    std::string line = variant.name + ": " + variant.status();
    if (!variant.summary.reason.empty()) line += ": " + variant.summary.reason;
    problems.push_back(std::move(line));
  }
  return problems;
}

}  // namespace qbench::reports
