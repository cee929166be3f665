#include "harness/results/night_pairs.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "harness/results/night.h"
#include "harness/results/reduced_run.h"

namespace qbench::results {
namespace {

using store::CellData;
using store::Measurement;
using store::MeasurementKind;
using store::Outcome;

// Why a process does not count; empty: it does.
std::string WhyLost(const Measurement& process, int32_t threads, double max_waiting) {
  if (process.status != Outcome::kOk) return process.reason;
  if (process.samples_ns.empty()) return "it left no samples";
  const std::optional<double> waiting = WaitingShare(process.conditions, threads);
  if (!waiting || *waiting <= max_waiting) return {};
  return fmt::format(
      "the machine was busy: it waited for a processor for {:.0f} % of the time (stop what `top` "
      "shows)",
      *waiting * 100);
}

std::optional<double> Increase(const Json& conditions, const char* what) {
  const auto before = ReadingIn(conditions, "before", what);
  const auto after = ReadingIn(conditions, "after", what);
  if (!before || !after || *after < *before) return std::nullopt;
  return *after - *before;
}

}  // namespace

std::map<int32_t, const Measurement*> LatencyProcesses(const CellData& cell) {
  std::map<int32_t, const Measurement*> processes;
  for (const Measurement& measurement : cell.measurements) {
    if (measurement.kind != MeasurementKind::kLatency) continue;
    processes[measurement.repetition] = &measurement;
  }
  return processes;
}

NightPairs FindPairs(const CellData& base, const CellData& now, int32_t from, int32_t to,
                     double max_waiting) {
  NightPairs pairs;
  const auto before = LatencyProcesses(base);
  const auto after = LatencyProcesses(now);
  for (int32_t repetition = from; repetition < to; ++repetition) {
    const auto one = before.find(repetition);
    const auto other = after.find(repetition);
    if (one == before.end() || other == after.end()) continue;
    ++pairs.measured;
    std::string why = WhyLost(*one->second, base.cell.threads, max_waiting);
    if (why.empty()) why = WhyLost(*other->second, now.cell.threads, max_waiting);
    if (why.empty()) pairs.counting.insert(repetition);
    if (pairs.why_lost.empty()) pairs.why_lost = std::move(why);
  }
  return pairs;
}

std::optional<double> WaitingShare(const Json& conditions, int32_t threads) {
  constexpr double kShortest = 500;  // ms: the clock of uptime ticks every ten
  const auto passed = Increase(conditions, "uptime_ms");
  const auto waited = Increase(conditions, "waited_us");
  const auto stolen = Increase(conditions, "stolen_ms");
  if (!passed || *passed < kShortest || (!waited && !stolen)) return std::nullopt;
  const double ready = *passed * std::max<int32_t>(1, threads);
  return std::min(1.0, (waited.value_or(0) / 1000 + stolen.value_or(0)) / ready);
}

}  // namespace qbench::results
