#include "reports/warnings.h"

#include <algorithm>
#include <cstdlib>

#include "fmt/format.h"
#include "reports/input_warnings.h"
#include "reports/text_format.h"

namespace qbench::reports {
namespace {

using store::Outcome;

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

// The share of the time that operators took on slow kernels, which the runtime's own engine lacks.
double TimeOnKernels(const store::CellData& cell) {
  const Json facts = results::RuntimeFacts(cell);
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
  const auto noisy = NamesWhere(
      run, [](const Variant& v) { return results::SpreadOfProcesses(*v.cell) > kMaxSpread; });
  if (!noisy.empty()) {
    warnings->push_back(fmt::format(
        "Noisy: the process medians lie more than {:.0f} % apart for {}. Stop other work on this "
        "machine, let it cool down, fix the clock, and measure again.",
        kMaxSpread * 100, Named(noisy)));
  }
  const auto ragged =
      NamesWhere(run, [](const Variant& v) { return results::HasManyOutliers(v.summary); });
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
  const auto few =
      NamesWhere(run, [](const Variant& v) { return v.summary.samples && !v.summary.p90_ms; });
  if (!few.empty()) {
    warnings->push_back(
        fmt::format("Fewer than {} samples, too few for a 90th percentile, for {}. Measure more "
                    "with --min-samples or --repetitions.",
                    results::kMinSamplesForP90, Named(few)));
  }
  const auto single = NamesWhere(run, [](const Variant& v) {
    return v.latency_valid() && v.summary.processes.value_or(0) < 3;
  });
  if (!single.empty() && run.data->run.finished_at) {
    warnings->push_back(
        fmt::format("Fewer than three processes, too few to tell which variant is faster, for {}. "
                    "Measure with --repetitions 3 or more.",
                    Named(single)));
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
  for (InputWarning& warning : InputWarnings(run)) warnings.push_back(std::move(warning.text));
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
