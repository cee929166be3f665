#include <algorithm>

#include "base/json.h"
#include "base/json_numbers.h"
#include "harness/results/summary.h"
#include "reports/costliest_operators.h"
#include "reports/input_warnings.h"
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

using VisitCells = std::function<Status(const CellVisitor&)>;

std::string Text(const OrderedJson& json) {
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

// A value as Text(JsonValue(value)) has it, without making values of what is a text already.
template <typename Value>
std::string ValueText(const Value& value) {
  return Text(JsonValue(value));
}
std::string ValueText(const std::vector<double>& numbers) { return DumpNumbers(numbers); }
// Conditions that nobody looked into are a string of their text (store::LoadOptions).
std::string ValueText(const Json& json) {
  return json.is_string() ? json.get_ref<const std::string&>() : Text(JsonValue(json));
}

// Field by field: of 10,000 cells samples and conditions are nearly all of the report.
std::string MeasurementText(const store::Measurement& measurement) {
  std::string text = "{";
  store::ForEachRow<store::Measurement>([&](const auto& row) {
    if ((row.traits & store::kNotInJson) != 0) return;
    text += fmt::format("{}\"{}\":", text.size() == 1 ? "" : ",", row.name);
    text += ValueText(measurement.*row.member);
  });
  if (measurement.kind == store::MeasurementKind::kProfile) {
    OrderedJson operators = OrderedJson::array();
    for (const store::OperatorProfile& row : measurement.operators) {
      operators.push_back(JsonObject(row));
    }
    text += ",\"operators\":" + Text(operators);
  }
  return text + "}";
}

Result<std::string> MeasurementsText(const store::CellData& cell) {
  std::string text = "[";
  for (const store::Measurement& measurement : cell.measurements) {
    const Json& conditions = measurement.conditions;
    if (conditions.is_string() && !Json::accept(conditions.get_ref<const std::string&>())) {
      return Error(StatusCode::kCorrupt,
                   "the conditions of a measurement of cell {} are not JSON: qbench db check says "
                   "what else is damaged",
                   cell.cell.id);
    }
    if (text.size() > 1) text += ',';
    text += MeasurementText(measurement);
  }
  return text + "]";
}

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

// `cell` is the variant's with all that was measured; `costliest` is null where there is no
// profile.
// All keys before "measurements".
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

OrderedJson InputWarningObjects(const RunView& run) {
  OrderedJson objects = OrderedJson::array();
  for (const InputWarning& warning : InputWarnings(run)) {
    objects.push_back({{"kind", std::string(Name(warning.doubt.kind))},
                       {"model", warning.variant->summary.model},
                       {"cell", warning.variant->name},
                       {"keys", warning.keys},
                       {"images", warning.doubt.images},
                       {"p", warning.doubt.p < 1 ? OrderedJson(warning.doubt.p) : OrderedJson()},
                       {"text", warning.text}});
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

// All keys before "cells".
OrderedJson HeadOf(const RunView& run, const ReportOptions& options) {
  const store::RunData& data = *run.data;
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
  object["input_warnings"] = InputWarningObjects(run);
  object["models"] = Objects(data.models);
  object["datasets"] = OrderedJson::array();
  for (const auto& [id, split] : data.splits) {
    OrderedJson dataset = JsonObject(split);
    dataset["images"] = split.images.size();
    object["datasets"].push_back(std::move(dataset));
  }
  object["plugins"] = Objects(data.plugins);
  object["artifacts"] = Objects(data.artifacts);
  return object;
}

OrderedJson LayersOf(const RunView& run) {
  OrderedJson objects = OrderedJson::array();
  for (const auto& [name, comparison] : Comparisons(run)) {
    OrderedJson one = {{"artifact_id", comparison->artifact_id},
                       {"at", comparison->at},
                       {"status", std::string(Name(comparison->status))},
                       {"reason", comparison->reason}};
    one.update(LayerJson(*comparison));
    one["log"] = comparison->log;
    objects.push_back(std::move(one));
  }
  return objects;
}

// The run's object, cell by cell: the samples of all of them would fill the memory as JSON.
Status WriteRun(const store::RunData& data, const ReportOptions& options, const VisitCells& visit,
                const Sink& sink) {
  const RunView run(data);
  std::string head = Text(HeadOf(run, options));
  head.pop_back();  // "}"
  QB_RETURN_IF_ERROR(sink(head + ",\"cells\":["));
  const std::vector<ExplainedVariant> explanations = ExplainRun(run);
  const std::vector<CostliestOperators> tables = OperatorTables(run);
  size_t index = 0;
  QB_RETURN_IF_ERROR(visit([&](const store::CellData& cell) -> Status {
    if (index == run.variants.size()) {
      return Error(StatusCode::kTimeout,
                   "run {} got more cells while it was read: repeat the command", data.run.id);
    }
    const Variant& variant = run.variants[index];
    const auto table = std::ranges::find(tables, &variant, &CostliestOperators::variant);
    std::string text =
        Text(CellObject(variant, explanations, table == tables.end() ? nullptr : &*table));
    text.pop_back();  // "}"
    QB_ASSIGN_OR_RETURN(const std::string measurements, MeasurementsText(cell));
    return sink((index++ == 0 ? "" : ",") + text + ",\"measurements\":" + measurements + "}");
  }));
  return sink("],\"comparisons\":" + Text(LayersOf(run)) + "}");
}

}  // namespace

Status WriteJsonReport(const Runs& runs, const ReportOptions& options, const VisitCellsOf& visit,
                       const Sink& sink) {
  QB_RETURN_IF_ERROR(sink("{\"runs\":["));
  for (size_t i = 0; i < runs.size(); ++i) {
    if (i > 0) QB_RETURN_IF_ERROR(sink(","));
    const auto visit_cells = [&](const CellVisitor& visitor) { return visit(i, visitor); };
    QB_RETURN_IF_ERROR(WriteRun(runs[i], options, visit_cells, sink));
  }
  return sink("]}\n");
}

std::string JsonReport(const Runs& runs, const ReportOptions& options) {
  std::string text;
  const auto visit = [&](size_t run, const CellVisitor& visitor) -> Status {
    for (const store::CellData& cell : runs[run].cells) QB_RETURN_IF_ERROR(visitor(cell));
    return OkStatus();
  };
  const Status written = WriteJsonReport(runs, options, visit, [&](std::string_view piece) {
    text += piece;
    return OkStatus();
  });
  return written.ok() ? text : "";  // neither of the two can fail
}

}  // namespace qbench::reports
