// What a night is judged by: the rules that its run keeps, and what nights before it have taught.
#include <algorithm>
#include <map>
#include <vector>

#include "harness/results/night.h"
#include "harness/stats/descriptive.h"

namespace qbench::results {
namespace {

constexpr const char* kGate = "gate";

template <typename Value>
void Take(const Json& json, const char* key, Value* value) {
  const auto found = json.find(key);
  if (found != json.end() && found->is_number()) *value = found->get<Value>();
}

double Distance(double ratio) { return std::max(ratio, 1 / ratio) - 1; }

std::map<CellKey, double> Quantiles(const std::map<CellKey, std::vector<double>>& distances) {
  std::map<CellKey, double> quantiles;
  for (const auto& [key, values] : distances) quantiles[key] = stats::Quantile(values, 0.99);
  return quantiles;
}

}  // namespace

NightRules RulesOf(const store::Run& run) {
  NightRules rules;
  const auto gate = run.settings.find(kGate);
  if (gate == run.settings.end() || !gate->is_object()) return rules;
  Take(*gate, "pairs", &rules.pairs);
  Take(*gate, "latency_floor", &rules.limits.latency_floor);
  Take(*gate, "level", &rules.limits.level);
  Take(*gate, "accuracy_budget", &rules.limits.accuracy_budget);
  Take(*gate, "size_growth", &rules.limits.size_growth);
  return rules;
}

Json RulesToJson(const NightRules& rules) {
  return {{"pairs", rules.pairs},
          {"latency_floor", rules.limits.latency_floor},
          {"level", rules.limits.level},
          {"accuracy_budget", rules.limits.accuracy_budget},
          {"size_growth", rules.limits.size_growth}};
}

void FloorHistory::Add(const Night& night) {
  bool taught = false;
  for (const NightCell& cell : night.cells) {
    if (!cell.same_build || !cell.figures.latency_ratio ||
        cell.figures.latency_judgement == Judgement::kInvalid ||
        cell.figures.latency_judgement == Judgement::kNone) {
      continue;
    }
    medians_[cell.key].push_back(Distance(*cell.figures.latency_ratio));
    if (cell.tail.judgement != Judgement::kNone) {
      p90s_[cell.key].push_back(Distance(cell.tail.first.ratio));
    }
    taught = true;
  }
  nights_ += taught ? 1 : 0;
}

Floors FloorHistory::Learned() const { return {Quantiles(medians_), Quantiles(p90s_)}; }

}  // namespace qbench::results
