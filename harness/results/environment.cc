#include "harness/results/environment.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "fmt/format.h"
#include "harness/results/reduced_run.h"
#include "harness/results/summary.h"
#include "harness/stats/descriptive.h"
#include "harness/store/plugin_facts.h"

namespace qbench::results {
namespace {

constexpr const char* kAll = "size, latency, accuracy";

// The areas in the order in which they are shown.
constexpr std::array<std::string_view, 6> kAreas = {"inputs",     "programs", "machine",
                                                    "conditions", "settings", "run"};

struct FactName {
  std::string area;
  std::string name;
  auto operator<=>(const FactName&) const = default;
};
struct FactValues {
  std::set<std::string> values;
  std::string can_explain;
};
using Facts = std::map<FactName, FactValues>;

void Add(const char* area, const std::string& name, const std::string& value,
         const std::string& can_explain, Facts* facts) {
  if (value.empty()) return;
  FactValues& fact = (*facts)[{area, name}];
  fact.values.insert(value);
  fact.can_explain = can_explain;
}

std::string TextOf(const Json& value) {
  return value.is_string() ? value.get<std::string>() : DumpJson(value);
}

void AddPlugin(const store::Plugin& plugin, Facts* facts) {
  const bool quantizer = plugin.kind == store::PluginKind::kQuantizer;
  const char* can = quantizer ? kAll : "latency, accuracy";
  Add("programs", plugin.name + ", version", plugin.version, can, facts);
  Add("programs", plugin.name + ", library", plugin.sha256, can, facts);
  if (!plugin.facts.is_object()) return;
  for (const auto& [name, value] : plugin.facts.items()) {
    // Where a library lies changes nothing; which one it is says its hash.
    if (name == store::kBaselineFact || name.ends_with("path")) continue;
    Add("programs", plugin.name + ", " + name, TextOf(value), can, facts);
  }
}

void AddInputs(const store::RunData& run, const store::Cell& cell, Facts* facts) {
  const store::Model& model = run.models.at(cell.model_id);
  const std::string name = model.stem.empty() ? "model" : "model " + model.stem;
  Add("inputs", name, model.sha256, kAll, facts);
  Add("inputs", name + ", sidecar", model.sidecar_sha256, "accuracy", facts);
  const store::DatasetSplit& split = run.splits.at(cell.split_id);
  Add("inputs", "data set " + split.name + "/" + split.split, split.sha256, "accuracy", facts);
}

std::string HostFactExplains(const std::string& name) {
  if (name == "perf_event_paranoid") return "";
  // Which kernels an engine takes, and with them how it rounds.
  return name == "cpu.features" || name == "machine" ? "latency, accuracy" : "latency";
}

std::string SettingExplains(const std::string& name) {
  if (name == "profile") return "";
  return name.starts_with("calibration") ? "accuracy" : "latency";
}

void AddRun(const store::Run& run, Facts* facts) {
  Add("programs", "qbench", run.qbench_version, kAll, facts);
  Add("programs", "qbench, commit", run.git_state, kAll, facts);
  if (run.host.is_object()) {
    for (const auto& [name, value] : run.host.items()) {
      Add("machine", name, TextOf(value), HostFactExplains(name), facts);
    }
  }
  Add("machine", "host id", run.host_id, "latency", facts);
  if (run.settings.is_object()) {
    for (const auto& [name, value] : run.settings.items()) {
      Add("settings", name, TextOf(value), SettingExplains(name), facts);
    }
  }
  Add("run", "started", run.started_at, "", facts);
  Add("run", "command", fmt::format("{}", fmt::join(run.command_line, " ")), "", facts);
}

// --- Conditions: what the board did while latencies were measured --------------------------------

// A number of either end of each process; unknown ones are left out.
std::vector<double> Readings(const Side& side, const char* name,
                             std::initializer_list<const char*> ends) {
  std::vector<double> values;
  for (const Side::CellRef& ref : side.cells) {
    const store::CellData& cell = side.CellOf(ref);
    for (const store::Measurement* process : LatencyOf(cell)) {
      for (const char* end : ends) {
        if (const auto value = ReadingOf(cell, *process, end, name)) values.push_back(*value);
      }
    }
  }
  return values;
}

std::string Range(std::vector<double> values, double scale, int decimals, const char* unit) {
  const auto [low, high] = std::ranges::minmax_element(values);
  const std::string from = fmt::format("{:.{}f}", *low * scale, decimals);
  const std::string to = fmt::format("{:.{}f}", *high * scale, decimals);
  return (from == to ? from : from + " to " + to) + unit;
}

// A reading whose medians lie further apart than chance explains.
struct Reading {
  const char* key;
  const char* name;
  std::initializer_list<const char*> ends;
  double least;          // difference of the medians
  double least_of_base;  // the same as a share of the base's
  double scale;
  int decimals;
  const char* unit;
};

void CompareReading(const Side& base, const Side& now, const Reading& reading,
                    std::vector<FactDifference>* differences) {
  const std::vector<double> before = Readings(base, reading.key, reading.ends);
  const std::vector<double> after = Readings(now, reading.key, reading.ends);
  if (before.empty() || after.empty()) return;
  const double middle = stats::Median(before);
  const double apart = std::abs(stats::Median(after) - middle);
  if (apart < reading.least || apart < reading.least_of_base * std::abs(middle)) return;
  const auto text = [&](const std::vector<double>& values) {
    return Range(values, reading.scale, reading.decimals, reading.unit);
  };
  differences->push_back({"conditions", reading.name, text(before), text(after), "latency"});
}

void CompareConditions(const Side& base, const Side& now,
                       std::vector<FactDifference>* differences) {
  // The temperature moves by some degrees from one process to the next, the load by what the
  // measuring itself makes of it, and the clock that is asked for by nothing on a fixed one.
  const Reading readings[] = {
      {"temperature_c", "temperature", {"before", "after"}, 5, 0, 1, 0, " °C"},
      {"frequency_khz", "clock asked for", {"before", "after"}, 0, 0.01, 1e-3, 0, " MHz"},
      {"load_1min", "load over a minute", {"before"}, 0.5, 0, 1, 1, ""},
      {"throttled", "throttling bits", {"before", "after"}, 1, 0, 1, 0, ""},
  };
  for (const Reading& reading : readings) CompareReading(base, now, reading, differences);
}

// --- Together
// -------------------------------------------------------------------------------------

Facts FactsOf(const Side& side) {
  Facts facts;
  std::set<size_t> runs;
  for (const Side::CellRef& ref : side.cells) {
    const store::RunData& run = side.RunOf(ref);
    const store::Cell& cell = side.CellOf(ref).cell;
    if (runs.insert(ref.run).second) AddRun(run.run, &facts);
    AddInputs(run, cell, &facts);
    AddPlugin(run.plugins.at(cell.quantizer_id), &facts);
    AddPlugin(run.plugins.at(cell.runtime_id), &facts);
  }
  return facts;
}

std::vector<std::string> Words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// Of two long lists of words, those that the other does not have.
std::string WithoutShared(const std::string& text, const std::string& other) {
  const std::vector<std::string> shared = Words(other);
  std::string rest;
  for (const std::string& word : Words(text)) {
    if (std::ranges::find(shared, word) != shared.end()) continue;
    rest += (rest.empty() ? "" : " ") + word;
  }
  return rest.empty() ? "nothing more" : rest;
}

bool IsList(const std::string& name) {
  return name == "cpu.features" || name == "firmware.config" || name == "command";
}

// The values of a side, a few of them where they are many: a database has many runs.
std::string ValuesText(const FactValues& fact) {
  constexpr size_t kShown = 4;
  std::string text;
  size_t shown = 0;
  for (const std::string& value : fact.values) {
    if (++shown > kShown) break;
    text += (shown == 1 ? "" : ", ") + value;
  }
  if (fact.values.size() > kShown) text += fmt::format(" and {} more", fact.values.size() - kShown);
  return text;
}

FactDifference Difference(const FactName& name, const FactValues* base, const FactValues* now) {
  const auto text = [](const FactValues* fact) {
    return fact == nullptr ? std::string() : ValuesText(*fact);
  };
  FactDifference difference{name.area, name.name, text(base), text(now),
                            (base != nullptr ? base : now)->can_explain};
  if (IsList(name.name) && base != nullptr && now != nullptr) {
    const std::string old = difference.base;
    difference.base = WithoutShared(old, difference.now);
    difference.now = WithoutShared(difference.now, old);
  }
  return difference;
}

// A library of one hash is one library, whether or not what lies beside it tells the version.
bool IsOneLibrary(const FactName& name, const Facts& base, const Facts& now) {
  constexpr std::string_view kVersion = ", library_version";
  if (!name.name.ends_with(kVersion)) return false;
  const FactName hash{name.area,
                      name.name.substr(0, name.name.size() - kVersion.size()) + ", library_sha256"};
  const auto before = base.find(hash);
  const auto after = now.find(hash);
  return before != base.end() && after != now.end() &&
         before->second.values == after->second.values;
}

// Facts of things that one side alone has (a plugin that the other did not run) are no difference
// of what was compared; facts that one side's qbench did not know are none either, but for the
// machine's, of which what is missing may be missing.
std::vector<FactDifference> Differences(const Facts& base, const Facts& now) {
  std::vector<FactDifference> differences;
  for (const auto& [name, fact] : base) {
    const auto other = now.find(name);
    if (other == now.end()) {
      if (name.area == "machine" || name.area == "settings") {
        differences.push_back(Difference(name, &fact, nullptr));
      }
    } else if (other->second.values != fact.values && !IsOneLibrary(name, base, now)) {
      differences.push_back(Difference(name, &fact, &other->second));
    }
  }
  for (const auto& [name, fact] : now) {
    if (base.contains(name) || (name.area != "machine" && name.area != "settings")) continue;
    differences.push_back(Difference(name, nullptr, &fact));
  }
  return differences;
}

// 0: it can explain something that was found; 1: something; 2: nothing.
int RankOf(const FactDifference& difference, const std::vector<std::string>& found) {
  for (const std::string& figure : found) {
    if (difference.can_explain.find(figure) != std::string::npos) return 0;
  }
  return difference.can_explain.empty() ? 2 : 1;
}

std::string FactOf(const store::Run& run, const char* name) {
  const auto fact = run.host.find(name);
  return fact != run.host.end() && fact->is_string() ? fact->get<std::string>() : "";
}

}  // namespace

std::vector<FactDifference> CompareEnvironments(const Side& base, const Side& now,
                                                const std::vector<std::string>& found,
                                                std::vector<FactDifference> known) {
  std::vector<FactDifference> differences = std::move(known);
  std::ranges::move(Differences(FactsOf(base), FactsOf(now)), std::back_inserter(differences));
  CompareConditions(base, now, &differences);
  std::ranges::stable_sort(differences, {}, [&](const FactDifference& difference) {
    return std::pair(RankOf(difference, found),
                     std::ranges::find(kAreas, difference.area) - kAreas.begin());
  });
  return differences;
}

std::string OtherBoard(const store::Run& base, const store::Run& now) {
  for (const char* name : {"board.model", "machine", "cpu.name", "cpu.cores"}) {
    const std::string before = FactOf(base, name);
    const std::string after = FactOf(now, name);
    if (before.empty() || after.empty() || before == after) continue;
    const char* unit = std::string_view(name) == "cpu.cores" ? " cores" : "";
    return fmt::format("{}{} against {}{}", before, unit, after, unit);
  }
  return {};
}

}  // namespace qbench::results
