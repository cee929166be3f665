#include "tests/benchmarks/benchmark_verdicts.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/json.h"
#include "fmt/ranges.h"
#include "harness/stats/descriptive.h"

namespace qbench::benchmarks {
namespace {

std::optional<double> NanosecondsPer(const std::string& unit) {
  if (unit == "ns") return 1;
  if (unit == "us") return 1e3;
  if (unit == "ms") return 1e6;
  if (unit == "s") return 1e9;
  return std::nullopt;
}

// 0 where the entry is an aggregate.
Result<double> TimeOf(const Json& entry, const std::string& name, TimeKind kind) {
  QB_ASSIGN_OR_RETURN(const std::string type,
                      JsonGetOr<std::string>(entry, "run_type", "iteration"));
  if (type == "aggregate") return 0.0;
  QB_ASSIGN_OR_RETURN(const bool failed, JsonGetOr(entry, "error_occurred", false));
  if (failed) {
    QB_ASSIGN_OR_RETURN(const std::string why,
                        JsonGetOr<std::string>(entry, "error_message", "no reason given"));
    return Error(StatusCode::kInvalidArgument, "benchmark {} failed: {}", name, why);
  }
  QB_ASSIGN_OR_RETURN(const std::string unit, JsonGet<std::string>(entry, "time_unit"));
  const std::optional<double> factor = NanosecondsPer(unit);
  if (!factor) return Error(StatusCode::kCorrupt, "{} has the time unit \"{}\"", name, unit);
  const char* key = kind == TimeKind::kReal ? "real_time" : "cpu_time";
  QB_ASSIGN_OR_RETURN(const double time, JsonGet<double>(entry, key));
  if (!(time > 0) || !std::isfinite(time)) {
    return Error(StatusCode::kCorrupt, "{} of {} is {}, no time", key, name, time);
  }
  return time * *factor;
}

using Series = std::map<std::string, std::vector<double>>;  // a value a process

Status Collect(const std::vector<BenchmarkTime>& times, size_t process, Series* series) {
  for (const BenchmarkTime& time : times) {
    std::vector<double>& values = (*series)[time.name];
    if (values.size() == process + 1) {
      return Error(StatusCode::kInvalidArgument, "a process has {} twice", time.name);
    }
    if (values.size() == process) values.push_back(time.ns);
  }
  for (const auto& [name, values] : *series) {
    if (values.size() == process + 1) continue;
    return Error(StatusCode::kInvalidArgument,
                 "{} is missing in some of the processes of one build", name);
  }
  return OkStatus();
}

std::vector<std::string> NamesWithout(const std::vector<BenchmarkTime>& times,
                                      const Series& others) {
  std::vector<std::string> names;
  for (const BenchmarkTime& time : times) {
    if (!others.contains(time.name)) names.push_back(time.name);
  }
  return names;
}

Verdict VerdictOf(const stats::Interval& interval, double limit) {
  if (interval.low > 1 + limit) return Verdict::kSlower;
  if (interval.high < 1 / (1 + limit)) return Verdict::kFaster;
  return Verdict::kSame;
}

std::string_view VerdictWord(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSlower:
      return "slower";
    case Verdict::kFaster:
      return "faster";
    case Verdict::kSame:
      break;
  }
  return "";
}

std::string TimeText(double ns) {
  if (ns < 1e3) return fmt::format("{:.1f} ns", ns);
  if (ns < 1e6) return fmt::format("{:.2f} us", ns / 1e3);
  return fmt::format("{:.3f} ms", ns / 1e6);
}

std::vector<std::string> NamesWith(const BuildComparison& comparison, Verdict verdict) {
  std::vector<std::string> names;
  for (const ComparedBenchmark& one : comparison.benchmarks) {
    if (one.verdict != verdict) continue;
    names.push_back(fmt::format("{} ({:+.1f} %)", one.name, (one.ratio.ratio - 1) * 100));
  }
  return names;
}

std::string Sentence(const BuildComparison& comparison) {
  const std::vector<std::string> slower = NamesWith(comparison, Verdict::kSlower);
  const std::vector<std::string> faster = NamesWith(comparison, Verdict::kFaster);
  const double limit = comparison.limit * 100;
  std::string text;
  if (slower.empty() && faster.empty()) {
    text = fmt::format("None of {} benchmarks changed by more than {:g} %.",
                       comparison.benchmarks.size(), limit);
  } else {
    for (const auto& [names, word] : {std::pair(&slower, "slower"), std::pair(&faster, "faster")}) {
      if (names->empty()) continue;
      text += fmt::format("{}{} of {} got {} by more than {:g} %: {}.", text.empty() ? "" : " ",
                          names->size(), comparison.benchmarks.size(), word, limit,
                          fmt::join(*names, ", "));
    }
  }
  return text + fmt::format(" ({} pairs; all intervals hold at once with {:g} %.)\n",
                            comparison.pairs, kFamilyConfidence * 100);
}

}  // namespace

Result<std::vector<BenchmarkTime>> ReadBenchmarkTimes(std::string_view json, TimeKind kind) {
  QB_ASSIGN_OR_RETURN(const Json report, ParseJson(json));
  QB_ASSIGN_OR_RETURN(const Json entries, JsonGet<Json>(report, "benchmarks"));
  if (!entries.is_array()) return Error(StatusCode::kCorrupt, "\"benchmarks\" is no list");
  std::vector<std::string> order;
  Series repetitions;
  for (const Json& entry : entries) {
    QB_ASSIGN_OR_RETURN(const std::string name, JsonGet<std::string>(entry, "name"));
    QB_ASSIGN_OR_RETURN(const double ns, TimeOf(entry, name, kind));
    if (ns == 0) continue;
    if (!repetitions.contains(name)) order.push_back(name);
    repetitions[name].push_back(ns);
  }
  if (order.empty()) return Error(StatusCode::kInvalidArgument, "the file has no benchmark");
  std::vector<BenchmarkTime> times;
  times.reserve(order.size());
  for (const std::string& name : order) {
    times.push_back({name, stats::Median(repetitions.at(name))});
  }
  return times;
}

size_t PairsNeeded(size_t benchmarks) {
  // The widest interval of n pairs, from the smallest to the largest ratio, misses with 2^(1-n).
  const double each =
      (1 - kFamilyConfidence) / static_cast<double>(std::max<size_t>(benchmarks, 1));
  size_t pairs = 1;
  while (std::ldexp(1.0, 1 - static_cast<int>(pairs)) > each) ++pairs;
  return pairs;
}

Result<BuildComparison> CompareBuilds(const std::vector<ProcessPair>& pairs, double limit) {
  Series base;
  Series changed;
  for (size_t i = 0; i < pairs.size(); ++i) {
    QB_RETURN_IF_ERROR(Collect(pairs[i].base, i, &base));
    QB_RETURN_IF_ERROR(Collect(pairs[i].changed, i, &changed));
  }
  BuildComparison comparison{.pairs = pairs.size(), .limit = limit};
  std::vector<std::string> common;
  if (!pairs.empty()) {
    comparison.only_in_base = NamesWithout(pairs[0].base, changed);
    comparison.only_in_changed = NamesWithout(pairs[0].changed, base);
    for (const BenchmarkTime& time : pairs[0].base) {
      if (changed.contains(time.name)) common.push_back(time.name);
    }
  }
  if (common.empty()) {
    return Error(StatusCode::kInvalidArgument, "the two builds have no benchmark in common");
  }
  if (pairs.size() < PairsNeeded(common.size())) {
    return Error(StatusCode::kInvalidArgument,
                 "{} pairs are too few to judge {} benchmarks: at least {} are needed (or fewer "
                 "benchmarks)",
                 pairs.size(), common.size(), PairsNeeded(common.size()));
  }
  const double confidence = 1 - (1 - kFamilyConfidence) / static_cast<double>(common.size());
  for (const std::string& name : common) {
    ComparedBenchmark one{.name = name};
    one.base_ns = stats::Median(base.at(name));
    one.changed_ns = stats::Median(changed.at(name));
    QB_ASSIGN_OR_RETURN(one.ratio, stats::PairedRatio(base.at(name), changed.at(name), confidence));
    one.verdict = VerdictOf(one.ratio.interval, limit);
    comparison.benchmarks.push_back(std::move(one));
  }
  return comparison;
}

std::string DescribeComparison(const BuildComparison& comparison) {
  size_t width = std::string_view("benchmark").size();
  for (const ComparedBenchmark& one : comparison.benchmarks) {
    width = std::max(width, one.name.size());
  }
  std::string text = fmt::format("{:<{}}  {:>11}  {:>11}  {:>6}  {}\n", "benchmark", width, "base",
                                 "new", "ratio", "interval");
  for (const ComparedBenchmark& one : comparison.benchmarks) {
    std::string line =
        fmt::format("{:<{}}  {:>11}  {:>11}  {:>6.3f}  [{:.3f}, {:.3f}]  {}", one.name, width,
                    TimeText(one.base_ns), TimeText(one.changed_ns), one.ratio.ratio,
                    one.ratio.interval.low, one.ratio.interval.high, VerdictWord(one.verdict));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  text += "\n";
  if (!comparison.only_in_base.empty()) {
    text += fmt::format("Only in base: {}.\n", fmt::join(comparison.only_in_base, ", "));
  }
  if (!comparison.only_in_changed.empty()) {
    text += fmt::format("Only in new: {}.\n", fmt::join(comparison.only_in_changed, ", "));
  }
  return text + Sentence(comparison);
}

}  // namespace qbench::benchmarks
