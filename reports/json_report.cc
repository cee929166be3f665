#include <algorithm>

#include "base/json.h"
#include "harness/results/summary.h"
#include "reports/costliest_operators.h"
#include "reports/json_fields.h"
#include "reports/layer_report.h"
#include "reports/losses.h"
#include "reports/recommendation_text.h"
#include "reports/reports.h"
#include "reports/run_explanations.h"
#include "reports/shell_text.h"
#include "reports/variants.h"
#include "reports/warnings.h"

namespace qbench::reports {
namespace {

template <typename Record>
OrderedJson Objects(const std::map<int64_t, Record>& records) {
  OrderedJson objects = OrderedJson::array();
  for (const auto& [id, record] : records) objects.push_back(JsonObject(record));
  return objects;
}

// null where there is no profile to explain anything with.
OrderedJson ExplanationObject(const Variant& variant,
                              const std::vector<ExplainedVariant>& explanations) {
  const auto found = std::ranges::find(explanations, &variant, &ExplainedVariant::variant);
  if (found == explanations.end()) return nullptr;
  const Explanation& explanation = found->explanation;
  OrderedJson causes = OrderedJson::array();
  for (const Cause& cause : explanation.causes) {
    causes.push_back({{"kind", CauseName(cause.kind)},
                      {"share", cause.share},
                      {"extra_ms", JsonValue(cause.extra_ms)},
                      {"text", cause.text}});
  }
  return {{"ratio", JsonValue(explanation.ratio)},
          {"causes", causes},
          {"paragraph", explanation.paragraph}};
}

// `costliest` is null where there is no profile.
OrderedJson CellObject(const Variant& variant, const std::vector<ExplainedVariant>& explanations,
                       const CostliestOperators* costliest) {
  OrderedJson object = JsonObject(variant.summary);
  OrderedJson classes = OrderedJson::array();
  for (const auto& one : results::PerClassAccuracy(*variant.cell, *variant.split)) {
    classes.push_back({{"label", one.label}, {"images", one.images}, {"right", one.right}});
  }
  object["classes"] = std::move(classes);
  object["confusion"] = results::Confusion(*variant.cell, *variant.split);
  object["costliest_operators"] = costliest == nullptr ? OrderedJson() : OperatorsJson(*costliest);
  object["explanation"] = ExplanationObject(variant, explanations);
  OrderedJson measurements = OrderedJson::array();
  for (const store::Measurement& measurement : variant.cell->measurements) {
    measurements.push_back(JsonObject(measurement));
    if (measurement.kind != store::MeasurementKind::kProfile) continue;
    OrderedJson operators = OrderedJson::array();
    for (const store::OperatorProfile& row : measurement.operators) {
      operators.push_back(JsonObject(row));
    }
    measurements.back()["operators"] = std::move(operators);
  }
  object["measurements"] = std::move(measurements);
  return object;
}

OrderedJson LossObjects(const RunView& run) {
  OrderedJson objects = OrderedJson::array();
  for (const Loss& loss : Losses(run)) {
    OrderedJson cells = OrderedJson::array();
    for (const Variant* variant : loss.variants) cells.push_back(variant->name);
    objects.push_back(
        {{"cells", cells},
         {"against", loss.base->name},
         {"images", loss.paired.images},
         {"images_lost", loss.paired.lost},
         {"images_gained", loss.paired.gained},
         {"top1_drop", loss.drop},
         {"top1_drop_high", loss.drop_high},
         {"loss_p", loss.p},
         {"known_fault", loss.fault ? OrderedJson(loss.fault->id) : OrderedJson(nullptr)},
         {"same_file_on",
          loss.same_file ? OrderedJson(loss.same_file->name) : OrderedJson(nullptr)},
         {"text", loss.text}});
  }
  return objects;
}

// The name of the cell at this place; null where there is none.
OrderedJson CellName(const RunView& run, std::optional<size_t> place) {
  return place ? OrderedJson(run.variants[*place].name) : OrderedJson(nullptr);
}

OrderedJson RecommendationObjects(const RunView& run, const results::Requirements& requirements) {
  OrderedJson objects = OrderedJson::array();
  for (const RecommendationText& text : Recommendations(run, requirements)) {
    const results::Recommendation& decision = text.decision;
    OrderedJson ties = OrderedJson::array();
    OrderedJson rejected = OrderedJson::array();
    for (const results::Candidate& candidate : decision.candidates) {
      if (candidate.rejections.empty()) continue;
      OrderedJson reasons = OrderedJson::array();
      OrderedJson texts = OrderedJson::array();
      for (const results::Rejection rejection : candidate.rejections) {
        reasons.push_back(std::string(Name(rejection)));
        texts.push_back(RejectionText(run, candidate, rejection));
      }
      const OrderedJson name = CellName(run, candidate.cell);
      if (candidate.rejections[0] == results::Rejection::kTied) ties.push_back(name);
      rejected.push_back({{"cell", name},
                          {"reasons", reasons},
                          {"texts", texts},
                          {"top1_drop", JsonValue(candidate.drop)},
                          {"top1_drop_high", JsonValue(candidate.drop_high)}});
    }
    objects.push_back({{"subject", text.subject},
                       {"max_accuracy_drop", requirements.AccuracyDrop()},
                       {"max_latency_ms", JsonValue(requirements.max_latency_ms)},
                       {"max_bytes", JsonValue(requirements.max_bytes)},
                       {"chosen", CellName(run, decision.chosen)},
                       {"against", CellName(run, decision.float_cell)},
                       {"ties", ties},
                       {"nearest", CellName(run, decision.nearest)},
                       {"text", text.choice + text.reason},
                       {"command", ShellLine(text.command)},
                       {"rejected", rejected}});
  }
  return objects;
}

OrderedJson RunObject(const store::RunData& data, const ReportOptions& options) {
  const RunView run(data);
  OrderedJson object = JsonObject(data.run);
  object["notes"] = OrderedJson::array();
  for (const store::Note& note : data.notes) {
    object["notes"].push_back(JsonObject(note));
  }
  object["machine_peaks"] = OrderedJson::array();
  for (const store::MachinePeak& peak : data.machine_peaks) {
    object["machine_peaks"].push_back(JsonObject(peak));
  }
  object["losses"] = LossObjects(run);
  object["recommendations"] = RecommendationObjects(run, options.requirements);
  object["warnings"] = Warnings(run);
  object["models"] = Objects(data.models);
  object["datasets"] = OrderedJson::array();
  for (const auto& [id, split] : data.splits) {
    OrderedJson dataset = JsonObject(split);
    dataset["images"] = split.images.size();
    object["datasets"].push_back(std::move(dataset));
  }
  object["plugins"] = Objects(data.plugins);
  object["artifacts"] = Objects(data.artifacts);
  object["cells"] = OrderedJson::array();
  const std::vector<ExplainedVariant> explanations = ExplainRun(run);
  const std::vector<CostliestOperators> tables = OperatorTables(run);
  for (const Variant& variant : run.variants) {
    const auto table = std::ranges::find(tables, &variant, &CostliestOperators::variant);
    object["cells"].push_back(
        CellObject(variant, explanations, table == tables.end() ? nullptr : &*table));
  }
  object["comparisons"] = OrderedJson::array();
  for (const auto& [name, comparison] : Comparisons(run)) {
    OrderedJson one = {{"artifact_id", comparison->artifact_id},
                       {"at", comparison->at},
                       {"status", std::string(Name(comparison->status))},
                       {"reason", comparison->reason}};
    one.update(LayerJson(*comparison));
    one["log"] = comparison->log;
    object["comparisons"].push_back(std::move(one));
  }
  return object;
}

}  // namespace

std::string JsonReport(const Runs& runs, const ReportOptions& options) {
  OrderedJson report = {{"runs", OrderedJson::array()}};
  for (const store::RunData& run : runs) report["runs"].push_back(RunObject(run, options));
  return report.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace qbench::reports
